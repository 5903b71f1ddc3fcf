import { after, bits, decode, flagsOf, hashToken, isByte } from './rules-characters';
import { ASCII_FLAGS, SPACE, STATISTICS, STOP } from './rules-layout';

const HIGH_BITS: u64 = 0x8080808080808080;
/** In the length of a line: it is nothing but white space; its last character is a terminal mark. */
const BLANK: u32 = 0x80000000;
const STOPPED: u32 = 0x40000000;
const LENGTH: u32 = 0x3fffffff;

// @ts-ignore: decorator
@inline
function asciiFlags(byte: u32): u32 {
  return <u32>load<u16>(ASCII_FLAGS + (<usize>byte << 1));
}

/** Where the first character of the line `[p, end)` that is no white space lies, or `end`. */
// @ts-ignore: decorator
@inline
function skipSpace(p: usize, end: usize): usize {
  while (p < end) {
    const byte = <u32>load<u8>(p);
    if (byte < 0x80) {
      if ((asciiFlags(byte) & SPACE) == 0) break;
      p++;
    } else {
      const character = decode(p);
      if ((flagsOf(character & 0xffffff) & SPACE) == 0) break;
      p += <usize>(character >> 24);
    }
  }
  return p;
}

/**
 * The same from behind: where the white space at the end of the line `[p, end)` begins. A lead byte is never inside a character, so what
 * decodes as white space of two or three bytes is it.
 */
// @ts-ignore: decorator
@inline
function skipSpaceBack(p: usize, end: usize): usize {
  while (end > p) {
    const byte = <u32>load<u8>(end - 1);
    if (byte < 0x80) {
      if ((asciiFlags(byte) & SPACE) == 0) break;
      end--;
      continue;
    }
    let character = decode(end - 2);
    let length: usize = 2;
    if (character >> 24 != 2) {
      character = decode(end - 3);
      length = 3;
      if (character >> 24 != 3) break;
    }
    if ((flagsOf(character & 0xffffff) & SPACE) == 0) break;
    end -= length;
  }
  return end;
}

/** Whether the last character of `[p, end)`, which is not empty, is a terminal mark. */
// @ts-ignore: decorator
@inline
function endsInStop(p: usize, end: usize): bool {
  const byte = <u32>load<u8>(end - 1);
  if (byte < 0x80) return (asciiFlags(byte) & STOP) != 0;
  // The character that has this byte begins at the nearest byte that could lead it, if it reaches to the end.
  for (let length: usize = 2; length <= 4 && end - length >= p; length++) {
    const character = decode(end - length);
    if (<usize>(character >> 24) == length) return (flagsOf(character & 0xffffff) & STOP) != 0;
  }
  return false;
}

/**
 * Statistics of what lies where, in bytes alone: number signs, ellipses, and lines as Python's `splitlines` cuts them. Writes from
 * `STATISTICS + 16`: lines, lines that begin with a bullet, lines that end in an ellipsis, `#`, ellipses (`...`, not overlapping, and
 * U+2026). Linear, 64 bytes a step.
 */
