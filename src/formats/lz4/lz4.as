// AssemblyScript (not TypeScript, hence the name): decodes LZ4 blocks and frames, and packs blocks. Formats: lz4/lz4,
// doc/lz4_Block_format.md and doc/lz4_Frame_format.md 1.6.4, without dictionaries.
// Copies move up to 32 bytes at a time, which they may read behind the input and write behind where they end: the host
// leaves 64 free behind the input and behind the output.

// Memory:  0 patterns | distances of a chunk | hash table of the compressor | INPUT: the host's input, 64 free, output, 64 free
const DISTANCES: usize = 0x200; // 64 of u16
const TABLE: usize = 0x400; // 2 ** TABLE_LOG of u16
const TABLE_LOG: u32 = 14; // 32 KiB, as much as the nearest cache of many processors
const INPUT: usize = 0x10000; // a multiple of 64 KiB, see `probe`

// What is wrong. Functions within give addresses, which are all larger; the host gets them below zero.
const CUT_OFF: usize = 1;
const BAD_HEADER: usize = 2;
const BAD_BLOCK: usize = 3;
const BAD_MATCH: usize = 4;
const TOO_LONG: usize = 5;
const BAD_CHECKSUM: usize = 6;
const WRONG_LENGTH: usize = 7;
const DICTIONARY: usize = 8;
const LAST_ERROR: usize = 15;

// Row n: i mod n for i below 16, which spreads a match from n bytes back over 16.
const PATTERNS: usize = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1,
  0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0,
  0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
  0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0,
  0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 0, 1, 2, 3,
  0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6, 0, 1,
  0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4, 5, 6,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 1, 2, 3, 4,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0, 1, 2, 3,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 1, 2,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 0, 1,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0,
]);

// The most whole periods of n bytes that 16 bytes hold.
const STEPS: usize = memory.data<u8>([0, 16, 16, 15, 16, 15, 12, 14, 16, 9, 10, 11, 12, 13, 14, 15]);

/** Address at which the host puts input. */
export function inputAt(): usize {
  return INPUT;
}

/** Copies what does not overlap; up to 32 bytes more are written. */
// @ts-ignore: decorator
@inline
function copyFar(dst: usize, src: usize, length: usize): void {
  const end = dst + length;
  do {
    v128.store(dst, v128.load(src));
    v128.store(dst, v128.load(src, 16), 16);
    src += 32;
    dst += 32;
  } while (dst < end);
}

/** Copies a match from `offset` bytes back, however close; up to 15 bytes more are written. */
// @ts-ignore: decorator
@inline
function copyMatch(dst: usize, offset: usize, length: usize): void {
  const end = dst + length;
  if (offset >= 16) {
    let from = dst - offset;
    do {
      v128.store(dst, v128.load(from));
      from += 16;
      dst += 16;
    } while (dst < end);
  } else {
    const pattern = i8x16.swizzle(v128.load(dst - offset), v128.load(PATTERNS + (offset << 4)));
    const step: usize = load<u8>(STEPS + offset);
    do {
      v128.store(dst, pattern);
      dst += step;
    } while (dst < end);
  }
}

/**
 * Decodes one block, `src` to `srcEnd`, to `dst` and at most to `dstEnd`. Matches reach back to `base`.
 * Returns the address behind what it wrote, or an error.
 */
