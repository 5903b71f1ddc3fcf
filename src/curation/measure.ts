import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Schema } from 'apache-arrow';
import { checkClusterMemory, clusterReport, sortBytesOf } from '../cluster.ts';
import { checkDisk } from '../flow/disk.ts';
import type { Resources } from '../flow/memory.ts';
import { RecordReader, type RecordSpool, RecordWriter } from '../flow/record-spool.ts';
import { type Inputs, openInputs } from '../open.ts';
import { filterVerb } from '../pipeline.ts';
import type { ClusterReport, Part, Report } from '../report.ts';
import { type Judge, run } from '../run.ts';
import type { Analyzed } from '../stages/analyze.ts';
import { type ClusteredDocuments, DuplicateClusters } from '../stages/duplicate-clusters.ts';
import { createTally } from '../stages/tally.ts';
import type { Origin, Verdicts } from '../verdicts.ts';
import { checkBefore } from './checks.ts';
import type { CurateConfig, CurateOptions } from './options.ts';
import { LEXICAL_SAMPLE, largestStepBytes, leavesFor, sampleFor } from './sizes.ts';
import type { WorkFolder } from './work.ts';

/** Rows that passed the filters wait in files of this size. */
const SPOOL_PART_BYTES = 256 * 2 ** 20;
const WRITER_BYTES = 2 ** 18;

// What is known of a document that waits in the spool, in its order. Numbers have their lowest byte first.
//
//     content hash 8 | ordinal 4 | bytes of text 4 | quality 4 | source 4
const HASH = 0;
const ORDINAL = 8;
const BYTES = 12;
const QUALITY = 16;
const SOURCE = 20;
const DOCUMENT_BYTES = 24;

/** So many times what is needed is set aside, as some of it turn out to be duplicates. */
const SAMPLE_MARGIN = 1.5;

/** A document is set aside, as one of so many, if the upper 16 bits of its hash are no more than this. It never rises with their number. */
function cutoffAt(documents: number, config: CurateConfig): number {
  const wanted = SAMPLE_MARGIN * Math.max(LEXICAL_SAMPLE, sampleFor(leavesFor(documents, config)));
  return Math.min(2 ** 16 - 1, Math.ceil((2 ** 16 * wanted) / documents));
}

/** Rows that wait in files, with a record for each, in the same order. */
interface Waiting {
  readonly paths: readonly string[];
  readonly documents: RecordSpool;
}

/** What the pass over the inputs has found out. */
export interface Measured {
  /** The rows that passed the filters, as files of their own. */
  readonly spool: readonly Part[];
  readonly folder: string;
  /** One record for each of them, in the same order. */
  readonly documents: RecordSpool;
  /** Some of them once more: all whose hash has no more than `cutoff` in its upper 16 bits, and others. */
  readonly sample: Waiting & { readonly cutoff: number };
  readonly clusters: ClusteredDocuments;
  readonly clusterReport: ClusterReport;
  /** What the filters did. */
  readonly report: Report;
  /** Where a document of an ordinal came from. */
  readonly locate: (ordinal: number) => Origin;
}

/**
 * Reads the inputs once: filters, hashes, spools what passes, and brings similar documents together.
 * @param folder holds all that is written.
 * @throws CurationError as a run does.
 */