export function scanLayout(p: usize, end: usize): void {
  let lines: u32 = 0;
  let bullets: u32 = 0;
  let trailing: u32 = 0;
  let numberSigns: u32 = 0;
  let ellipses: u32 = 0;
  let dotRun: u32 = 0; // full stops right before the block
  let start = p;
  // Behind the text lie spaces, which are none of this.
  for (; p < end; p += 64) {
    const a = v128.load(p);
    const b = v128.load(p, 16);
    const c = v128.load(p, 32);
    const d = v128.load(p, 48);
    let breaks = bits(isBreak(a), isBreak(b), isBreak(c), isBreak(d));
    numberSigns += <u32>popcnt<u64>(bits(isByte(a, 0x23), isByte(b, 0x23), isByte(c, 0x23), isByte(d, 0x23)));
    let dots = bits(isByte(a, 0x2e), isByte(b, 0x2e), isByte(c, 0x2e), isByte(d, 0x2e));
    if (dotRun != 0 || (dots & ((dots >> 1) | ((1 as u64) << 63))) != 0) {
      if ((dots & 1) == 0) {
        ellipses += dotRun / 3;
        dotRun = 0;
      }
      while (dots) {
        const from = ctz<u64>(dots);
        const rest = ~(dots >> from);
        const length = rest ? ctz<u64>(rest) : 64;
        dotRun += <u32>length;
        if (from + length == 64) break;
        ellipses += dotRun / 3;
        dotRun = 0;
        dots &= dots + ((1 as u64) << from);
      }
    }
    if (v128.bitmask<i8>(v128.or(v128.or(a, b), v128.or(c, d)))) {
      ellipses += <u32>popcnt<u64>(bits(isPoints(p, a), isPoints(p + 16, b), isPoints(p + 32, c), isPoints(p + 48, d)));
      breaks |= bits(isWideBreak(p, a), isWideBreak(p + 16, b), isWideBreak(p + 32, c), isWideBreak(p + 48, d));
    }
    while (breaks) {
      const at = p + <usize>ctz<u64>(breaks);
      breaks &= breaks - 1;
      const byte = load<u8>(at);
      if (byte != 0x0a || load<u8>(at - 1) != 0x0d) {
        const until = byte < 0x80 ? at : byte == 0x85 ? at - 1 : at - 2;
        lines++;
        bullets += <u32>beginsWithBullet(start, until);
        trailing += <u32>endsInEllipsis(start, until);
      }
      start = at + 1;
    }
  }
  if (start < end) {
    lines++;
    bullets += <u32>beginsWithBullet(start, end);
    trailing += <u32>endsInEllipsis(start, end);
  }
  store<u32>(STATISTICS, lines, 16);
  store<u32>(STATISTICS, bullets, 20);
  store<u32>(STATISTICS, trailing, 24);
  store<u32>(STATISTICS, numberSigns, 28);
  store<u32>(STATISTICS, ellipses + dotRun / 3, 32);
}

/** Line breaks of `splitlines` among 16 bytes: 0a..0d and 1c..1e. */
// @ts-ignore: decorator
@inline
function isBreak(x: v128): v128 {
  return v128.or(
    v128.gt<i8>(v128.add<i8>(x, i8x16.splat(0x72)), i8x16.splat(0x7b)),
    v128.gt<i8>(v128.add<i8>(x, i8x16.splat(0x61)), i8x16.splat(0x7c)),
  );
}

/** Last bytes of U+2026 among those at `p`, which are `x`. */
// @ts-ignore: decorator
@inline
function isPoints(p: usize, x: v128): v128 {
  return v128.and(isByte(x, 0xa6), v128.and(isByte(v128.load(p - 1), 0x80), isByte(v128.load(p - 2), 0xe2)));
}

/** Last bytes of U+0085, U+2028 and U+2029 among those at `p`, which are `x`. */
// @ts-ignore: decorator
@inline
function isWideBreak(p: usize, x: v128): v128 {
  const before = v128.load(p - 1);
  const two = v128.and(isByte(x, 0x85), isByte(before, 0xc2));
  const three = v128.and(isByte(before, 0x80), isByte(v128.load(p - 2), 0xe2));
  return v128.or(two, v128.and(three, v128.or(isByte(x, 0xa8), isByte(x, 0xa9))));
}

/** Whether the first character that is no white space is U+2022 or a hyphen. Bytes behind the line are read: they are no bullet's. */
function beginsWithBullet(p: usize, end: usize): bool {
  p = skipSpace(p, end);
  if (p >= end) return false;
  const quad = load<u32>(p);
  return (quad & 0xff) == 0x2d || (quad & 0xffffff) == 0xa280e2;
}

/** Whether the last characters that are no white space are `...` or U+2026. Bytes before the line are read: a break or spaces. */
function endsInEllipsis(p: usize, end: usize): bool {
  end = skipSpaceBack(p, end);
  if (end <= p) return false;
  const last = load<u32>(end - 4) >> 8;
  return last == 0x2e2e2e || last == 0xa680e2;
}

