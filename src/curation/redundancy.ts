import { BlockCutter, MOST_BLOCK_DOCUMENTS } from '../concepts/redundancy.ts';
import { tripSignal } from '../flow/abort.ts';
import { orderedMap } from '../flow/ordered-map.ts';
import { RecordReader } from '../flow/record-spool.ts';
import { openPool } from '../parallel/pool.ts';
import { decodingJob } from '../parallel/tasks.ts';
import type { Assigned } from './assign.ts';
import type { CurateConfig } from './options.ts';
import { MEMBER } from './records.ts';

/** Documents of one concept, the best first, and which of them say what a better one says. */
export interface Block {
  readonly concept: number;
  readonly count: number;
  /** Records as they were sorted (`MEMBER`), in the order of the block. */
  readonly records: DataView;
  /** Place in the block of the document that stands for each; -1 for those that stay. */
  readonly twins: Int32Array;
  /** Cosine to it. */
  readonly similarities: Float64Array;
}

/** Looks, in threads, for documents that say what a better one of their concept says; yields block by block, by concept. */
export async function* findRedundant(
  { members, memberBytes, dimensions }: Assigned,
  { engine, redundancy }: CurateConfig,
  thresholds: Float64Array,
): AsyncGenerator<Block, void, undefined> {
  const trip = tripSignal(engine.signal);
  // A thread takes longer to start than to compare a few thousand documents.
  const threads = Math.min(engine.threads, 1 + Math.floor(members.count / MOST_BLOCK_DOCUMENTS));
  const pool = openPool(decodingJob, threads, trip.signal);
  try {
    yield* orderedMap(
      blocksOf(new RecordReader(members.sorted(), memberBytes), memberBytes),
      async (records) => {
        const count = records.byteLength / memberBytes;
        const concept = records.getUint16(MEMBER.concept);
        if (redundancy === 'off') {
          return { concept, count, records, twins: new Int32Array(count).fill(-1), similarities: NOTHING };
        }
        const vectors = vectorsOf(records, memberBytes, dimensions);
        const options = { threshold: thresholds[concept]!, form: redundancy };
        const found = await pool.run('findRedundant', { vectors, options }, [
          vectors.values.buffer,
          vectors.squares.buffer,
        ]);
        return { concept, count, records, ...found };
      },
      { concurrency: threads + 1 },
    );
  } catch (error) {
    trip.throwIfAborted();
    throw error;
  } finally {
    trip.end();
    await pool.close();
  }
}

const NOTHING = new Float64Array(0);

/** Records of one block after another, each sorted by rank. */
async function* blocksOf(
  reader: RecordReader,
  memberBytes: number,
): AsyncGenerator<DataView, void, undefined> {
  const cutter = new BlockCutter();
  const held = new Uint8Array((MOST_BLOCK_DOCUMENTS + 1) * memberBytes);
  let count = 0;
  const take = (documents: number): DataView => {
    const block = sortedByRank(held.subarray(0, documents * memberBytes), memberBytes);
    held.copyWithin(0, documents * memberBytes, count * memberBytes);
    count -= documents;
    return block;
  };
  try {
    for (;;) {
      if (!reader.next() && !(await reader.advance())) break;
      const { view, at } = reader;
      const concept = view.getUint16(at + MEMBER.concept);
      const complete = cutter.push(concept, view.getUint16(at + MEMBER.second));
      if (complete > 0) yield take(complete);
      held.set(new Uint8Array(view.buffer, view.byteOffset + at, memberBytes), count * memberBytes);
      count++;
    }
    if (cutter.end() > 0) yield take(count);
  } finally {
    await reader.close();
  }
}

/** A copy of records in the order of quality, length and place. */
function sortedByRank(records: Uint8Array, memberBytes: number): DataView {
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
  const rank = (record: number, field: number): number => view.getUint32(record * memberBytes + field);
  const order = Uint32Array.from({ length: records.length / memberBytes }, (_, i) => i).sort(
    (a, b) =>
      rank(a, MEMBER.quality) - rank(b, MEMBER.quality) ||
      rank(a, MEMBER.bytes) - rank(b, MEMBER.bytes) ||
      rank(a, MEMBER.index) - rank(b, MEMBER.index),
  );
  const sorted = new Uint8Array(records.length);
  for (const [to, from] of order.entries()) {
    sorted.set(records.subarray(from * memberBytes, (from + 1) * memberBytes), to * memberBytes);
  }
  return new DataView(sorted.buffer);
}

function vectorsOf(records: DataView, memberBytes: number, dimensions: number) {
  const count = records.byteLength / memberBytes;
  const values = new Int8Array(count * dimensions);
  const squares = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const at = i * memberBytes;
    values.set(new Int8Array(records.buffer, at + MEMBER.vector, dimensions), i * dimensions);
    squares[i] = records.getUint32(at + MEMBER.square, true);
  }
  return { count, dimensions, values, squares };
}
