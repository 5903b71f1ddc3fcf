/**
 * Rows of a fastText model that a text stands for, added up with 128-bit vectors, in the memory the model lies in.
 * `fasttext-scalar.ts` says what a text is made of; this one does the same. Besides it keeps what a word was found to be:
 * words come again and again, so most cost one look and one vector.
 *
 * One slot of the cache, in a table of pairs, in which a word has its place:
 *
 *     [ bytes of the word, filled up with NUL : 32 ][ vector : 4 ][ rows : 4 ][ hash : 4 ][ kind : 2 ][ was hit : 2 ][ own sums ]
 *
 * A word has no NUL, so its 32 bytes are equal only where it is the same word; `vector` is the address of its sum, which
 * is the row itself where a word is one row.
 */

const PRIME: u32 = 0x01000193;
const BASIS: u32 = 0x811c9dc5;
const MULTIPLIER: u64 = 116049371;
const CACHED_BYTES: i32 = 32;
const VECTOR: usize = 32;
const ROWS: usize = 36;
const HASH: usize = 40;
const KIND: usize = 44;
const WAS_HIT: usize = 46;
const SUMS: usize = 48;
/** What a word is: one of the text, or one that is a label and counts for nothing. */
const IS_WORD: u16 = 1;
const IS_LABEL: u16 = 2;
const IOTA: v128 = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
/** `</s>` and `__label__`, lowest byte first. */
const END: u32 = 0x3e732f3c;
const LABEL: u64 = 0x5f6c6562616c5f5f;

/** Bytes below it, as signed numbers, go on with a character. */
const FIRST_OF_CHARACTER: i32 = -64;
const LISTED_BYTES: usize = 2048;
/** Rows that are read ahead. */
const MOST_PENDING: i32 = 32;
/** Longest parts for which the characters of four of them fit 32 bytes. */
const MOST_GROUPED: i32 = 7;
/** Which bytes go on with a character where all are of two or three bytes. */
const MARKS_2: u32 = 0xaaaaaaaa;
const MARKS_3: u32 = 0xb6db6db6;
/** Puts the first bytes of four characters of 1, 2 or 3 bytes on top of the lanes. */
const PICK_1: v128 = i8x16(-1, -1, -1, 0, -1, -1, -1, 1, -1, -1, -1, 2, -1, -1, -1, 3);
const PICK_2: v128 = i8x16(-1, -1, -1, 0, -1, -1, -1, 2, -1, -1, -1, 4, -1, -1, -1, 6);
const PICK_3: v128 = i8x16(-1, -1, -1, 0, -1, -1, -1, 3, -1, -1, -1, 6, -1, -1, -1, 9);

let text: usize = 0;
let total: usize = 0;
/** The sums of a word that is not kept: words are added up before they are added, whatever the cache has seen. */
let once: usize = 0;
/** The sums of the buckets that are listed. */
let block: usize = 0;
/** 16 bytes to take a vector apart. */
let scratch: usize = 0;
/** Addresses of rows that are still to be added to the text, and how many. */
let pending: usize = 0;
let pendingCount: i32 = 0;
/** What was read ahead: unless it goes somewhere the reads are optimised away. */
let touched: u32 = 0;
/** Buckets of a word whose rows are to be added: `LISTED_BYTES`, and what four characters can add to them. */
let listed: usize = 0;
let ngrams: usize = 0;
let cache: usize = 0;
let cacheShift: u64 = 0;
let slotBytes: usize = 0;
let rowBytes: usize = 0;
let rowCount: u32 = 0;
let begun: i32 = 0;

let wordNgrams: i32 = 0;
let bucket: u32 = 0;
/** 2^`inverseShift` / bucket, rounded down: a product with it is a quotient that is right or one too small. */
let inverse: u64 = 0;
let inverseShift: u64 = 0;
let minn: i32 = 0;
let maxn: i32 = 0;

let wordCount: i32 = 0;
let texts: usize = 0;
let starts: usize = 0;
let slots: usize = 0;
let slotShift: u32 = 0;
let kept: usize = 0;
let ranks: usize = 0;

let rows: usize = 0;
let codes: usize = 0;
let parts: u32 = 0;
let dsub: u32 = 0;
let lastSub: u32 = 0;
let centroids: usize = 0;
let normCodes: usize = 0;
let norms: usize = 0;

