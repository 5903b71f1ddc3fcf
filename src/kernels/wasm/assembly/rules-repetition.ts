/**
 * What a text repeats: lines, paragraphs, n-grams of tokens, after Rae et al. 2021 (Gopher), table A1, with the definitions that
 * datatrove gave them; `src/kernels/rules/repetition.ts` is the only caller and says what is asked.
 *
 * **Lines and paragraphs** go through a set of hashes. Few texts hold an element twice, so the first hash is of length, first and last eight bytes;
 * only if that is seen twice are bytes read.
 *
 * **N-grams** are first bounded, and only what the bounds leave open is counted:
 *
 * - *Top n-grams.* The lengths of all bigrams are added up in a few hundred buckets. The fullest, B, is at least count x length of any
 *   bigram. A trigram "a b c" of count k is no longer than "a b" and "b c" together, and both occur k times: at most 2 B. "a b c d" is one
 *   character longer than "a b" and "c d" together, and k is at most B / 3, as no bigram is shorter than 3: at most 2 B + B / 3.
 * - *Duplicate n-grams* of five to ten tokens are compared joined without spaces, so tokens may be cut differently in both. The scan folds
 *   the text without white space to eight bytes, and so any n-gram is folded by two of them, whatever the cuts. Folds are looked up in a
 *   table of bits for each n: a duplicate finds its bit set. Duplicates cover no more than the n-grams that do.
 *
 * What is open is counted as defined, n-grams standing for themselves by 64-bit hashes. Duplicates are searched only among n-grams that
 * share their bit with another; the rest are neither seen before nor seen again.
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

/** Writes start and end of the lines between runs of line feeds; returns how many. */
function splitLines(text: usize, end: usize, into: usize): u32 {
  const list = into;
  let start = text;
  let runEnd: usize = 0;
  for (let p = text; p < end; p += 64) {
    let bits = lineFeeds(p);
    while (bits) {
      const at = p + <usize>ctz<u64>(bits);
      bits &= bits - 1;
      if (at != runEnd) {
        if (runEnd != 0) start = runEnd;
        store<u32>(into, <u32>start);
        store<u32>(into, <u32>at, 4);
        into += 8;
      }
      runEnd = at + 1;
    }
  }
  store<u32>(into, <u32>(runEnd != 0 ? runEnd : text));
  store<u32>(into, <u32>end, 4);
  return <u32>((into + 8 - list) >> 3);
}

/** Joins the lines of `[from, to)` to the paragraphs between runs of at least two line feeds; returns how many. */
function joinLines(lines: usize, count: u32, from: usize, to: usize, into: usize): u32 {
  const list = into;
  let start = from;
  for (const last = lines + ((<usize>count - 1) << 3); lines != last; lines += 8) {
    const stop = <usize>load<u32>(lines, 4);
    const next = <usize>load<u32>(lines, 8);
    if (next - stop < 2 || stop < from || stop >= to) continue;
    store<u32>(into, <u32>start);
    store<u32>(into, <u32>stop, 4);
    into += 8;
    start = next;
  }
  store<u32>(into, <u32>start);
  store<u32>(into, <u32>to, 4);
  return <u32>((into + 8 - list) >> 3);
}

/** Zeroes; up to 15 bytes more. A loop, as most areas are small: the instruction for it is a call. */
function clear(at: usize, byteLength: usize): void {
  const zero = i32x4.splat(0);
  for (const end = at + byteLength; at < end; at += 16) v128.store(at, zero);
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
  clear(set, (<usize>8) << bits);
  let at = list;
  while (at != listEnd && !wasSeen(set, bits, glance(load<u32>(at), load<u32>(at, 4)))) at += 8;
  if (at == listEnd) return;
  clear(set, (<usize>8) << bits);
  for (at = list; at != listEnd; at += 8) {
    const start = <usize>load<u32>(at);
    const end = <usize>load<u32>(at, 4);
    if (!wasSeen(set, bits, hashToken(start, end))) continue;
    duplicates++;
    duplicateCharacters += codePoints(start, end);
  }
}

/** Bytes that `judgeElements` works in: lists of lines and paragraphs, and a set of either. */
export function elementRoom(runs: u32): usize {
  return 2 * elementListRoom(runs) + ((<usize>8) << slotBits(runs + 1));
}

