/**
 * What a text repeats: lines, paragraphs, n-grams of tokens, after Rae et al. 2021 (Gopher), table A1, with the definitions that
 * datatrove gave them; `src/kernels/rules-repetition.ts` is the only caller and says what is asked.
 *
 * **Lines and paragraphs** go through a set of hashes. Few texts hold an element twice, so the first hash is of length, first and last eight bytes;
 * only if that is seen twice are bytes read.
 *
 * **N-grams** are first bounded, in one pass over the tokens, and only what the bounds leave open is counted:
 *
 * - *Top n-grams.* The lengths of all bigrams are added up in a few hundred buckets. The fullest, B, is at least count x length of any
 *   bigram. A trigram "a b c" of count k is no longer than "a b" and "b c" together, and both occur k times: at most 2 B. "a b c d" is one
 *   character longer than "a b" and "c d" together, and k is at most B / 3, as no bigram is shorter than 3: at most 2 B + B / 3.
 * - *Duplicate n-grams* of five to ten tokens are compared joined without spaces, so tokens may be cut differently in both. What counts is
 *   the text without white space: two equal n-grams begin with the same 15 bytes of it, or are shorter than that. So tokens whose
 *   15 bytes were seen before, or whose 5-gram is shorter, are the only ones at which a duplicate of any n can begin; and duplicates cover no more
 *   than the ten tokens from each of these on.
 *
 * What is open is counted as defined, n-grams standing for themselves by 64-bit hashes. Duplicates are searched among marked tokens
 * alone: those above and the first tokens they are like. At any other token an n-gram is neither seen before nor seen again.
 *
 * Time is linear in the bytes, memory is what `elementRoom`, `boundRoom` and `countRoom` say.
 */
import { ASCII_FLAGS, MASKS, REPETITION_AREA, SPACE } from './rules-layout';
import { decode, flagsOf, hashToken } from './rules-characters';

const P1: u64 = 0x9e3779b97f4a7c15;
const P2: u64 = 0xc2b2ae3d27d4eb4f;

/** What was measured when a check failed. */
let measured: f64 = 0;

/** Share that failed its check; valid after a call that returned a check. */
export function repetitionShare(): f64 {
  return measured;
}

// @ts-ignore: decorator
@inline
function exceeds(part: f64, whole: f64, threshold: f64): bool {
  measured = part / whole;
  return measured > threshold;
}

/** Power of two of slots, at most two thirds of them taken by `count`. */
function slotBits(count: u32): u32 {
  return 64 - <u32>clz<u64>((<u64>count + (<u64>count >> 1)) | 7);
}

/** Code points of `[p, end)`; a character does not reach beyond `end`. */
function codePoints(p: usize, end: usize): u32 {
  let count: u32 = 0;
  while (p < end) {
    if (p + 16 <= end && !v128.bitmask<i8>(v128.load(p))) {
      p += 16;
      count += 16;
      continue;
    }
    const until = min<usize>(end, p + 16);
    while (p < until) {
      p += <usize>(decode(p) >> 24);
      count++;
    }
  }
  return count;
}

/** The end of `count` characters from `p` on. */
function skip(p: usize, count: u32): usize {
  while (count != 0) {
    if (load<u8>(p) < 0x80) {
      if (count >= 16 && !v128.bitmask<i8>(v128.load(p))) {
        p += 16;
        count -= 16;
        continue;
      }
      p++;
    } else p += <usize>(decode(p) >> 24);
    count--;
  }
  return p;
}

/** Bytes of the white space at `p`, or 0. */
function spaceAt(p: usize): usize {
  const first = <usize>load<u8>(p);
  if (first < 0x80) return <usize>((<u32>load<u16>(ASCII_FLAGS + (first << 1)) & SPACE) != 0);
  const character = decode(p);
  return flagsOf(character & 0xffffff) & SPACE ? <usize>(character >> 24) : 0;
}

// @ts-ignore: decorator
@inline
function lineFeeds(p: usize): u64 {
  const feed = i8x16.splat(0x0a);
  return (
    <u64>(<u32>v128.bitmask<i8>(v128.eq<i8>(v128.load(p), feed))) |
    (<u64>(<u32>v128.bitmask<i8>(v128.eq<i8>(v128.load(p, 16), feed))) << 16) |
    (<u64>(<u32>v128.bitmask<i8>(v128.eq<i8>(v128.load(p, 32), feed))) << 32) |
    (<u64>(<u32>v128.bitmask<i8>(v128.eq<i8>(v128.load(p, 48), feed))) << 48)
  );
}