function decodeSequences(src: usize, srcEnd: usize, base: usize, dst: usize, dstEnd: usize): usize {
  // Below these, a sequence without longer lengths (token, 14 literals, offset; 14 literals, match of 18) fits for sure,
  // and a token follows.
  const srcSure = srcEnd - 17;
  const dstSure = dstEnd - 32;
  while (src < srcEnd) {
    const token: u32 = load<u8>(src++);
    let length: usize = token >> 4;
    if (length != 15 && src < srcSure && dst <= dstSure) {
      v128.store(dst, v128.load(src));
      src += length;
      dst += length;
      const offset = <usize>load<u16>(src);
      length = token & 15;
      if (length != 15 && offset >= 16) {
        const from = dst - offset;
        if (offset > dst - base) return BAD_MATCH;
        v128.store(dst, v128.load(from));
        store<u16>(dst, load<u16>(from, 16), 16);
        src += 2;
        dst += length + 4;
        continue;
      }
    } else {
      if (length == 15) {
        let more: usize;
        do {
          if (src >= srcEnd) return CUT_OFF;
          more = load<u8>(src++);
          length += more;
          // Within the loop, so that no sum runs over.
          if (length > dstEnd - dst) return TOO_LONG;
        } while (more == 255);
      }
      if (length > srcEnd - src) return CUT_OFF;
      if (length > dstEnd - dst) return TOO_LONG;
      copyFar(dst, src, length);
      src += length;
      dst += length;
      // Only the last sequence of a block has no match.
      if (src == srcEnd) return dst;
      if (srcEnd - src < 2) return CUT_OFF;
    }
    const offset = <usize>load<u16>(src);
    src += 2;
    length = token & 15;
    if (length == 15) {
      let more: usize;
      do {
        if (src >= srcEnd) return CUT_OFF;
        more = load<u8>(src++);
        length += more;
        if (length > dstEnd - dst) return TOO_LONG;
      } while (more == 255);
    }
    length += 4;
    if (length > dstEnd - dst) return TOO_LONG;
    if (offset == 0 || offset > dst - base) return BAD_MATCH;
    copyMatch(dst, offset, length);
    dst += length;
  }
  return CUT_OFF;
}

/** Decodes the block `src` (at least `inputAt()`) to `srcEnd` into `to` to `toEnd`: bytes written, or an error below zero. */
export function decodeBlock(src: usize, srcEnd: usize, to: usize, toEnd: usize): i32 {
  return resultOf(decodeSequences(src, srcEnd, to, to, toEnd), to);
}

// @ts-ignore: decorator
@inline
function resultOf(end: usize, to: usize): i32 {
  return end <= LAST_ERROR ? -(<i32>end) : <i32>(end - to);
}

const PRIME1: u32 = 0x9e3779b1;
const PRIME2: u32 = 0x85ebca77;
const PRIME3: u32 = 0xc2b2ae3d;
const PRIME4: u32 = 0x27d4eb2f;
const PRIME5: u32 = 0x165667b1;

// @ts-ignore: decorator
@inline
function round(lane: u32, input: u32): u32 {
  return rotl<u32>(lane + input * PRIME2, 13) * PRIME1;
}

/** XXH32 with seed 0, after the specification at github.com/Cyan4973/xxHash (doc/xxhash_spec.md). */
function xxh32(p: usize, end: usize): u32 {
  const length = end - p;
  let h: u32;
  if (length >= 16) {
    let a: u32 = PRIME1 + PRIME2;
    let b: u32 = PRIME2;
    let c: u32 = 0;
    let d: u32 = 0 - PRIME1;
    const limit = end - 16;
    do {
      a = round(a, load<u32>(p));
      b = round(b, load<u32>(p, 4));
      c = round(c, load<u32>(p, 8));
      d = round(d, load<u32>(p, 12));
      p += 16;
    } while (p <= limit);
    h = rotl<u32>(a, 1) + rotl<u32>(b, 7) + rotl<u32>(c, 12) + rotl<u32>(d, 18);
  } else h = PRIME5;
  h += <u32>length;
  for (; p + 4 <= end; p += 4) h = rotl<u32>(h + load<u32>(p) * PRIME3, 17) * PRIME4;
  for (; p < end; p++) h = rotl<u32>(h + load<u8>(p) * PRIME5, 11) * PRIME1;
  h = (h ^ (h >> 15)) * PRIME2;
  h = (h ^ (h >> 13)) * PRIME3;
  return h ^ (h >> 16);
}

// Header of the frame read last; a skippable frame has blocks of 0.
let maxBlock: u32 = 0;
let isLinked: bool = false;
let hasBlockChecksum: bool = false;
let hasChecksum: bool = false;
let content: u64 = 0;
const UNKNOWN: u64 = u64.MAX_VALUE;
const STORED: u32 = 0x80000000;