/** The work area of this instance: text, sums, n-grams that go on, and the cache of `1 << (64 - shift)` slots. */
export function setArea(
  textAt: usize,
  totalAt: usize,
  onceAt: usize,
  blockAt: usize,
  scratchAt: usize,
  pendingAt: usize,
  listAt: usize,
  ngramsAt: usize,
  cacheAt: usize,
  shift: u32,
  bytesOfSlot: usize,
  bytesOfRow: usize,
): void {
  text = textAt;
  total = totalAt;
  once = onceAt;
  block = blockAt;
  scratch = scratchAt;
  pending = pendingAt;
  listed = listAt;
  ngrams = ngramsAt;
  cache = cacheAt;
  cacheShift = shift;
  slotBytes = bytesOfSlot;
  rowBytes = bytesOfRow;
}

export function setNgrams(words: i32, buckets: u32, least: i32, most: i32): void {
  wordNgrams = words;
  bucket = buckets;
  if (buckets != 0) {
    inverseShift = 63 - clz<u32>(buckets);
    inverse = (<u64>1 << inverseShift) / buckets;
  }
  minn = least;
  maxn = most;
}

/** `keptAt` is 0 where every bucket has its row; else its bits say which have one, and `ranksAt` how many of them come before each 32. */
export function setDictionary(
  count: i32,
  textsAt: usize,
  startsAt: usize,
  slotsAt: usize,
  shiftOfSlots: u32,
  keptAt: usize,
  ranksAt: usize,
): void {
  wordCount = count;
  texts = textsAt;
  starts = startsAt;
  slots = slotsAt;
  slotShift = shiftOfSlots;
  kept = keptAt;
  ranks = ranksAt;
}

/** `codesAt` is 0 where rows are floats, `normsAt` where there are no norms. */
export function setRows(
  rowsAt: usize,
  codesAt: usize,
  partCount: u32,
  part: u32,
  lastPart: u32,
  centroidsAt: usize,
  normCodesAt: usize,
  normsAt: usize,
): void {
  rows = rowsAt;
  codes = codesAt;
  parts = partCount;
  dsub = part;
  lastSub = lastPart;
  centroids = centroidsAt;
  normCodes = normCodesAt;
  norms = normsAt;
}

// @ts-ignore: decorator
@inline
function slotOf(hash: u32, shift: u32): u32 {
  return (hash * 0x9e3779b1) >> shift;
}

/** A bit for each byte that is white space to fastText. */
// @ts-ignore: decorator
@inline
function separators(bytes: v128): u32 {
  const control = i8x16.le_u(i8x16.sub(bytes, i8x16.splat(9)), i8x16.splat(4));
  const others = v128.or(i8x16.eq(bytes, i8x16.splat(0x20)), i8x16.eq(bytes, i8x16.splat(0)));
  return i8x16.bitmask(v128.or(control, others));
}

// @ts-ignore: decorator
@inline
function addVector(target: usize, vector: usize): void {
  for (let at: usize = 0; at < rowBytes; at += 16) {
    v128.store(target + at, f32x4.add(v128.load(target + at), v128.load(vector + at)));
  }
}

/** A loop, as `memory.fill` is a call out of WebAssembly. */
// @ts-ignore: decorator
@inline
function clear(target: usize, byteLength: usize): void {
  for (let at: usize = 0; at < byteLength; at += 16) v128.store(target + at, i64x2.splat(0));
}

function addCodes(target: usize, row: usize): void {
  let code = codes + row * parts;
  let centroid = centroids;
  const norm = norms == 0 ? <f32>1 : load<f32>(norms + 4 * <usize>load<u8>(normCodes + row));
  for (let part: u32 = 0; part < parts; part++) {
    const width = part + 1 == parts ? lastSub : dsub;
    const from = centroid + 4 * <usize>(load<u8>(code) * width);
    for (let i: u32 = 0; i < width; i++) {
      store<f32>(target + 4 * i, load<f32>(target + 4 * i) + norm * load<f32>(from + 4 * i));
    }
    target += 4 * dsub;
    centroid += 1024 * dsub;
    code++;
  }
}