/** Runs of line feeds. Behind the text lie spaces. */
export function lineFeedRuns(text: usize, end: usize): u32 {
  let runs: u32 = 0;
  let before: u64 = 0;
  for (let p = text; p < end; p += 64) {
    const bits = lineFeeds(p);
    runs += <u32>popcnt<u64>(bits & ~((bits << 1) | before));
    before = bits >> 63;
  }
  return runs;
}

/** Writes start and end of the elements of `[from, to)` between runs of at least `shortest` line feeds; returns how many. */
function split(from: usize, to: usize, shortest: usize, into: usize): u32 {
  const list = into;
  let element = from;
  let runStart: usize = 0;
  let runEnd: usize = 0;
  for (let p = from; p < to; p += 64) {
    let bits = lineFeeds(p);
    if (to - p < 64) bits &= ((<u64>1) << <u64>(to - p)) - 1;
    while (bits) {
      const at = p + <usize>ctz<u64>(bits);
      bits &= bits - 1;
      if (at != runEnd) {
        if (runEnd - runStart >= shortest) {
          store<u32>(into, <u32>element);
          store<u32>(into, <u32>runStart, 4);
          into += 8;
          element = runEnd;
        }
        runStart = at;
      }
      runEnd = at + 1;
    }
  }
  if (runEnd - runStart >= shortest) {
    store<u32>(into, <u32>element);
    store<u32>(into, <u32>runStart, 4);
    into += 8;
    element = runEnd;
  }
  store<u32>(into, <u32>element);
  store<u32>(into, <u32>to, 4);
  return <u32>((into + 8 - list) >> 3);
}

/** Whether the set holds the hash; if not, it does now. Zero stands for an empty slot. */
// @ts-ignore: decorator
@inline
function wasSeen(set: usize, bits: u32, hash: u64): bool {
  const key = hash | <u64>(hash == 0);
  const mask: usize = ((1 << bits) - 1) << 3;
  let slot: usize = (<usize>((key * P2) >> (64 - bits))) << 3;
  while (true) {
    const found = load<u64>(set + slot);
    if (found == key) return true;
    if (found == 0) {
      store<u64>(set + slot, key);
      return false;
    }
    slot = (slot + 8) & mask;
  }
}

/** Equal for equal elements; of constant cost. */
// @ts-ignore: decorator
@inline
function glance(p: usize, end: usize): u64 {
  const length = end - p;
  const first = load<u64>(p) & load<u64>(MASKS + (min<usize>(length, 8) << 4));
  const last = length > 8 ? load<u64>(end - 8) : 0;
  const h = (first ^ P2) * P1 + (last ^ <u64>length) * P2;
  return h ^ (h >> 32);
}

let duplicates: u32 = 0;
let duplicateCharacters: u32 = 0;

/** Counts the elements of the list that stood in it before, and their characters. */
function findDuplicates(list: usize, count: u32, set: usize): void {
  duplicates = 0;
  duplicateCharacters = 0;
  if (count < 2) return;
  const bits = slotBits(count);
  const listEnd = list + ((<usize>count) << 3);
  memory.fill(set, 0, (<usize>8) << bits);
  let at = list;
  while (at != listEnd && !wasSeen(set, bits, glance(load<u32>(at), load<u32>(at, 4)))) at += 8;
  if (at == listEnd) return;
  memory.fill(set, 0, (<usize>8) << bits);
  for (at = list; at != listEnd; at += 8) {
    const start = <usize>load<u32>(at);
    const end = <usize>load<u32>(at, 4);
    if (!wasSeen(set, bits, hashToken(start, end))) continue;
    duplicates++;
    duplicateCharacters += codePoints(start, end);
  }
}

/** Bytes that `judgeElements` works in: a list of elements, and a set of them. */
export function elementRoom(runs: u32): usize {
  return ((<usize>runs + 1) << 3) + ((<usize>8) << slotBits(runs + 1));
}

/**
 * Compares shares of duplicate paragraphs, their characters, duplicate lines and their characters with thresholds; the first above its own is
 * returned: 1 to 4, or 0. Infinity switches a check off.
 */