/** Reads the header of a frame, or a skippable frame whole. Returns the address behind it, or an error. */
function readHeader(src: usize, srcEnd: usize): usize {
  if (srcEnd - src < 7) return CUT_OFF;
  const magic = load<u32>(src);
  maxBlock = 0;
  if ((magic & 0xfffffff0) == 0x184d2a50) {
    if (srcEnd - src < 8) return CUT_OFF;
    const length: usize = load<u32>(src, 4);
    src += 8;
    return length > srcEnd - src ? CUT_OFF : src + length;
  }
  if (magic != 0x184d2204) return BAD_HEADER;
  const start = src + 4;
  const flags: u32 = load<u8>(src, 4);
  const descriptor: u32 = load<u8>(src, 5);
  src += 6;
  // Version 1; bits that are reserved are zero; blocks of 64 KiB, 256 KiB, 1 MiB or 4 MiB.
  if ((flags & 0xc2) != 0x40 || (descriptor & 0x8f) != 0 || descriptor < 0x40) return BAD_HEADER;
  if ((flags & 1) != 0) return DICTIONARY;
  isLinked = (flags & 0x20) == 0;
  hasBlockChecksum = (flags & 0x10) != 0;
  hasChecksum = (flags & 4) != 0;
  content = UNKNOWN;
  if ((flags & 8) != 0) {
    if (srcEnd - src < 9) return CUT_OFF;
    content = load<u64>(src);
    src += 8;
  }
  if (<u32>load<u8>(src) != ((xxh32(start, src) >> 8) & 255)) return BAD_HEADER;
  maxBlock = 1 << ((descriptor >> 3) + 8);
  return src + 1;
}

/**
 * The most that the frames of `src` to `srcEnd` can decode to, from the headers of frames and blocks alone, so that nobody
 * makes room for a length which cannot be. Or an error below zero.
 */
export function limit(src: usize, srcEnd: usize): f64 {
  let sum: f64 = 0;
  while (src < srcEnd) {
    src = readHeader(src, srcEnd);
    if (src <= LAST_ERROR) return -(<f64>src);
    if (maxBlock == 0) continue;
    let frame: f64 = 0;
    for (;;) {
      if (srcEnd - src < 4) return -(<f64>CUT_OFF);
      const head = load<u32>(src);
      src += 4;
      if (head == 0) break;
      const size = head & ~STORED;
      if (size > maxBlock) return -(<f64>BAD_BLOCK);
      const length: usize = size + (hasBlockChecksum ? 4 : 0);
      if (length > srcEnd - src) return -(<f64>CUT_OFF);
      src += length;
      // One byte of a length adds at most 255 bytes.
      frame += (head & STORED) != 0 ? <f64>size : min<f64>(<f64>maxBlock, <f64>size * 255);
    }
    if (content != UNKNOWN) {
      if (frame < <f64>content) return -(<f64>WRONG_LENGTH);
      frame = <f64>content;
    }
    if (hasChecksum) {
      if (srcEnd - src < 4) return -(<f64>CUT_OFF);
      src += 4;
    }
    sum += frame;
  }
  return sum;
}

/**
 * Decodes the frames of `src` (at least `inputAt()`) to `srcEnd` into `to` to `toEnd`, behind the input.
 * Returns the bytes written, or an error below zero.
 */
export function decodeFrames(src: usize, srcEnd: usize, to: usize, toEnd: usize): i32 {
  return resultOf(framesTo(src, srcEnd, to, toEnd), to);
}

function framesTo(src: usize, srcEnd: usize, dst: usize, toEnd: usize): usize {
  while (src < srcEnd) {
    src = readHeader(src, srcEnd);
    if (src <= LAST_ERROR) return src;
    if (maxBlock == 0) continue;
    const start = dst;
    for (;;) {
      if (srcEnd - src < 4) return CUT_OFF;
      const head = load<u32>(src);
      src += 4;
      if (head == 0) break;
      const size: usize = head & ~STORED;
      if (size > <usize>maxBlock) return BAD_BLOCK;
      if (size > srcEnd - src) return CUT_OFF;
      const blockEnd = src + size;
      if (hasBlockChecksum) {
        if (srcEnd - blockEnd < 4) return CUT_OFF;
        if (load<u32>(blockEnd) != xxh32(src, blockEnd)) return BAD_CHECKSUM;
      }
      if ((head & STORED) != 0) {
        if (size > toEnd - dst) return TOO_LONG;
        memory.copy(dst, src, size);
        dst += size;
      } else {
        const blockRoom = min<usize>(toEnd - dst, maxBlock);
        dst = decodeSequences(src, blockEnd, isLinked ? start : dst, dst, dst + blockRoom);
        if (dst <= LAST_ERROR) return dst;
      }
      src = hasBlockChecksum ? blockEnd + 4 : blockEnd;
    }
    if (content != UNKNOWN && content != <u64>(dst - start)) return WRONG_LENGTH;
    if (hasChecksum) {
      if (srcEnd - src < 4) return CUT_OFF;
      if (load<u32>(src) != xxh32(start, dst)) return BAD_CHECKSUM;
      src += 4;
    }
  }
  return dst;
}