function elementListRoom(runs: u32): usize {
  return ((<usize>runs << 3) + 23) & ~15;
}

/**
 * Compares shares of duplicate paragraphs, their characters, duplicate lines and their characters with thresholds; the first above its own is
 * returned: 1 to 4, or 0. Infinity switches a check off.
 * @param runs as `lineFeedRuns` counts them.
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
  const paragraphList = room + elementListRoom(runs);
  const set = paragraphList + elementListRoom(runs);
  const lineCount = splitLines(text, end, room);
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
    const count = joinLines(room, lineCount, from, to, paragraphList);
    findDuplicates(paragraphList, count, set);
    if (exceeds(<f64>duplicates, <f64>count, paragraphs)) return 1;
    if (exceeds(<f64>duplicateCharacters, characters, paragraphCharacters)) return 2;
  }
  if (min<f64>(lines, lineCharacters) < Infinity) {
    findDuplicates(room, lineCount, set);
    if (exceeds(<f64>duplicates, <f64>lineCount, lines)) return 3;
    if (exceeds(<f64>duplicateCharacters, characters, lineCharacters)) return 4;
  }
  return 0;
}

/** Smallest and largest n of duplicate n-grams. */
const SHORTEST: u32 = 5;
const LONGEST: u32 = 10;
/** Buckets for n-grams, 32 bits each, at REPETITION_AREA; zero between documents. */
const BUCKET_BITS: u32 = 9;
/** Behind the buckets: for each set of 8 bytes, as bits, where those that are not in it lie (256 x 8 bytes). */
const GATHER: usize = REPETITION_AREA + (4 << BUCKET_BITS);
let hasGather: bool = false;

let tokens: u32 = 0;
let hashes: usize = 0;
let lengths: usize = 0;
let folds: usize = 0;
let places: usize = 0;
let text: usize = 0;
let textEnd: usize = 0;
/** Whether every character of the text is one byte. */
let isPlain: bool = false;
/** For each token a byte: bit n - 5 if its n-gram may be one of an earlier token. */
let hits: usize = 0;
/** Bytes with a flag for each n from 5 to 10. */
let table: usize = 0;
/** The text without white space. */
let joined: usize = 0;
/** Characters that duplicate n-grams may cover, for each n; and the end of what is counted in it. */
const COVERED: usize = GATHER + 2048;
const REACHED: usize = COVERED + 4 * 16;

/** Bytes that `boundDuplicates` works in, and leaves for `countNGrams`: up to 129 a token, of long texts 33. */
export function boundRoom(count: u32): usize {
  return bytesRoom(count) + tableRoom(count);
}

/** Bytes are written, and read, 16 a step. */
function bytesRoom(count: u32): usize {
  return (<usize>count + 31) & ~15;
}

/** A power of two of bytes, 64 to 128 for a token, so that few share one by chance; for long texts a quarter of that. */
function tableRoom(count: u32): usize {
  return (<usize>1) << ((count < 0x8000 ? 38 : 36) - <u32>clz<u32>(count | 3));
}

function fillGather(): void {
  for (let set: u32 = 0; set < 256; set++) {
    let places: u64 = 0;
    let count: u32 = 0;
    for (let place: u32 = 0; place < 8; place++) {
      if ((set >> place) & 1) continue;
      places |= <u64>place << (count << 3);
      count++;
    }
    store<u64>(GATHER + (<usize>set << 3), places);
  }
  hasGather = true;
}