export function judgeElements(
  text: usize,
  end: usize,
  characters: f64,
  runs: u32,
  room: usize,
  paragraphs: f64,
  paragraphCharacters: f64,
  lines: f64,
  lineCharacters: f64,
): u32 {
  const set = room + ((<usize>runs + 1) << 3);
  if (min<f64>(paragraphs, paragraphCharacters) < Infinity) {
    let from = text;
    for (let size = spaceAt(from); size != 0 && from < end; size = spaceAt(from)) from += size;
    let to = end;
    while (true) {
      if (to > from && spaceAt(to - 1) == 1) to--;
      else if (to > from + 1 && spaceAt(to - 2) == 2) to -= 2;
      else if (to > from + 2 && spaceAt(to - 3) == 3) to -= 3;
      else break;
    }
    const count = split(from, to, 2, room);
    findDuplicates(room, count, set);
    if (exceeds(<f64>duplicates, <f64>count, paragraphs)) return 1;
    if (exceeds(<f64>duplicateCharacters, characters, paragraphCharacters)) return 2;
  }
  if (min<f64>(lines, lineCharacters) < Infinity) {
    const count = split(text, end, 1, room);
    findDuplicates(room, count, set);
    if (exceeds(<f64>duplicates, <f64>count, lines)) return 3;
    if (exceeds(<f64>duplicateCharacters, characters, lineCharacters)) return 4;
  }
  return 0;
}

/** Smallest and largest n of duplicate n-grams. */
const SHORTEST: u32 = 5;
const LONGEST: u32 = 10;
/** Bytes of an n-gram that are compared in the first pass; a 5-gram of a script of three bytes a character has as many. */
const HEAD: u32 = 15;
const HEAD_HIGH: u64 = 0x00ffffffffffffff;
/** Buckets for bigrams, 32 bits each, at REPETITION_AREA; zero between documents. */
const BUCKET_BITS: u32 = 9;

let tokens: u32 = 0;
let hashes: usize = 0;
let lengths: usize = 0;
/** The text without white space; and of each token and the end, its place in that. */
let joined: usize = 0;
let starts: usize = 0;
/** A bit for each token at which an n-gram may be a duplicate or have one. */
let marks: usize = 0;
let marked: u32 = 0;

/** Slots for heads: at least half are free. */
function headBits(count: u32): u32 {
  return 64 - <u32>clz<u64>((<u64>count << 1) | 7);
}

/** Bytes that `boundNGrams` works in, and leaves for `countNGrams`. */
export function boundRoom(byteLength: u32, count: u32): usize {
  return (
    ((<usize>byteLength + 79) & ~15) +
    ((<usize>count << 2) + 16) +
    (((<usize>count + 63) >> 6) << 3) +
    ((<usize>4) << headBits(count))
  );
}

/** Joins the tokens. Both rules for tokens leave out nothing but white space, so their lengths alone say where they are. */
function join(text: usize): void {
  let p = text;
  let at = joined;
  let start = starts;
  let length = lengths;
  for (const last = lengths + ((<usize>tokens) << 2); length != last; length += 4, start += 4) {
    store<u32>(start, <u32>(at - joined));
    p += <usize>(load<u8>(p) == 0x20);
    const first = load<u8>(p);
    if (first <= 0x20 || first >= 0x80) {
      for (let size = spaceAt(p); size != 0; size = spaceAt(p)) p += size;
    }
    const size = load<u32>(length);
    const block = v128.load(p);
    v128.store(at, block);
    if (size <= 16 && ((<u32>v128.bitmask<i8>(block)) & ((1 << size) - 1)) == 0) {
      p += size;
      at += size;
      continue;
    }
    const next = skip(p, size);
    if (next - p > 16) memory.copy(at, p, next - p);
    at += next - p;
    p = next;
  }
  store<u32>(start, <u32>(at - joined));
  v128.store(at, i8x16.splat(0));
}