export async function measure(
  options: CurateOptions,
  config: CurateConfig,
  folder: WorkFolder,
): Promise<Measured> {
  const { signatures, minSimilarity, engine } = config;
  const inputs = await openInputs(options);
  const filters = await filterVerb('curate', config.recipe, inputs, options);
  // Filters may add a column that documents are grouped by, such as their language.
  const schema = new Schema([...inputs.schema.fields, ...filters.addedFields]);
  const modelBytes = await checkBefore({ ...inputs, schema }, options, config);
  const diskBytes = diskBytesFor(inputs, config);
  if (diskBytes !== undefined) await checkDisk(config.workDirectory, diskBytes, 'curate');
  const sortBytes = sortBytesOf(engine.memoryBytes);
  const { bands, rows } = signatures;
  const clusters = new DuplicateClusters({
    bands,
    rows,
    similarity: minSimilarity,
    folder: folder.path,
    memoryBytes: sortBytes,
  });
  const documents = folder.spool({
    name: 'documents',
    recordBytes: DOCUMENT_BYTES,
    memoryBytes: WRITER_BYTES,
  });
  const writer = new RecordWriter(documents, DOCUMENT_BYTES, WRITER_BYTES);
  const sampled = folder.spool({ name: 'sampled', recordBytes: DOCUMENT_BYTES, memoryBytes: WRITER_BYTES });
  const sampleWriter = new RecordWriter(sampled, DOCUMENT_BYTES, WRITER_BYTES);
  let passed = 0;
  const tally = createTally({
    sources: inputs.sources,
    reasons: filters.reasons,
    documentsExpected: inputs.documents,
    bytesWritten: () => 0,
    startedAt: performance.now(),
  });

  /** Notes what is known of the rows that passed; returns those that are set aside. */
  async function observe(analyzed: Analyzed, verdicts: Verdicts): Promise<Uint32Array> {
    const samples: number[] = [];
    const { rowCount, writtenLengths, outcomes, source } = analyzed;
    const { contentHashes } = analyzed.signatures!;
    // The model comes last in the recipe, so its score is the last value.
    const quality = config.hasQuality ? outcomes[0]!.values.at(-1) : undefined;
    await clusters.add(analyzed.signatures!, writtenLengths, verdicts.verdicts, quality);
    for (let row = 0; row < rowCount; row++) {
      if (verdicts.verdicts[row] !== 0) continue;
      if (!writer.hasRoom(1)) await writer.flush();
      const at = writer.take();
      const { view } = writer;
      view.setUint32(at + HASH, contentHashes[2 * row]!, true);
      view.setUint32(at + HASH + 4, contentHashes[2 * row + 1]!, true);
      view.setUint32(at + ORDINAL, tally.nextOrdinal + row, true);
      view.setUint32(at + BYTES, writtenLengths[row]!, true);
      view.setFloat32(at + QUALITY, quality === undefined ? Number.NaN : quality[row]!, true);
      view.setUint32(at + SOURCE, source, true);
      if (contentHashes[2 * row + 1]! >>> 16 > cutoffAt(++passed, config)) continue;
      samples.push(row);
      if (!sampleWriter.hasRoom(1)) await sampleWriter.flush();
      sampleWriter.bytes.set(writer.bytes.subarray(at, at + DOCUMENT_BYTES), sampleWriter.take());
    }
    tally.add(source, analyzed, verdicts);
    checkClusterMemory('curate', tally.nextOrdinal, sortBytes, engine.memoryBytes);
    return Uint32Array.from(samples);
  }

  const spool: Part[] = [];
  try {
    const verb = {
      ...filters,
      signatures,
      diskBytes,
      beside: { ...filters.beside, samples: true },
      resourceBytes:
        filters.resourceBytes +
        modelBytes +
        DuplicateClusters.byteLength(inputs.documents ?? 0) +
        largestStepBytes(inputs.documents ?? 0, sortBytes, config),
      resources: NEEDS,
      createJudge(plan: Parameters<typeof filters.createJudge>[0]): Judge {
        const judge = filters.createJudge(plan);
        return {
          async judge(analyzed, firstOrdinal) {
            const verdicts = await judge.judge(analyzed, firstOrdinal);
            return { ...verdicts, samples: await observe(analyzed, verdicts) };
          },
          report: () => judge.report(),
        };
      },
    };
    const report = await run(verb, {
      ...options,
      output: join(folder.path, 'spool'),
      format: 'arrow',
      compression: 'lz4',
      partSize: SPOOL_PART_BYTES,
      onEvent(event) {
        if (event.type === 'part') spool.push(event.part);
        else engine.onEvent?.(event);
      },
    });
    await writer.flush();
    await sampleWriter.flush();
    const sampleFolder = join(folder.path, 'spool', 'sample');
    const samplePaths = (await readdir(sampleFolder)).sort().map((name) => join(sampleFolder, name));
    engine.signal?.throwIfAborted();
    const found = await clusters.solve();
    engine.signal?.throwIfAborted();
    return {
      spool,
      folder: join(folder.path, 'spool'),
      documents,
      sample: { paths: samplePaths, documents: sampled, cutoff: cutoffAt(Math.max(1, passed), config) },
      clusters: found,
      clusterReport: clusterReport(found, signatures, minSimilarity),
      report,
      locate: (ordinal) => tally.locate(ordinal),
    };
  } finally {
    await clusters.close();
  }
}