/**
 * Cuts `[p, end)` at line feeds: one line more than there are. Writes where each line begins, and its length in code points with the bits
 * `BLANK` and `STOPPED`; returns their number and writes, from `STATISTICS + 48`: lines that are not blank, those of them that end in a
 * terminal mark, code points with line feeds. Linear; 64 bytes of ASCII a step.
 */
export function scanLines(p: usize, end: usize, starts: usize, lengths: usize): u32 {
  const first = starts;
  const text = p;
  let filled: u32 = 0;
  let stopped: u32 = 0;
  let start = p;
  let behind: usize = 0; // bytes so far that are not the first of a character
  let startBehind: usize = 0;
  while (true) {
    let feeds: u64;
    let next = p + 64;
    if (p < end) {
      const a = v128.load(p);
      const b = v128.load(p, 16);
      const c = v128.load(p, 32);
      const d = v128.load(p, 48);
      feeds = bits(isByte(a, 0x0a), isByte(b, 0x0a), isByte(c, 0x0a), isByte(d, 0x0a));
      if (v128.bitmask<i8>(v128.or(v128.or(a, b), v128.or(c, d)))) {
        const high = ctz<u64>(bits(a, b, c, d));
        next = p + <usize>high;
        feeds &= ((1 as u64) << high) - 1;
      }
    } else {
      // The last line ends where the text does.
      p = end;
      next = end;
      feeds = 1;
    }
    while (feeds) {
      const at = p + <usize>ctz<u64>(feeds);
      feeds &= feeds - 1;
      let length = <u32>(at - start - (behind - startBehind));
      if (skipSpace(start, at) == at) length |= BLANK;
      else {
        filled++;
        if (endsInStop(start, at)) {
          stopped++;
          length |= STOPPED;
        }
      }
      store<u32>(starts, <u32>start);
      store<u32>(lengths, length);
      starts += 4;
      lengths += 4;
      start = at + 1;
      startBehind = behind;
    }
    if (p == end) break;
    p = next;
    // Characters one by one, until ASCII comes again.
    while (p < end && (load<u64>(p) & HIGH_BITS) != 0 && load<u8>(p) != 0x0a) {
      const next = after(p);
      behind += next - p - 1;
      p = next;
    }
    if (p > end) p = end;
  }
  store<u32>(STATISTICS, filled, 48);
  store<u32>(STATISTICS, stopped, 52);
  store<u32>(STATISTICS, <u32>(end - text - behind), 56);
  return <u32>((starts - first) >> 2);
}

/**
 * Printable ASCII characters behind a space or a line feed: each begins a token by either rule, so there are at least so many. Spaces lie
 * before the text and behind it.
 */
export function countPlainWords(p: usize, end: usize): u32 {
  let found: u32 = 0;
  for (; p < end; p += 16) {
    const before = v128.load(p - 1);
    const here = v128.load(p);
    const begins = v128.and(
      v128.or(i8x16.eq(before, i8x16.splat(0x20)), i8x16.eq(before, i8x16.splat(0x0a))),
      v128.and(i8x16.gt_s(here, i8x16.splat(0x20)), i8x16.ne(here, i8x16.splat(0x7f))),
    );
    found += popcnt<u32>(i8x16.bitmask(begins));
  }
  return found;
}

/** Lines of at most `limit` code points among those that are not blank. */
export function countShort(lengths: usize, count: u32, limit: u32): u32 {
  let found: u32 = 0;
  for (const end = lengths + (<usize>count << 2); lengths < end; lengths += 4) {
    const length = load<u32>(lengths);
    found += <u32>((length & LENGTH) <= limit && (length & BLANK) == 0);
  }
  return found;
}

/** Lines of at least `limit` code points. */
export function countLong(lengths: usize, count: u32, limit: u32): u32 {
  let found: u32 = 0;
  for (const end = lengths + (<usize>count << 2); lengths < end; lengths += 4) {
    found += <u32>((load<u32>(lengths) & LENGTH) >= limit);
  }
  return found;
}