/** The fullest bucket of bigrams. */
function fillBuckets(): u32 {
  let hash = hashes;
  let length = lengths;
  if (tokens < 2) return 0;
  let before = load<u64>(hash);
  let beforeLength = load<u32>(length);
  for (const last = hashes + ((<usize>tokens) << 3); (hash += 8) != last; ) {
    length += 4;
    const here = load<u64>(hash);
    const hereLength = load<u32>(length);
    const slot = REPETITION_AREA + ((<usize>(((before * 3) ^ here) * P1 >> (64 - BUCKET_BITS))) << 2);
    store<u32>(slot, load<u32>(slot) + beforeLength + hereLength + 1);
    before = here;
    beforeLength = hereLength;
  }
  const zero = i32x4.splat(0);
  let fullest = zero;
  for (let at = REPETITION_AREA; at != REPETITION_AREA + (4 << BUCKET_BITS); at += 16) {
    fullest = v128.max<u32>(fullest, v128.load(at));
    v128.store(at, zero);
  }
  return max<u32>(
    max<u32>(v128.extract_lane<u32>(fullest, 0), v128.extract_lane<u32>(fullest, 1)),
    max<u32>(v128.extract_lane<u32>(fullest, 2), v128.extract_lane<u32>(fullest, 3)),
  );
}

// @ts-ignore: decorator
@inline
function mark(token: u32): void {
  const at = marks + (<usize>(token >> 6) << 3);
  const word = load<u64>(at);
  const bit: u64 = (<u64>1) << (token & 63);
  marked += <u32>((word & bit) == 0);
  store<u64>(at, word | bit);
}

/** Characters of the tokens `[from, to)`. */
function charactersOf(from: u32, to: u32): u32 {
  let sum: u32 = 0;
  const last = lengths + (<usize>to << 2);
  for (let at = lengths + (<usize>from << 2); at != last; at += 4) sum += load<u32>(at);
  return sum;
}

/** Marks tokens; returns how many characters duplicates can cover at most. */
function markHeads(table: usize): u32 {
  const bits = headBits(tokens);
  memory.fill(table, 0, (<usize>4) << bits);
  const mask: usize = ((1 << bits) - 1) << 2;
  const last = tokens - SHORTEST;
  let covered: u32 = 0;
  let reach: u32 = 0;
  for (let i: u32 = 0; i <= last; i++) {
    const start = starts + (<usize>i << 2);
    const place = load<u32>(start);
    const low = load<u64>(joined + place);
    const high = load<u64>(joined + place, 8) & HEAD_HIGH;
    let isSeen = load<u32>(start, 4 * SHORTEST) - place < HEAD;
    let slot: usize = (<usize>(((low ^ P2) * P1 + (high ^ P1) * P2) >> (64 - bits))) << 2;
    while (true) {
      const id = load<u32>(table + slot);
      if (id == 0) {
        store<u32>(table + slot, i + 1);
        break;
      }
      const other = joined + load<u32>(starts + (<usize>(id - 1) << 2));
      if (load<u64>(other) == low && (load<u64>(other, 8) & HEAD_HIGH) == high) {
        mark(id - 1);
        isSeen = true;
        break;
      }
      slot = (slot + 4) & mask;
    }
    if (isSeen) {
      mark(i);
      const until = min<u32>(i + LONGEST, tokens);
      covered += charactersOf(max<u32>(i, reach), until);
      reach = until;
    }
  }
  return covered;
}

/**
 * Says which checks of n-grams are open: bit n, n from 2 to 10, where the share of n-grams could be above its threshold. Infinity switches
 * a check off.
 * @param room as `boundRoom` says, aligned to 16 bytes; it must stay as it is until `countNGrams` is through.
 */
