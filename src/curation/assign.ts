import { createExamples, type Examples } from '../concepts/examples.ts';
import { DISTANCE_BINS, DistanceHistograms } from '../concepts/outliers.ts';
import type { ExternalSort } from '../flow/external-sort.ts';
import { type RecordSpool, RecordWriter } from '../flow/record-spool.ts';
import type { Learned } from './concepts.ts';
import type { Measured } from './measure.ts';
import type { CurateConfig } from './options.ts';
import { MEMBER, qualityKey } from './records.ts';
import { conceptBytes, EXAMPLE_BYTES, EXAMPLES_PER_CONCEPT, MOST_GROUPS } from './sizes.ts';
import { readSpool, type Spool } from './spool.ts';
import type { WorkFolder } from './work.ts';

const WRITER_BYTES = 2 ** 20;
const OTHER_GROUPS = '(others)';
const NO_GROUP = '(none)';

/** Words of a column in the order in which they first come. */
class Groups {
  /** Name of the column. */
  readonly of: string;
  readonly names: string[] = [];
  private readonly numbers = new Map<string, number>();
  private others: number | undefined;

  constructor(of: string) {
    this.of = of;
  }

  numberOf(name: string): number {
    const known = this.numbers.get(name);
    if (known !== undefined) return known;
    // The words of a column may be as many as documents: those that come too late are not remembered.
    return this.names.length < MOST_GROUPS ? this.add(name) : (this.others ??= this.add(OTHER_GROUPS));
  }

  private add(name: string): number {
    const number = this.names.push(name) - 1;
    this.numbers.set(name, number);
    return number;
  }
}

/** Every document with its concept. */
export interface Assigned {
  /** Records of documents that are no duplicates (`MEMBER`), to be read once. */
  readonly members: ExternalSort;
  readonly memberBytes: number;
  readonly dimensions: number;
  readonly distances: DistanceHistograms;
  readonly examples: Examples;
  /** Words of the column of groups; undefined without such a column. */
  readonly groups: Groups | undefined;
  /** Number of the word of every document of the spool, 2 bytes each, in its order. */
  readonly groupOf: RecordSpool;
}

/** Gives every document of the spool its direction and concept, in threads, and brings those of a concept together. */
export async function assignConcepts(
  spool: Spool,
  measured: Measured,
  { encoder, tree }: Learned,
  config: CurateConfig,
  folder: WorkFolder,
  sortBytes: number,
): Promise<Assigned> {
  const { dimensions, leaves } = tree;
  const memberBytes = MEMBER.vector + dimensions;
  const members = folder.sort({
    name: 'members',
    recordBytes: memberBytes,
    keyBytes: MEMBER.keyBytes,
    memoryBytes: sortBytes,
  });
  const groupOf = folder.spool({ name: 'groups', recordBytes: 2, memoryBytes: WRITER_BYTES });
  const writer = new RecordWriter(members, memberBytes, WRITER_BYTES);
  const groupWriter = new RecordWriter(groupOf, 2, WRITER_BYTES);
  const groups =
    spool.groupIndex < 0 ? undefined : new Groups(spool.inputs.schema.fields[spool.groupIndex]!.name);
  const { balanceBy } = config;
  const distances = new DistanceHistograms(new Uint32Array((leaves + 1) * DISTANCE_BINS));
  const examples = createExamples(leaves + 1, EXAMPLES_PER_CONCEPT, EXAMPLE_BYTES);
  const reading = {
    of: spool,
    encoding: { by: encoder, cutoff: undefined, editCutoff: undefined, tree },
    withGroups: true,
    doing: 'finding concepts',
    resourceBytes: sortBytes + conceptBytes(leaves),
  };
  for await (const { analyzed, firstIndex, documents, text } of readSpool(spool, measured, config, reading)) {
    const { vectors, places } = analyzed.encoded!;
    const { values, squares } = vectors!;
    const { concepts, seconds, similarities } = places!;
    const words = groups && wordsOf(analyzed.ids!, groups);
    for (let row = 0; row < documents.count; row++) {
      const group = words?.[row] ?? 0;
      if (!groupWriter.hasRoom(1)) await groupWriter.flush();
      groupWriter.view.setUint16(groupWriter.take(), group, true);
      const ordinal = documents.ordinals[row]!;
      if (measured.clusters.verdictOf(ordinal) !== 0) continue;
      if (!writer.hasRoom(1)) await writer.flush();
      const at = writer.take();
      const { view, bytes } = writer;
      const low = documents.hashes[2 * row]!;
      const high = documents.hashes[2 * row + 1]!;
      const concept = concepts[row]!;
      const similarity = similarities[row]!;
      const quality = documents.qualities[row]!;
      view.setUint16(at + MEMBER.concept, concept);
      view.setUint16(at + MEMBER.second, seconds[row]!);
      view.setUint32(at + MEMBER.quality, qualityKey(quality));
      view.setUint32(at + MEMBER.bytes, ~documents.bytes[row]!);
      view.setUint32(at + MEMBER.index, firstIndex + row);
      view.setUint32(at + MEMBER.ordinal, ordinal, true);
      view.setUint32(at + MEMBER.hashLow, low, true);
      view.setUint32(at + MEMBER.hashHigh, high, true);
      view.setFloat32(at + MEMBER.score, quality, true);
      view.setUint32(
        at + MEMBER.group,
        balanceBy === undefined ? 0 : balanceBy === 'source' ? documents.sources[row]! : group,
        true,
      );
      view.setUint32(at + MEMBER.square, squares[row]!, true);
      view.setFloat64(at + MEMBER.similarity, similarity, true);
      const vector = values.subarray(row * dimensions, (row + 1) * dimensions);
      bytes.set(new Uint8Array(vector.buffer, vector.byteOffset, dimensions), at + MEMBER.vector);
      distances.add(concept, 1 - similarity);
      const { offsets } = text;
      examples.add(concept, low, high, similarity, 0, ordinal, text.bytes, offsets[row]!, offsets[row + 1]!);
    }
  }
  await writer.flush();
  await groupWriter.flush();
  return { members, memberBytes, dimensions, distances, examples, groups, groupOf };
}

/** Numbers of the words of a column; a null is a group of its own. */
function wordsOf(
  { bytes, lengths }: { readonly bytes: Uint8Array; readonly lengths: Int32Array },
  groups: Groups,
): Uint16Array {
  const numbers = new Uint16Array(lengths.length);
  let at = 0;
  for (const [row, length] of lengths.entries()) {
    // Copied: the bytes are in memory that threads share, which a decoder does not take.
    const name = length < 0 ? NO_GROUP : Buffer.from(bytes.subarray(at, at + length)).toString();
    numbers[row] = groups.numberOf(name);
    at += Math.max(0, length);
  }
  return numbers;
}