/** Bits of the bytes in white space that is not ASCII and begins in these 16 bytes; it may reach two bytes further. */
// @ts-ignore: decorator
@inline
function wideSpaces(p: usize, x: v128): u32 {
  const second = v128.load(p, 1);
  const third = v128.load(p, 2);
  const two = v128.and(
    v128.eq<i8>(x, i8x16.splat(<i8>0xc2)),
    v128.or(v128.eq<i8>(second, i8x16.splat(<i8>0x85)), v128.eq<i8>(second, i8x16.splat(<i8>0xa0))),
  );
  // e2 80 80..8a, a8, a9, af; e2 81 9f
  const general = v128.and(
    v128.eq<i8>(second, i8x16.splat(<i8>0x80)),
    v128.or(
      v128.or(
        v128.le<u8>(v128.sub<i8>(third, i8x16.splat(<i8>0x80)), i8x16.splat(0x0a)),
        v128.eq<i8>(third, i8x16.splat(<i8>0xaf)),
      ),
      v128.le<u8>(v128.sub<i8>(third, i8x16.splat(<i8>0xa8)), i8x16.splat(1)),
    ),
  );
  const medium = v128.and(v128.eq<i8>(second, i8x16.splat(<i8>0x81)), v128.eq<i8>(third, i8x16.splat(<i8>0x9f)));
  const ogham = v128.and(v128.eq<i8>(second, i8x16.splat(<i8>0x9a)), v128.eq<i8>(third, i8x16.splat(<i8>0x80)));
  const ideographic = v128.and(
    v128.eq<i8>(second, i8x16.splat(<i8>0x80)),
    v128.eq<i8>(third, i8x16.splat(<i8>0x80)),
  );
  const three = v128.or(
    v128.and(v128.eq<i8>(x, i8x16.splat(<i8>0xe2)), v128.or(general, medium)),
    v128.or(
      v128.and(v128.eq<i8>(x, i8x16.splat(<i8>0xe1)), ogham),
      v128.and(v128.eq<i8>(x, i8x16.splat(<i8>0xe3)), ideographic),
    ),
  );
  const twos = <u32>v128.bitmask<i8>(two);
  const threes = <u32>v128.bitmask<i8>(three);
  return twos | (twos << 1) | threes | (threes << 1) | (threes << 2);
}

