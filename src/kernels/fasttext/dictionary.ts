import type { ModelTables } from './memory.ts';
import { countBits, type Dictionary, hashBytes, rankOf, shiftOf, slotOf } from './model.ts';
import type { ModelReader } from './reader.ts';

/** What stands in a model file between header and input matrix. */
export interface Entries {
  readonly dictionary: Dictionary;
  readonly labels: readonly string[];
  /** How often each label was seen in training. */
  readonly counts: readonly number[];
  /** Rows of the file's input matrix for words and kept buckets, in the order in which they are to lie; undefined for all as they are. */
  readonly order: Int32Array | undefined;
}

const PREFIX = '__label__';
/** A NUL, a count of 8 bytes and a type: the least that an entry takes. */
const LEAST_ENTRY_BYTES = 10;
/** Beyond what the tree of labels can tell from a node that was not made yet. */
const MOST_COUNT = 1e15;
/** Honest tables, at most half full, have far shorter runs; in a file made to have long ones, looking up would never end. */
const MOST_PROBES = 1000;

/** Reads words, labels and the buckets that pruning left. */
export async function parseDictionary(
  reader: ModelReader,
  bucket: number,
  tables: ModelTables,
): Promise<Entries> {
  await reader.ensure(28, 'dictionary');
  const size = reader.takeInt32();
  const wordCount = reader.takeInt32();
  const labelCount = reader.takeInt32();
  // Tokens seen in training.
  reader.skip(8);
  const prunedCount = reader.takeInt64();
  if (wordCount < 0 || labelCount < 1 || size !== wordCount + labelCount) {
    const found = `${size} entries, ${wordCount} words and ${labelCount} labels`;
    throw reader.damaged('dictionary', 'words, at least one label, and nothing else', found);
  }
  if (size * LEAST_ENTRY_BYTES > reader.remaining) {
    throw reader.damaged('dictionary', `${size} entries`, `${reader.remaining} bytes to the end of the file`);
  }
  const { texts, starts, counts } = await parseEntries(reader, wordCount, size);
  const bytes = tables.bytes(texts.length);
  bytes.set(texts);
  const sharedStarts = tables.ints(size + 1);
  sharedStarts.set(starts);
  const slots = tables.ints(slotsFor(size));
  fillSlots(reader, slots, bytes, starts);

  const decoder = new TextDecoder();
  const labels = counts.map((_, label) => {
    const name = decoder.decode(texts.subarray(starts[wordCount + label], starts[wordCount + label + 1]));
    return name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name;
  });
  const isPruned = prunedCount >= 0;
  if (isPruned && prunedCount * 8 > reader.remaining) {
    throw reader.damaged(
      'pruned buckets',
      `${prunedCount} of them`,
      `${reader.remaining} bytes to the end of the file`,
    );
  }
  const buckets = isPruned ? await parseKept(reader, prunedCount, bucket, wordCount, tables) : undefined;
  return {
    dictionary: {
      wordCount,
      bytes,
      starts: new Uint32Array(sharedStarts.buffer, sharedStarts.byteOffset, size + 1),
      slots,
      isPruned,
      kept: buckets?.kept ?? tables.ints(0),
      ranks: buckets?.ranks ?? tables.ints(0),
    },
    labels,
    counts,
    order: buckets?.order,
  };
}

/** A power of two, so that the table is at most half full. */
function slotsFor(count: number): number {
  return 2 ** Math.max(2, Math.ceil(Math.log2(2 * count + 1)));
}

async function parseEntries(
  reader: ModelReader,
  wordCount: number,
  size: number,
): Promise<{ texts: Uint8Array; starts: Uint32Array; counts: number[] }> {
  let texts = new Uint8Array(1 << 16);
  const starts = new Uint32Array(size + 1);
  const counts: number[] = [];
  let end = 0;
  for (let entry = 0; entry < size; entry++) {
    const text = reader.takeTextAtHand(9) ?? (await reader.takeText(9, `dictionary: entry ${entry}`));
    if (end + text.length > texts.length) {
      const larger = new Uint8Array(2 * (end + text.length));
      larger.set(texts);
      texts = larger;
    }
    texts.set(text, end);
    end += text.length;
    starts[entry + 1] = end;
    const count = reader.takeInt64();
    const type = reader.takeByte();
    if (type !== (entry < wordCount ? 0 : 1)) {
      throw reader.damaged(`dictionary: entry ${entry}`, 'words first, labels behind them', `type ${type}`);
    }
    if (type === 0) continue;
    if (count < 0 || count >= MOST_COUNT) {
      throw reader.damaged(`dictionary: entry ${entry}`, `a count below ${MOST_COUNT}`, count);
    }
    counts.push(count);
  }
  return { texts: texts.subarray(0, end), starts, counts };
}

/** The later of two equal words wins, as in fastText. */
function fillSlots(reader: ModelReader, slots: Int32Array, bytes: Uint8Array, starts: Uint32Array): void {
  slots.fill(-1);
  const shift = shiftOf(slots.length);
  const mask = slots.length - 1;
  for (let entry = 0; entry + 1 < starts.length; entry++) {
    const start = starts[entry]!;
    const end = starts[entry + 1]!;
    let slot = slotOf(hashBytes(bytes, start, end), shift);
    let probes = 0;
    for (; slots[slot]! >= 0 && !isSame(bytes, starts, slots[slot]!, start, end); slot = (slot + 1) & mask) {
      if (++probes > MOST_PROBES)
        throw reader.damaged('dictionary', 'hashes that differ', `more than ${MOST_PROBES} that collide`);
    }
    slots[slot] = entry;
  }
}

function isSame(bytes: Uint8Array, starts: Uint32Array, entry: number, start: number, end: number): boolean {
  const from = starts[entry]!;
  if (starts[entry + 1]! - from !== end - start) return false;
  for (let at = start; at < end; at++) if (bytes[at] !== bytes[from + at - start]) return false;
  return true;
}

/** Which buckets have a row, and which one; of two rows for one bucket the later counts, as in fastText. */
async function parseKept(
  reader: ModelReader,
  count: number,
  bucket: number,
  wordCount: number,
  tables: ModelTables,
): Promise<{ kept: Int32Array; ranks: Int32Array; order: Int32Array }> {
  const kept = tables.ints(Math.ceil(bucket / 32));
  const ranks = tables.ints(kept.length);
  const pairs = new Int32Array(2 * count);
  for (let i = 0; i < count; i++) {
    await reader.ensure(8, 'pruned buckets');
    const key = reader.takeInt32();
    const row = reader.takeInt32();
    if (key < 0 || key >= bucket || row < 0) {
      throw reader.damaged('pruned buckets', `buckets below ${bucket} and their rows`, `${key} and ${row}`);
    }
    pairs[2 * i] = key;
    pairs[2 * i + 1] = row;
    kept[key >> 5]! |= 1 << (key & 31);
  }
  let rank = 0;
  for (let i = 0; i < kept.length; i++) {
    ranks[i] = rank;
    rank += countBits(kept[i]!);
  }
  const order = Int32Array.from({ length: wordCount + rank }, (_, row) => row);
  for (let i = 0; i < pairs.length; i += 2) {
    order[wordCount + rankOf(kept, ranks, pairs[i]!)] = wordCount + pairs[i + 1]!;
  }
  return { kept, ranks, order };
}
