import type { Distribution, DistributionGroup } from '../concepts/curation.ts';
import { RecordReader, type RecordSpool, RecordWriter } from '../flow/record-spool.ts';
import type { Part } from '../report.ts';
import type { Assigned } from './assign.ts';
import { documentsOf, type Measured } from './measure.ts';
import { DECISION, EXACT_DUPLICATE, NEAR_DUPLICATE, NO_CONCEPT } from './records.ts';
import type { Solved } from './solve.ts';
import type { WorkFolder } from './work.ts';

const WRITER_BYTES = 2 ** 20;
const MOST_LISTED = 50;

/** Documents and bytes of their texts. */
interface Amount {
  documents: number;
  bytes: number;
}

/** What is to be done with every document of the spool. */
export interface Settled {
  /** A record (`DECISION`) for each document of the spool, in its order. */
  readonly decisions: RecordSpool;
  /** By reason; 0 is kept, each counted once. */
  readonly amounts: readonly Amount[];
  /** Bytes written, repeats counted, and copies. */
  readonly written: Amount;
  /** Files of the spool to read for the first copies, for the second, and so on. */
  readonly rounds: readonly (readonly SpoolPart[])[];
  readonly distributions: readonly Distribution[];
}

/** A file of the spool. */
interface SpoolPart {
  /** Its position among them, and the place of its first document. */
  readonly number: number;
  readonly firstIndex: number;
}

/** Brings duplicates and decisions together in the order of the spool, and counts. */
export async function settle(
  measured: Measured,
  assigned: Assigned,
  solved: Solved,
  folder: WorkFolder,
): Promise<Settled> {
  const { clusters, spool, report } = measured;
  const decisions = folder.spool({
    name: 'settled',
    recordBytes: DECISION.recordBytes,
    memoryBytes: WRITER_BYTES,
  });
  const writer = new RecordWriter(decisions, DECISION.recordBytes, WRITER_BYTES);
  const sorted = new RecordReader(solved.decisions.sorted(), DECISION.recordBytes);
  const groupReader = new RecordReader(assigned.groupOf.read(), 2);
  const amounts: Amount[] = Array.from({ length: 6 }, () => ({ documents: 0, bytes: 0 }));
  const written = { documents: 0, bytes: 0 };
  const copiesOfPart = spool.map(() => 0);
  const bySource = new Counts(
    'source',
    report.inputs.map(({ path }) => path),
  );
  const byGroup = assigned.groups && new Counts(assigned.groups.of, assigned.groups.names);
  const parts = new PartFinder(spool);
  let index = 0;
  try {
    for await (const { count, ordinals, bytes, sources } of documentsOf(measured)) {
      for (let i = 0; i < count; i++, index++) {
        if (!writer.hasRoom(1)) await writer.flush();
        const at = writer.take();
        const { view } = writer;
        const duplicate = clusters.verdictOf(ordinals[i]!);
        if (duplicate === 0) {
          await step(sorted);
          for (let part = 0; part < DECISION.recordBytes; part += 4) {
            view.setUint32(at + part, sorted.view.getUint32(sorted.at + part));
          }
        } else {
          view.setUint32(at + DECISION.index, index);
          view.setUint8(at + DECISION.reason, duplicate === 1 ? EXACT_DUPLICATE : NEAR_DUPLICATE);
          view.setUint8(at + DECISION.copies, 0);
          view.setUint16(at + DECISION.concept, NO_CONCEPT, true);
          view.setUint32(at + DECISION.twin, clusters.twinOf(ordinals[i]!), true);
          view.setFloat64(at + DECISION.statistic, Number.NaN, true);
          view.setFloat64(at + DECISION.threshold, Number.NaN, true);
        }
        view.setUint32(at + DECISION.clusterSize, clusters.clusterSizeOf(ordinals[i]!), true);
        const amount = amounts[view.getUint8(at + DECISION.reason)]!;
        const copies = view.getUint8(at + DECISION.copies);
        amount.documents++;
        amount.bytes += bytes[i]!;
        written.documents += copies;
        written.bytes += copies * bytes[i]!;
        const part = parts.partOf(index);
        copiesOfPart[part] = Math.max(copiesOfPart[part]!, copies);
        bySource.add(sources[i]!, bytes[i]!, copies);
        if (byGroup === undefined) continue;
        await step(groupReader);
        byGroup.add(groupReader.view.getUint16(groupReader.at, true), bytes[i]!, copies);
      }
    }
    await writer.flush();
  } finally {
    await sorted.close();
    await groupReader.close();
    await solved.decisions.close();
  }
  const most = copiesOfPart.reduce((a, b) => Math.max(a, b), 0);
  return {
    decisions,
    amounts,
    written,
    rounds: Array.from({ length: most }, (_, round) =>
      parts.all.filter(({ number }) => copiesOfPart[number]! > round),
    ),
    distributions: [bySource, byGroup].flatMap((counts) => (counts === undefined ? [] : [counts.list()])),
  };
}

/** Moves on to the next record, of which there is one for whoever asks. */
async function step(reader: RecordReader): Promise<void> {
  if (!reader.next()) await reader.advance();
}

/** Tells the file of a document; asked in order. */
class PartFinder {
  readonly all: readonly SpoolPart[];
  private readonly spool: readonly Part[];
  private part = 0;

  constructor(spool: readonly Part[]) {
    this.spool = spool;
    let firstIndex = 0;
    this.all = spool.map(({ rows }, number) => {
      const part = { number, firstIndex };
      firstIndex += rows;
      return part;
    });
  }

  partOf(index: number): number {
    while (index >= this.all[this.part]!.firstIndex + this.spool[this.part]!.rows) this.part++;
    return this.part;
  }
}

type Count = { -readonly [Name in keyof DistributionGroup]: DistributionGroup[Name] };

/** Counts by group; in bytes, where the list is to say tokens. */
class Counts {
  private readonly of: string;
  private readonly names: readonly string[];
  private readonly counts: Count[] = [];

  constructor(of: string, names: readonly string[]) {
    this.of = of;
    this.names = names;
  }

  add(group: number, bytes: number, copies: number): void {
    const name = this.names[group]!;
    const count = (this.counts[group] ??= empty(name));
    count.documents++;
    count.tokens += bytes;
    count.keptDocuments += copies > 0 ? 1 : 0;
    count.writtenTokens += copies * bytes;
  }

  list(): Distribution {
    const groups = Object.values(this.counts).sort((a, b) => b.tokens - a.tokens);
    const others = groups.splice(MOST_LISTED - 1);
    if (others.length === 1) groups.push(others[0]!);
    if (others.length > 1) {
      const all = empty(`${others.length} others`);
      for (const { documents, tokens, keptDocuments, writtenTokens } of others) {
        all.documents += documents;
        all.tokens += tokens;
        all.keptDocuments += keptDocuments;
        all.writtenTokens += writtenTokens;
      }
      groups.push(all);
    }
    return { of: this.of, groups };
  }
}

function empty(name: string): Count {
  return { name, documents: 0, tokens: 0, keptDocuments: 0, writtenTokens: 0 };
}