/**
 * Decodes Hadoop's framing (BlockCompressorStream): the decoded length of a part, big-endian, and then blocks, each with
 * its stored length before it, until that many bytes are there. Returns the bytes written, or an error below zero.
 */
export function decodeHadoop(src: usize, srcEnd: usize, to: usize, toEnd: usize): i32 {
  let dst = to;
  while (src < srcEnd) {
    if (srcEnd - src < 8) return -(<i32>CUT_OFF);
    const length: usize = bswap<u32>(load<u32>(src));
    src += 4;
    if (length > toEnd - dst) return -(<i32>TOO_LONG);
    const end = dst + length;
    do {
      if (srcEnd - src < 4) return -(<i32>CUT_OFF);
      const size: usize = bswap<u32>(load<u32>(src));
      src += 4;
      if (size > srcEnd - src) return -(<i32>CUT_OFF);
      // An empty part may come with no block at all.
      if (size != 0) {
        dst = decodeSequences(src, src + size, dst, dst, end);
        if (dst <= LAST_ERROR) return -(<i32>dst);
        src += size;
      }
    } while (dst < end);
  }
  return <i32>(dst - to);
}

// The compressor. It is greedy and knows one candidate for each hash, as the reference does, but works in two turns, because
// the reference's loop waits for a branch that nobody can foretell at each match: first the candidates of 64 positions are
// compared without a branch, then the matches are taken from the bits which that gave. Every second position is looked at,
// and a match grows backwards, too. After the format's rules for the end of a block, its last 5 bytes are literals, and its
// last match starts at least 12 bytes before the end.
const LAST_LITERALS: usize = 5;
const LAST_START: usize = 12;
const STRIDE: usize = 2;
const CHUNK: usize = 64 * STRIDE;
/** After 2 ** PATIENCE chunks without a match, it goes on in larger steps, so that noise is left soon. */
const PATIENCE: u32 = 3;

/** The table's entry for the six bytes at the start of `word`: the lower 16 bits of the address that had them last. */
// @ts-ignore: decorator
@inline
function slotOf(word: u64): usize {
  return TABLE + (<usize>(((word << 16) * 0x9e3779b185ebca87) >> (64 - TABLE_LOG)) << 1);
}

/**
 * Whether the four bytes at `at` are those of the candidate, whose distance it notes at `place`; `at` is the candidate from
 * then on. Any entry, old or never set, means an address of the input up to `at`: the one up to 65535 bytes before with these
 * lower bits, which are 0 at the input's start and in an empty table. A distance of 0 is no match, and left for later.
 */
// @ts-ignore: decorator
@inline
function probe(at: usize, place: usize): u64 {
  const word = load<u64>(at);
  const slot = slotOf(word);
  const distance = (at - <usize>load<u16>(slot)) & 0xffff;
  store<u16>(slot, at);
  store<u16>(place, distance);
  return <u64>(load<u32>(at - distance) == <u32>word);
}

/** Where the bytes from `end` on differ first from those `distance` before, but at most `matchEnd`. */
// @ts-ignore: decorator
@inline
function matchTo(end: usize, distance: usize, matchEnd: usize): usize {
  do {
    const difference = load<u64>(end) ^ load<u64>(end - distance);
    if (difference != 0) return min<usize>(end + <usize>(ctz<u64>(difference) >> 3), matchEnd);
    end += 8;
  } while (end < matchEnd);
  return matchEnd;
}

/** Writes what a length has beyond its half of the token. */
// @ts-ignore: decorator
@inline
function putLength(dst: usize, length: usize): usize {
  for (; length >= 255; length -= 255) store<u8>(dst++, 255);
  store<u8>(dst, length);
  return dst + 1;
}