// @ts-ignore: decorator
@inline
function addRow(target: usize, row: usize): void {
  if (codes == 0) addVector(target, rows + row * rowBytes);
  else addCodes(target, row);
}

// @ts-ignore: decorator
@inline
function bucketOf(hash: u32): u32 {
  const rest = hash - <u32>((hash * inverse) >> inverseShift) * bucket;
  return rest >= bucket ? rest - bucket : rest;
}

// @ts-ignore: decorator
@inline
function isSame(at: usize, other: usize, length: u32): bool {
  for (let i: u32 = 0; i < length; i++) if (load<u8>(at + i) != load<u8>(other + i)) return false;
  return true;
}

/** Number of the entry, or -1. */
function find(at: usize, length: u32, hash: u32): i32 {
  const mask = ((<u32>1) << (32 - slotShift)) - 1;
  let slot = slotOf(hash, slotShift);
  while (true) {
    const entry = load<i32>(slots + 4 * <usize>slot);
    if (entry < 0) return -1;
    const from = load<u32>(starts + 4 * <usize>entry);
    if (load<u32>(starts + 4 * <usize>entry + 4) - from == length && isSame(at, texts + from, length)) return entry;
    slot = (slot + 1) & mask;
  }
}

// @ts-ignore: decorator
@inline
function continuations(at: usize): u32 {
  return i8x16.bitmask(i8x16.lt_s(v128.load(at), i8x16.splat(<i8>FIRST_OF_CHARACTER)));
}

/** Four hashes, each modulo the buckets, as in `bucketOf`. */
// @ts-ignore: decorator
@inline
function bucketsOf(hashes: v128): v128 {
  const factor = i32x4.splat(<i32>inverse);
  const low = i64x2.shr_u(i64x2.extmul_low_i32x4_u(hashes, factor), <i32>inverseShift);
  const high = i64x2.shr_u(i64x2.extmul_high_i32x4_u(hashes, factor), <i32>inverseShift);
  const quotients = i32x4.shuffle(low, high, 0, 2, 4, 6);
  const rests = i32x4.sub(hashes, i32x4.mul(quotients, i32x4.splat(bucket)));
  return i32x4.min_u(rests, i32x4.sub(rests, i32x4.splat(bucket)));
}

// @ts-ignore: decorator
@inline
function keptBit(key: u32): u32 {
  return (load<u32>(kept + ((key >> 5) << 2)) >> key) & 1;
}

/** Lists a bucket if it has a row; returns the end of the list. No branch: which ones have cannot be foretold. */
// @ts-ignore: decorator
@inline
function list(end: usize, key: u32): usize {
  store<u32>(end, key);
  return end + ((kept == 0 ? 1 : keptBit(key)) << 2);
}

/** The same for the first `lanes` of four. */
// @ts-ignore: decorator
@inline
function listLanes(end: usize, keys: v128, lanes: i32): usize {
  end = list(end, i32x4.extract_lane(keys, 0));
  if (lanes > 1) end = list(end, i32x4.extract_lane(keys, 1));
  if (lanes > 2) end = list(end, i32x4.extract_lane(keys, 2));
  if (lanes > 3) end = list(end, i32x4.extract_lane(keys, 3));
  return end;
}

// @ts-ignore: decorator
@inline
function rowOf(key: u32): usize {
  if (kept == 0) return wordCount + key;
  const place = (key >> 5) << 2;
  const before = load<u32>(kept + place) & (((<u32>1) << (key & 31)) - 1);
  return wordCount + load<u32>(ranks + place) + popcnt<u32>(before);
}

/**
 * Adds the rows of the buckets listed up to `end`; returns how many. They are added up by themselves first: in a long word
 * the sums so far would swallow the digits of one row after another.
 */
function addListed(target: usize, end: usize): u32 {
  if (rowBytes == 64 && codes == 0) {
    // 16 numbers, as in the models for languages, stay in registers.
    let a = f32x4.splat(0);
    let b = f32x4.splat(0);
    let c = f32x4.splat(0);
    let d = f32x4.splat(0);
    for (let at = listed; at < end; at += 4) {
      const row = rows + (rowOf(load<u32>(at)) << 6);
      a = f32x4.add(a, v128.load(row));
      b = f32x4.add(b, v128.load(row + 16));
      c = f32x4.add(c, v128.load(row + 32));
      d = f32x4.add(d, v128.load(row + 48));
    }
    v128.store(target, f32x4.add(v128.load(target), a));
    v128.store(target + 16, f32x4.add(v128.load(target + 16), b));
    v128.store(target + 32, f32x4.add(v128.load(target + 32), c));
    v128.store(target + 48, f32x4.add(v128.load(target + 48), d));
  } else {
    clear(block, rowBytes);
    for (let at = listed; at < end; at += 4) addRow(block, rowOf(load<u32>(at)));
    addVector(target, block);
  }
  return <u32>((end - listed) >> 2);
}