/**
 * Code points of the lines that are not blank and equal to a line before, byte by byte.
 * @param table `slots` (a power of two above `count`) zeroed entries of 8 bytes: number of a line, from 1, and 32 bits of its hash.
 */
export function repeatedLength(
  starts: usize,
  lengths: usize,
  count: u32,
  textEnd: usize,
  table: usize,
  slots: u32,
): u32 {
  let repeated: u32 = 0;
  for (let line: u32 = 0; line < count; line++) {
    const length = load<u32>(lengths + (<usize>line << 2));
    if (length & BLANK) continue;
    const start = <usize>load<u32>(starts + (<usize>line << 2));
    const end = lineEnd(starts, line, count, textEnd);
    const hash = hashToken(start, end);
    let slot = <u32>hash & (slots - 1);
    const tag = <u32>(hash >> 32);
    while (true) {
      const entry = table + (<usize>slot << 3);
      const other = load<u32>(entry);
      if (other == 0) {
        store<u32>(entry, line + 1);
        store<u32>(entry, tag, 4);
        break;
      }
      if (load<u32>(entry, 4) == tag) {
        const otherStart = <usize>load<u32>(starts + (<usize>(other - 1) << 2));
        const otherEnd = lineEnd(starts, other - 1, count, textEnd);
        if (otherEnd - otherStart == end - start && equalBytes(start, otherStart, end - start)) {
          repeated += length & LENGTH;
          break;
        }
      }
      slot = (slot + 1) & (slots - 1);
    }
  }
  return repeated;
}

// @ts-ignore: decorator
@inline
function lineEnd(starts: usize, line: u32, count: u32, textEnd: usize): usize {
  return line + 1 < count ? <usize>load<u32>(starts + (<usize>line << 2), 4) - 1 : textEnd;
}

function equalBytes(p: usize, q: usize, length: usize): bool {
  while (length >= 8) {
    if (load<u64>(p) != load<u64>(q)) return false;
    p += 8;
    q += 8;
    length -= 8;
  }
  // Shifted out: the bytes behind; a shift by 64 would be none.
  return length == 0 || (load<u64>(p) ^ load<u64>(q)) << (64 - (<u64>length << 3)) == 0;
}

/** Code points of `[p, end)`. */
export function countCodePoints(p: usize, end: usize): u32 {
  const text = p;
  let behind: usize = 0;
  while (p < end) {
    const a = v128.load(p);
    const b = v128.load(p, 16);
    const c = v128.load(p, 32);
    const d = v128.load(p, 48);
    if (v128.bitmask<i8>(v128.or(v128.or(a, b), v128.or(c, d))) == 0) {
      p += 64;
      continue;
    }
    p += <usize>ctz<u64>(bits(a, b, c, d));
    while (p < end && (load<u64>(p) & HIGH_BITS) != 0) {
      const next = after(p);
      behind += next - p - 1;
      p = next;
    }
  }
  return <u32>(end - text - behind);
}

/**
 * How many different words of a set are among the tokens; stops at `enough`.
 * @param table `slots` (a power of two above the number of words) entries of 16 bytes: hash, 1 where there is a word, 0.
 */
export function countPresent(hashes: usize, count: u32, table: usize, slots: u32, enough: u32): u32 {
  let found: u32 = 0;
  for (const end = hashes + (<usize>count << 3); hashes < end && found < enough; hashes += 8) {
    const hash = load<u64>(hashes);
    let entry = table + (<usize>(<u32>hash & (slots - 1)) << 4);
    while (load<u32>(entry, 8)) {
      if (load<u64>(entry) == hash) {
        if (load<u32>(entry, 12) == 0) {
          store<u32>(entry, 1, 12);
          found++;
        }
        break;
      }
      entry += 16;
      if (entry == table + (<usize>slots << 4)) entry = table;
    }
  }
  return found;
}