const NEEDS: Resources = {
  name: 'models, lists, samples and sorting',
  cure: 'use fewer --threads or --concepts',
};

/**
 * Bytes of disk that a curation takes, about: rows that wait, hashes, records in their orders. Undefined where the inputs do not tell how large
 * they are.
 */
function diskBytesFor({ documents, byteLength }: Inputs, { signatures }: CurateConfig): number | undefined {
  if (documents === undefined || byteLength === undefined) return undefined;
  return (
    PACKED_GROWTH * byteLength +
    DuplicateClusters.diskByteLength(documents, signatures) +
    documents * RECORD_BYTES
  );
}

/** Rows packed with LZ4 beside the same in the inputs, which may be packed better. */
const PACKED_GROWTH = 2;
/** Of a document besides: what is known of it, its vector, its place among candidates, and what was decided. */
const RECORD_BYTES: number = 2 * DOCUMENT_BYTES + 192 + 28 + 2 * 32;

/** What is known of some documents of the spool, one after another. */
export interface SpooledDocuments {
  readonly count: number;
  /** 64 bits each, as (low, high) pairs. */
  readonly hashes: Uint32Array;
  /** Their numbers over all inputs. */
  readonly ordinals: Uint32Array;
  /** Bytes of their texts. */
  readonly bytes: Uint32Array;
  /** NaN without a model. */
  readonly qualities: Float32Array;
  /** Numbers of their inputs. */
  readonly sources: Uint32Array;
}

/** Reads what is known of the documents of the spool, in its order, any number at a time. */
export class DocumentReader {
  private readonly records: RecordReader;

  constructor(documents: RecordSpool) {
    this.records = new RecordReader(documents.read(), DOCUMENT_BYTES);
  }

  /** The next documents, fewer at the end. */
  async take(most: number): Promise<SpooledDocuments> {
    const { records } = this;
    const hashes = new Uint32Array(2 * most);
    const ordinals = new Uint32Array(most);
    const bytes = new Uint32Array(most);
    const qualities = new Float32Array(most);
    const sources = new Uint32Array(most);
    let count = 0;
    for (; count < most; count++) {
      if (!records.next() && !(await records.advance())) break;
      const { view, at } = records;
      hashes[2 * count] = view.getUint32(at + HASH, true);
      hashes[2 * count + 1] = view.getUint32(at + HASH + 4, true);
      ordinals[count] = view.getUint32(at + ORDINAL, true);
      bytes[count] = view.getUint32(at + BYTES, true);
      qualities[count] = view.getFloat32(at + QUALITY, true);
      sources[count] = view.getUint32(at + SOURCE, true);
    }
    return { count, hashes, ordinals, bytes, qualities, sources };
  }

  close(): Promise<void> {
    return this.records.close();
  }
}

/** All documents of the spool, in stretches. */
export async function* documentsOf({
  documents,
}: Pick<Measured, 'documents'>): AsyncGenerator<SpooledDocuments, void, undefined> {
  const reader = new DocumentReader(documents);
  try {
    for (;;) {
      const some = await reader.take(STRETCH);
      if (some.count === 0) return;
      yield some;
    }
  } finally {
    await reader.close();
  }
}

const STRETCH = 16_384;