/**
 * Parts that begin with up to four characters from `start` on, which are followed by others of the same `width` in bytes:
 * `regular` of them in all, then the closing bracket if it is nearer than the longest part reaches.
 */
function listRegular(end: usize, start: usize, width: i32, regular: i32): usize {
  const picked = width == 1 ? PICK_1 : width == 2 ? PICK_2 : PICK_3;
  const isClosing = width > 1 && regular < maxn + 3;
  let hashes = i32x4.splat(BASIS);
  let at = start;
  for (let n = 1; n <= maxn; n++) {
    for (let i = 0; i < width; i++) {
      // The byte goes to the top of its lane, and comes down with its sign.
      const bytes = i32x4.shr_s(i8x16.swizzle(v128.load(at++), picked), 24);
      hashes = i32x4.mul(v128.xor(hashes, bytes), i32x4.splat(PRIME));
    }
    const lanes = min(4, regular - n + 1);
    if (lanes <= 0) break;
    if (n >= minn) end = listLanes(end, bucketsOf(hashes), lanes);
    const lane = regular - n;
    if (isClosing && lane < 4 && n < maxn && n + 1 >= minn) {
      v128.store(scratch, hashes);
      end = list(end, bucketOf((load<u32>(scratch + 4 * lane) ^ 0x3e) * PRIME));
    }
  }
  return end;
}

/** Parts that begin with the character at `start`. */
function listFrom(end: usize, begin: usize, start: usize, stop: usize): usize {
  let byte: i32 = load<i8>(start);
  let hash = BASIS;
  let at = start;
  for (let n = 1; n <= maxn; n++) {
    do {
      hash = (hash ^ <u32>byte) * PRIME;
      byte = load<i8>(++at);
    } while (byte < FIRST_OF_CHARACTER);
    if (n >= minn && (n > 1 || (start != begin && at != stop))) end = list(end, bucketOf(hash));
    if (at == stop) break;
  }
  return end;
}

/**
 * Parts of a word in angle brackets, which are written over the separators around it; nobody reads those again.
 * Returns how many rows were added.
 */
function addParts(target: usize, first: usize, length: u32): u32 {
  const begin = first - 1;
  const stop = first + length + 1;
  store<u8>(begin, 0x3c);
  store<u8>(stop - 1, 0x3e);
  // Ends the last character, whatever comes behind it.
  const behind = load<u8>(stop);
  store<u8>(stop, 0x20);
  const isGrouped = minn > 1 && maxn <= MOST_GROUPED;
  let count: u32 = 0;
  let end = listed;
  // No part begins with the closing bracket, which is one by itself.
  for (let start = begin; start < stop - 1; ) {
    if (load<i8>(start) < FIRST_OF_CHARACTER) {
      start++;
      continue;
    }
    if (end - listed >= LISTED_BYTES) {
      count += addListed(target, end);
      end = listed;
    }
    if (isGrouped) {
      const marks = continuations(start) | (continuations(start + 16) << 16);
      const width = <i32>ctz(~(marks >> 1)) + 1;
      if (width <= 3) {
        // A closing bracket is as wide as ASCII is.
        const left = <i32>((width == 1 ? stop : stop - 1) - start);
        const size = min((maxn + 3) * width, left);
        const here = ((<u32>1) << size) - 1;
        const pattern = width == 1 ? 0 : width == 2 ? MARKS_2 : MARKS_3;
        const regular = <i32>popcnt(~marks & here);
        // The byte behind them must begin a character, or the last one would be longer.
        if ((marks & (here * 2 + 1)) == (pattern & here) && regular * width == size) {
          end = listRegular(end, start, width, regular);
          start += min(4, regular) * width;
          continue;
        }
      }
    }
    end = listFrom(end, begin, start, stop);
    start++;
  }
  store<u8>(stop, behind);
  return count + addListed(target, end);
}