/** Writes the text without white space. */
function join(): void {
  if (!hasGather) fillGather();
  let at = joined;
  let carried: u32 = 0;
  for (let p = text; p < textEnd; p += 16) {
    const x = v128.load(p);
    let spaces = <u32>v128.bitmask<i8>(
      v128.or(
        v128.gt<i8>(v128.add<i8>(x, i8x16.splat(0x72)), i8x16.splat(0x7a)), // 09..0d
        v128.gt<i8>(v128.add<i8>(x, i8x16.splat(0x5f)), i8x16.splat(0x7a)), // 1c..20
      ),
    );
    const high = <u32>v128.bitmask<i8>(x);
    if (high) {
      // The sums above overflow into the range for some bytes from 0x80 on.
      spaces = (spaces & ~high) | wideSpaces(p, x) | carried;
      carried = spaces >> 16;
      spaces &= 0xffff;
    }
    if (spaces == 0) {
      v128.store(at, x);
      at += 16;
      continue;
    }
    const low = spaces & 0xff;
    const top = spaces >> 8;
    v128.store(at, v128.swizzle(x, v128.load64_zero(GATHER + (<usize>low << 3))));
    at += 8 - <usize>popcnt<u32>(low);
    v128.store(
      at,
      v128.swizzle(x, v128.add<i8>(v128.load64_zero(GATHER + (<usize>top << 3)), i8x16.splat(8))),
    );
    at += 8 - <usize>popcnt<u32>(top);
  }
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

/** Characters of the tokens `[from, to)`. */
function charactersOf(from: u32, to: u32): u32 {
  if (isPlain) return load<u32>(places + (<usize>to << 2)) - load<u32>(places + (<usize>from << 2));
  let sum: u32 = 0;
  const last = lengths + (<usize>to << 2);
  for (let at = lengths + (<usize>from << 2); at != last; at += 4) sum += load<u32>(at);
  return sum;
}

/** Place in the table, `mask` bytes and one long, of the tokens between two folds as one string; `turn` is eight times the place of the first. */
// @ts-ignore: decorator
@inline
function slotOf(from: u64, to: u64, turn: u64, mask: usize): usize {
  return <usize>((rotr<u64>(from ^ to, turn) * P1) >> 32) & mask;
}

/** The flag, if it was set in this byte of the table; it is now. */
// @ts-ignore: decorator
@inline
function wasSet(at: usize, flag: u32): u32 {
  const flags = <u32>load<u8>(at);
  store<u8>(at, <u8>(flags | flag));
  return flags & flag;
}

/**
 * Finds which n-grams may be those of an earlier token: whoever has the same string has the same flag in the same byte of the table. No branch
 * depends on the answers, and no shift, so that they cost no more than the table.
 */
function follow(): void {
  const size = tableRoom(tokens);
  const mask = size - 1;
  // Read from memory each time, were it not copied.
  const at = table;
  memory.fill(at, 0, size);
  let hit = hits;
  let place = places;
  const end = folds + (<usize>(tokens - SHORTEST + 1) << 3);
  for (let fold = folds; fold != end; fold += 8) {
    const from = load<u64>(fold);
    const turn = <u64>load<u32>(place) << 3;
    const found =
      wasSet(at + slotOf(from, load<u64>(fold, 40), turn, mask), 1) |
      wasSet(at + slotOf(from, load<u64>(fold, 48), turn, mask), 2) |
      wasSet(at + slotOf(from, load<u64>(fold, 56), turn, mask), 4) |
      wasSet(at + slotOf(from, load<u64>(fold, 64), turn, mask), 8) |
      wasSet(at + slotOf(from, load<u64>(fold, 72), turn, mask), 16) |
      wasSet(at + slotOf(from, load<u64>(fold, 80), turn, mask), 32);
    store<u8>(hit, <u8>found);
    hit++;
    place += 4;
  }
  // What lies behind the last token was no part of an n-gram.
  v128.store(hit, i32x4.splat(0));
  for (let n = SHORTEST + 1; n <= min<u32>(LONGEST, tokens); n++) {
    const last = hits + <usize>(tokens - n + 1);
    store<u8>(last, <u8>(<u32>load<u8>(last) & ((1 << (n - SHORTEST)) - 1)));
  }
}

/** Adds up what n-grams cover that may be those of an earlier token, each n by itself. */
function cover(): void {
  const zero = i32x4.splat(0);
  for (let at = COVERED; at != COVERED + 128; at += 16) v128.store(at, zero);
  const end = tokens - SHORTEST + 1;
  for (let base: u32 = 0; base < end; base += 16) {
    let found = <u32>v128.bitmask<i8>(v128.ne<i8>(v128.load(hits + <usize>base), zero));
    while (found) {
      const token = base + <u32>ctz<u32>(found);
      found &= found - 1;
      for (let which = <u32>load<u8>(hits + <usize>token); which; which &= which - 1) {
        const n = SHORTEST + <u32>ctz<u32>(which);
        const sum = COVERED + (<usize>n << 2);
        const reached = REACHED + (<usize>n << 2);
        store<u32>(sum, load<u32>(sum) + charactersOf(max<u32>(token, load<u32>(reached)), token + n));
        store<u32>(reached, token + n);
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function covered(n: usize): f64 {
  return <f64>load<u32>(COVERED + (n << 2));
}

/**
 * Takes the tokens of a text, and says which checks of top n-grams are open: bit n, n from 2 to 4, where the share could be above its
 * threshold. Infinity switches a check off.
 */
export function boundTop(
  textAt: usize,
  end: usize,
  characters: f64,
  hashesAt: usize,
  lengthsAt: usize,
  foldsAt: usize,
  placesAt: usize,
  count: u32,
  top2: f64,
  top3: f64,
  top4: f64,
): u32 {
  tokens = count;
  hashes = hashesAt;
  lengths = lengthsAt;
  folds = foldsAt;
  places = placesAt;
  text = textAt;
  textEnd = end;
  isPlain = <f64>(end - textAt) == characters;
  joined = 0;
  if (count < 2 || min<f64>(min<f64>(top2, top3), top4) == Infinity) return 0;
  const fullest = <f64>fillBuckets();
  let open: u32 = 0;
  if (exceeds(fullest, characters, top2)) open |= 1 << 2;
  if (count >= 3 && exceeds(2 * fullest, characters, top3)) open |= 1 << 3;
  if (count >= 4 && exceeds(2 * fullest + Math.floor(fullest / 3), characters, top4)) open |= 1 << 4;
  return open;
}

/**
 * The same for duplicate n-grams, n from 5 to 10, of the tokens that were given to `boundTop`.
 * @param room as `boundRoom` says, aligned to 16 bytes; it must stay as it is until `countNGrams` is through.
 */
export function boundDuplicates(
  characters: f64,
  room: usize,
  duplicated5: f64,
  duplicated6: f64,
  duplicated7: f64,
  duplicated8: f64,
  duplicated9: f64,
  duplicated10: f64,
): u32 {
  const least = min<f64>(
    min<f64>(min<f64>(duplicated5, duplicated6), duplicated7),
    min<f64>(min<f64>(duplicated8, duplicated9), duplicated10),
  );
  if (tokens <= SHORTEST || least == Infinity) return 0;
  hits = room;
  table = room + bytesRoom(tokens);
  follow();
  cover();
  let open: u32 = 0;
  if (exceeds(covered(5), characters, duplicated5)) open |= 1 << 5;
  if (exceeds(covered(6), characters, duplicated6)) open |= 1 << 6;
  if (exceeds(covered(7), characters, duplicated7)) open |= 1 << 7;
  if (exceeds(covered(8), characters, duplicated8)) open |= 1 << 8;
  if (exceeds(covered(9), characters, duplicated9)) open |= 1 << 9;
  if (exceeds(covered(10), characters, duplicated10)) open |= 1 << 10;
  return open;
}

/** Bytes that `countNGrams` works in for these open checks, which are of one kind. */
export function countRoom(open: u32): usize {
  return open >> SHORTEST ? duplicateRoom() : (<usize>16) << slotBits(tokens);
}

/** For `countDuplicates`: the joined text, and a list and a set of tokens. */
function duplicateRoom(): usize {
  return joinedRoom() + ((<usize>tokens << 2) & ~15) + 16 + ((<usize>8) << slotBits(tokens));
}

/** What follows the last token is read, too. */
function joinedRoom(): usize {
  return (<usize>load<u32>(places + (<usize>tokens << 2)) + 95) & ~15;
}

/**
 * Characters of the most frequent n-gram, of several the first seen, times its count. Slots hold hash, count, first token.
 */
function countTop(n: u32, room: usize): u32 {
  const bits = slotBits(tokens);
  clear(room, (<usize>16) << bits);
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

/**
 * Characters of the n-grams seen before, where after one of these the search goes on behind it. Looks only at those whose bit in the table
 * is that of another, earlier or later.
 */
function countDuplicates(n: u32, room: usize): u32 {
  if (joined == 0) {
    joined = room;
    join();
  }
  const list = room + joinedRoom();
  const set = list + ((<usize>tokens << 2) & ~15) + 16;
  const at = table;
  const size = tableRoom(tokens);
  const mask = size - 1;
  const end = tokens - n + 1;
  const ahead = <usize>n << 3;
  clear(at, size);
  for (let base: u32 = 0; base < end; base += 16) {
    let found = <u32>v128.bitmask<i8>(v128.shl<i8>(v128.load(hits + <usize>base), <i32>(LONGEST + 2 - n)));
    while (found) {
      const token = <usize>(base + <u32>ctz<u32>(found));
      found &= found - 1;
      const fold = folds + (token << 3);
      const turn = <u64>load<u32>(places + (token << 2)) << 3;
      store<u8>(at + slotOf(load<u64>(fold), load<u64>(fold + ahead), turn, mask), 1);
    }
  }
  let count: u32 = 0;
  let fold = folds;
  let place = places;
  for (let token: u32 = 0; token < end; token++) {
    const turn = <u64>load<u32>(place) << 3;
    store<u32>(list + (<usize>count << 2), token);
    count += <u32>load<u8>(at + slotOf(load<u64>(fold), load<u64>(fold + ahead), turn, mask));
    fold += 8;
    place += 4;
  }
  const bits = slotBits(count);
  clear(set, (<usize>8) << bits);
  let sum: u32 = 0;
  let next: u32 = 0;
  const listEnd = list + (<usize>count << 2);
  for (let at = list; at != listEnd; at += 4) {
    const token = load<u32>(at);
    if (token < next) continue;
    const place = places + (<usize>token << 2);
    if (!wasSeen(set, bits, hashToken(joined + load<u32>(place), joined + load<u32>(place + (<usize>n << 2)))))
      continue;
    next = token + n;
    sum += charactersOf(token, next);
  }
  return sum;
}

/** Counts an open check: whether the share of n-grams of `n` tokens is above the threshold. */
export function countNGrams(n: u32, characters: f64, room: usize, threshold: f64): bool {
  if (tokens < n) return false;
  return exceeds(<f64>(n < SHORTEST ? countTop(n, room) : countDuplicates(n, room)), characters, threshold);
}