export function boundNGrams(
  text: usize,
  end: usize,
  characters: f64,
  hashesAt: usize,
  lengthsAt: usize,
  count: u32,
  room: usize,
  top2: f64,
  top3: f64,
  top4: f64,
  duplicated5: f64,
  duplicated6: f64,
  duplicated7: f64,
  duplicated8: f64,
  duplicated9: f64,
  duplicated10: f64,
): u32 {
  tokens = count;
  hashes = hashesAt;
  lengths = lengthsAt;
  marked = 0;
  let open: u32 = 0;
  if (min<f64>(min<f64>(top2, top3), top4) < Infinity) {
    const fullest = <f64>fillBuckets();
    if (count >= 2 && exceeds(fullest, characters, top2)) open |= 1 << 2;
    if (count >= 3 && exceeds(2 * fullest, characters, top3)) open |= 1 << 3;
    if (count >= 4 && exceeds(2 * fullest + Math.floor(fullest / 3), characters, top4)) open |= 1 << 4;
  }
  const least = min<f64>(
    min<f64>(min<f64>(duplicated5, duplicated6), duplicated7),
    min<f64>(min<f64>(duplicated8, duplicated9), duplicated10),
  );
  if (count > SHORTEST && least < Infinity) {
    joined = room;
    starts = joined + (((end - text) + 79) & ~15);
    marks = starts + (<usize>count << 2) + 16;
    const table = marks + (((<usize>count + 63) >> 6) << 3);
    memory.fill(marks, 0, table - marks);
    join(text);
    const covered = <f64>markHeads(table);
    if (exceeds(covered, characters, duplicated5)) open |= 1 << 5;
    if (exceeds(covered, characters, duplicated6)) open |= 1 << 6;
    if (exceeds(covered, characters, duplicated7)) open |= 1 << 7;
    if (exceeds(covered, characters, duplicated8)) open |= 1 << 8;
    if (exceeds(covered, characters, duplicated9)) open |= 1 << 9;
    if (exceeds(covered, characters, duplicated10)) open |= 1 << 10;
  }
  return open;
}

/** Bytes that `countNGrams` works in for these open checks of the text bounded last. */
export function countRoom(open: u32): usize {
  const top: usize = open & 0x1c ? (<usize>16) << slotBits(tokens) : 0;
  const duplicate: usize = open >> 5 ? (<usize>8) << slotBits(marked) : 0;
  return max<usize>(top, duplicate);
}

/**
 * Characters of the most frequent n-gram, of several the first seen, times its count. Slots hold hash, count, first token.
 */
function countTop(n: u32, room: usize): u32 {
  const bits = slotBits(tokens);
  memory.fill(room, 0, (<usize>16) << bits);
  const mask: usize = ((1 << bits) - 1) << 4;
  const last = tokens - n;
  let best: u32 = 0;
  let bestFirst: u32 = 0;
  for (let i: u32 = 0; i <= last; i++) {
    const from = hashes + (<usize>i << 3);
    let hash = load<u64>(from);
    for (let k: u32 = 1; k < n; k++) {
      hash = (hash ^ (hash >> 32)) * P1 + load<u64>(from + (<usize>k << 3));
    }
    hash = (hash ^ (hash >> 32)) * P2;
    let slot: usize = (<usize>(hash >> (64 - bits))) << 4;
    while (true) {
      const at = room + slot;
      const times = load<u32>(at, 8);
      if (times == 0) {
        store<u64>(at, hash);
        store<u32>(at, 1, 8);
        store<u32>(at, i, 12);
        if (best == 0) best = 1;
        break;
      }
      if (load<u64>(at) == hash) {
        const first = load<u32>(at, 12);
        store<u32>(at, times + 1, 8);
        if (times + 1 > best) {
          best = times + 1;
          bestFirst = first;
        } else if (times + 1 == best && first < bestFirst) bestFirst = first;
        break;
      }
      slot = (slot + 16) & mask;
    }
  }
  return best * (charactersOf(bestFirst, bestFirst + n) + n - 1);
}

/** Characters of the n-grams seen before, where after one of these the search goes on behind it. */
function countDuplicates(n: u32, set: usize): u32 {
  const bits = slotBits(marked);
  memory.fill(set, 0, (<usize>8) << bits);
  const end = tokens - n + 1;
  let sum: u32 = 0;
  let next: u32 = 0;
  for (let base: u32 = 0; base < end; base += 64) {
    let word = load<u64>(marks + (<usize>(base >> 6) << 3));
    while (word) {
      const i = base + <u32>ctz<u64>(word);
      word &= word - 1;
      if (i < next) continue;
      if (i >= end) return sum;
      const start = starts + (<usize>i << 2);
      const hash = hashToken(joined + load<u32>(start), joined + load<u32>(start + (<usize>n << 2)));
      if (!wasSeen(set, bits, hash)) continue;
      next = i + n;
      sum += charactersOf(i, next);
    }
  }
  return sum;
}

/** Counts an open check: whether the share of n-grams of `n` tokens is above the threshold. */
export function countNGrams(n: u32, characters: f64, room: usize, threshold: f64): bool {
  if (tokens < n) return false;
  return exceeds(<f64>(n < SHORTEST ? countTop(n, room) : countDuplicates(n, room)), characters, threshold);
}