/**
 * Has a row of floats added to the text later. Models with n-grams of words are far larger than any cache, so its lines are
 * asked for now, and while they come others are.
 */
function pend(row: usize): void {
  let ahead: u32 = 0;
  for (let at: usize = 0; at < rowBytes; at += 64) ahead ^= load<u32>(row + at);
  touched = ahead;
  store<u32>(pending + 4 * pendingCount, row);
  if (++pendingCount == MOST_PENDING) addPending();
}

function addPending(): void {
  let at = pending;
  const end = pending + 4 * pendingCount;
  // Four at a time, so that the sums are read and written once for them.
  for (; at + 16 <= end; at += 16) {
    const a: usize = load<u32>(at);
    const b: usize = load<u32>(at + 4);
    const c: usize = load<u32>(at + 8);
    const d: usize = load<u32>(at + 12);
    for (let i: usize = 0; i < rowBytes; i += 16) {
      const first = f32x4.add(v128.load(a + i), v128.load(b + i));
      const second = f32x4.add(v128.load(c + i), v128.load(d + i));
      v128.store(total + i, f32x4.add(v128.load(total + i), f32x4.add(first, second)));
    }
  }
  for (; at < end; at += 4) addVector(total, load<u32>(at));
  pendingCount = 0;
}

// @ts-ignore: decorator
@inline
function addNgram(key: u32): void {
  if (kept != 0 && keptBit(key) == 0) return;
  if (codes == 0) pend(rows + rowOf(key) * rowBytes);
  else addRow(total, rowOf(key));
  rowCount++;
}

/** Adds the n-grams that end with a word. */
function addNgrams(hash: i32): void {
  for (let age = begun - 1; age >= 0; age--) {
    const next = load<u64>(ngrams + 8 * <usize>age) * MULTIPLIER + <u64>(<i64>hash);
    store<u64>(ngrams + 8 * <usize>age + 8, next);
    addNgram(<u32>(next % bucket));
  }
  store<u64>(ngrams, <u64>(<i64>hash));
  if (begun < wordNgrams - 1) begun++;
}

// @ts-ignore: decorator
@inline
function differs(slot: usize, low: v128, high: v128): bool {
  return v128.any_true(v128.or(v128.xor(low, v128.load(slot)), v128.xor(high, v128.load(slot + 16))));
}

let foundKind: u16 = 0;
let foundHash: u32 = 0;
let foundVector: usize = 0;

/** Adds a word to `target`, or finds that it is a row of its own; returns how many rows it is. */
function addWord(target: usize, at: usize, length: u32): u32 {
  let hash = BASIS;
  for (let i: u32 = 0; i < length; i++) hash = (hash ^ <u32>load<i8>(at + i)) * PRIME;
  foundHash = hash;
  foundVector = target;
  foundKind = IS_WORD;
  const entry = find(at, length, hash);
  const isLabel = entry >= 0 ? entry >= wordCount : length >= 9 && load<u64>(at) == LABEL && load<u8>(at + 8) == 0x5f;
  if (isLabel) {
    foundKind = IS_LABEL;
    return 0;
  }
  if (maxn <= 0) {
    if (entry < 0) return 0;
    if (codes == 0) foundVector = rows + <usize>entry * rowBytes;
    else addCodes(target, entry);
    return 1;
  }
  let count: u32 = 0;
  if (entry >= 0) {
    addRow(target, entry);
    count = 1;
  }
  return count + addParts(target, at, length);
}

/** Adds what a word was found to be: a row, which stays where it is, or sums, which may not. */
// @ts-ignore: decorator
@inline
function addFound(vector: usize): void {
  if (maxn <= 0 && codes == 0) pend(vector);
  else addVector(total, vector);
}

/** A word that is not to be kept. */
function addOnce(at: usize, length: u32): void {
  clear(once, rowBytes);
  const count = addWord(once, at, length);
  rowCount += count;
  if (count != 0) addFound(foundVector);
  if (foundKind == IS_WORD && wordNgrams > 1) addNgrams(foundHash);
}

/** Begins a text. */
export function begin(): void {
  rowCount = 0;
  begun = 0;
}