/**
 * Packs `src` (`inputAt()`) to `srcEnd`, 1 byte to 4 MiB, as one block of a frame at `dst`: its size, then the block or,
 * where that is not smaller, the bytes as they are. Needs room for 68 bytes and a 255th more than the input.
 * Returns the bytes written. They depend on the input alone.
 */
export function packBlock(src: usize, srcEnd: usize, dst: usize): i32 {
  const length = srcEnd - src;
  let size = packSequences(src, srcEnd, dst + 4) - dst - 4;
  if (size < length) {
    store<u32>(dst, size);
  } else {
    size = length;
    store<u32>(dst, size | STORED);
    memory.copy(dst + 4, src, size);
  }
  return <i32>(size + 4);
}

function packSequences(src: usize, srcEnd: usize, dst: usize): usize {
  let anchor = src;
  if (srcEnd - src > LAST_START) {
    memory.fill(TABLE, 0, 2 << TABLE_LOG);
    const lastStart = srcEnd - LAST_START;
    const matchEnd = srcEnd - LAST_LITERALS;
    let patience: usize = 1 << PATIENCE;
    let chunk = src;
    while (chunk <= lastStart) {
      let hits: u64 = 0;
      if (chunk + CHUNK <= lastStart) {
        for (let i: usize = 0; i < 64; i += 8) {
          const at = chunk + i * STRIDE;
          const place = DISTANCES + (i << 1);
          let few = probe(at, place);
          few |= probe(at + STRIDE, place + 2) << 1;
          few |= probe(at + 2 * STRIDE, place + 4) << 2;
          few |= probe(at + 3 * STRIDE, place + 6) << 3;
          few |= probe(at + 4 * STRIDE, place + 8) << 4;
          few |= probe(at + 5 * STRIDE, place + 10) << 5;
          few |= probe(at + 6 * STRIDE, place + 12) << 6;
          few |= probe(at + 7 * STRIDE, place + 14) << 7;
          hits |= few << i;
        }
      } else {
        for (let i: usize = 0; i < 64 && chunk + i * STRIDE <= lastStart; i++) {
          hits |= probe(chunk + i * STRIDE, DISTANCES + (i << 1)) << i;
        }
      }
      let next = chunk + CHUNK;
      if (hits != 0) patience = 1 << PATIENCE;
      else next = chunk + (patience++ >> PATIENCE) * CHUNK;
      while (hits != 0) {
        const first = <usize>ctz(hits);
        const distance = <usize>load<u16>(DISTANCES + (first << 1));
        if (distance == 0) {
          hits &= hits - 1;
          continue;
        }
        let at = chunk + first * STRIDE;
        const end = matchTo(at + 4, distance, matchEnd);
        // Backwards by up to 8 bytes, not into the match before and not beyond the start.
        const before = load<u64>(at - 8) ^ load<u64>(at - distance - 8);
        at -= min<usize>(min<usize>(at - anchor, at - distance - src), <usize>(clz<u64>(before) >> 3));
        const literals = at - anchor;
        const more = end - at - 4;
        const token = (min<usize>(literals, 15) << 4) | min<usize>(more, 15);
        store<u8>(dst++, token);
        if (literals < 15) {
          v128.store(dst, v128.load(anchor));
        } else {
          dst = putLength(dst, literals - 15);
          copyFar(dst, anchor, literals);
        }
        dst += literals;
        store<u16>(dst, distance);
        dst += 2;
        if (more >= 15) dst = putLength(dst, more - 15);
        anchor = end;
        const done = (end - chunk + STRIDE - 1) / STRIDE;
        if (done >= 64) {
          next = max<usize>(next, end);
          break;
        }
        hits &= <u64>-1 << <u64>done;
      }
      chunk = next;
    }
  }
  return putLiterals(anchor, srcEnd, dst);
}

/** The last sequence, which has no match. */
function putLiterals(src: usize, srcEnd: usize, dst: usize): usize {
  const length = srcEnd - src;
  store<u8>(dst++, min<usize>(length, 15) << 4);
  if (length >= 15) dst = putLength(dst, length - 15);
  memory.copy(dst, src, length);
  return dst + length;
}