/**
 * Adds the words of the next part of a text, which begins in a word's beginning or a separator; the byte behind it must be
 * a separator, and 32 more bytes must be readable. The sums begin at 0 with each part.
 * @returns 1 when a word said that the line ends.
 */
export function addText(length: u32): u32 {
  clear(total, rowBytes);
  const end = text + length;
  for (let at = text; at < end; ) {
    const bytes = v128.load(at);
    const mask = separators(bytes);
    if (mask & 1) {
      at++;
      continue;
    }
    const first = at;
    let more = mask;
    while (more == 0) {
      at += 16;
      more = separators(v128.load(at));
    }
    at += ctz(more);
    const size = <i32>(at - first);
    // Behind the separator.
    at++;
    if (size == 4 && load<u32>(first) == END) {
      addPending();
      return 1;
    }
    if (size > CACHED_BYTES) {
      addOnce(first, size);
      continue;
    }
    const low = v128.and(bytes, i8x16.lt_u(IOTA, i8x16.splat(<i8>min(size, 16))));
    let high = i64x2.splat(0);
    let mixed = <u64>i64x2.extract_lane(low, 0) * 0x9e3779b97f4a7c15 + <u64>i64x2.extract_lane(low, 1) * 0xc2b2ae3d27d4eb4f;
    if (size > 16) {
      high = v128.and(v128.load(first + 16), i8x16.lt_u(IOTA, i8x16.splat(<i8>(size - 16))));
      mixed += <u64>i64x2.extract_lane(high, 0) * 0x165667b19e3779f9 + <u64>i64x2.extract_lane(high, 1) * 0x27d4eb2f165667c5;
    }
    mixed = (mixed ^ (mixed >> 32)) * 0xff51afd7ed558ccd;
    const place = <usize>(mixed >> cacheShift);
    let slot = cache + place * slotBytes;
    if (differs(slot, low, high)) {
      // Slots are pairs; the other one of a pair is the second place of a word.
      const other = cache + (place ^ 1) * slotBytes;
      if (differs(other, low, high)) {
        if (load<u16>(slot + WAS_HIT) != 0) {
          // A word that came again is spared once, so that rare words do not drive frequent ones out.
          store<u16>(slot + WAS_HIT, 0);
          if (load<u16>(other + WAS_HIT) != 0) {
            store<u16>(other + WAS_HIT, 0);
            addOnce(first, size);
            continue;
          }
          slot = other;
        }
        clear(slot + SUMS, slotBytes - SUMS);
        store<u32>(slot + ROWS, addWord(slot + SUMS, first, size));
        store<u32>(slot + VECTOR, foundVector);
        store<u32>(slot + HASH, foundHash);
        store<u16>(slot + KIND, foundKind);
        v128.store(slot, low);
        v128.store(slot + 16, high);
      } else {
        slot = other;
        store<u16>(slot + WAS_HIT, 1);
      }
    } else {
      store<u16>(slot + WAS_HIT, 1);
    }
    const found = load<u32>(slot + ROWS);
    if (found != 0) {
      rowCount += found;
      addFound(load<u32>(slot + VECTOR));
    }
    if (wordNgrams > 1 && load<u16>(slot + KIND) == IS_WORD) addNgrams(load<i32>(slot + HASH));
  }
  addPending();
  return 0;
}

/** Adds the end of the line, `row` -1 for none. The sums begin at 0. Returns how many rows the text had. */
export function finish(row: i32, hash: i32): u32 {
  clear(total, rowBytes);
  if (row >= 0) {
    addRow(total, row);
    rowCount++;
  }
  if (wordNgrams > 1) addNgrams(hash);
  addPending();
  return rowCount;
}

/** Dot products of a vector, as long as a row, with `count` rows of floats. */
export function dots(vector: usize, rowsAt: usize, count: u32, into: usize): void {
  for (let row: u32 = 0; row < count; row++) {
    let sum = f32x4.splat(0);
    for (let at: usize = 0; at < rowBytes; at += 16) {
      sum = f32x4.add(sum, f32x4.mul(v128.load(vector + at), v128.load(rowsAt + at)));
    }
    store<f32>(
      into + 4 * row,
      f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1) + f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3),
    );
    rowsAt += rowBytes;
  }
}
