import {
  after,
  bits,
  decode,
  flagsOf,
  hashToken,
  isByte,
  isDigit,
  isLetter,
  isSpace,
  SEED,
  step,
} from './rules-characters';
import {
  ASCII_FLAGS,
  DIGIT,
  EXTEND,
  LETTER,
  MASKS,
  SOLO,
  SPACE,
  STATISTICS,
  SYMBOL,
  TWO_BYTE_FLAGS,
  WORD,
} from './rules-layout';

export { decode, flagsOf };

const HIGH_BITS: u64 = 0x8080808080808080;
const ALL: u64 = 0xffffffffffffffff;
const NONE: u32 = 0xffffffff;

/** {@link hashToken} for callers outside. */
export function hashBytes(p: usize, end: usize): u64 {
  return hashToken(p, end);
}

/** What belongs to a word between digits, among 16 bytes: comma, hyphen, solidus, colon; the full stop does so anyway. */
// @ts-ignore: decorator
@inline
function isInner(x: v128): v128 {
  return v128.or(v128.gt<i8>(v128.add<i8>(x, i8x16.splat(0x50)), i8x16.splat(0x7b)), isByte(x, 0x3a));
}

/** Whether what stands behind an apostrophe is the rest of an English clitic: s, t, d, m, re, ve or ll, and no word goes on behind it. */
function isClitic(p: usize): bool {
  const first = load<u8>(p) | 0x20;
  if (first == 0x73 || first == 0x74 || first == 0x64 || first == 0x6d) p++;
  else {
    const pair = load<u16>(p) | 0x2020;
    if (pair != 0x6572 && pair != 0x6576 && pair != 0x6c6c) return false;
    p += 2;
  }
  return (flagsOf(decode(p) & 0xffffff) & WORD) == 0;
}

/** Of a token of ASCII `[p, end)`: LETTER if it has one, SYMBOL if it has a character that is none. */
// @ts-ignore: decorator
@inline
function foundIn(p: usize, end: usize): u32 {
  let found: u32 = 0;
  for (; p < end; p++) {
    const flags = <u32>load<u16>(ASCII_FLAGS + (<usize>load<u8>(p) << 1));
    found |= (flags & LETTER) | (~flags & SYMBOL);
  }
  return found;
}

/**
 * Writes what is known of the token `[p, end)`, before which `joined` bytes that are no white space fold to `fold`; returns their fold and
 * that of the token together. Its hash is {@link hashToken}, made here from the same words.
 */
// @ts-ignore: decorator
@inline
function emit(
  p: usize,
  end: usize,
  length: u32,
  fold: u64,
  joined: usize,
  hashes: usize,
  lengths: usize,
  folds: usize,
  places: usize,
): u64 {
  store<u64>(folds, fold);
  store<u32>(places, <u32>joined);
  store<u32>(lengths, length);
  let left = end - p;
  let h = SEED ^ (<u64>left << 32);
  let own: u64 = 0;
  while (left > 16) {
    const first = load<u64>(p);
    const second = load<u64>(p, 8);
    h = step(h, first, second);
    own ^= first ^ second;
    p += 16;
    left -= 16;
  }
  const mask = MASKS + (left << 4);
  const first = load<u64>(p) & load<u64>(mask);
  const second = load<u64>(p, 8) & load<u64>(mask, 8);
  store<u64>(hashes, step(h, first, second));
  return fold ^ rotl<u64>(own ^ first ^ second, <u64>joined << 3);
}

/**
 * Finds the tokens of `[p, end)`: writes hashes and lengths, and the statistics of rules.ts; returns how many there are. Linear.
 *
 * ASCII goes 64 bytes at a time. Bits say which bytes are in a token, which begin one (`starts`) and which come right behind one
 * (`ends`); the n-th end belongs to the n-th start, so the loop over tokens has no branch but its own. How many tokens are without a
 * letter is found for all at once: added to the bits of the bytes which are none, a start bit ripples through a token of only such bytes
 * and falls out behind it. From a byte >= 0x80 on it goes character by character, until white space with 8 bytes of ASCII behind it.
 */
// @ts-ignore: decorator
@inline
function scan(p: usize, end: usize, hashes: usize, lengths: usize, folds: usize, places: usize, unicode: bool): u32 {
  const firstHash = hashes;
  let fold: u64 = 0; // of what is before the token, without white space
  let joined: usize = 0; // bytes of it
  let start = p; // of the open token
  let open: u64 = 0; // 1: a token is open, 0: none
  let run: u64 = 0; // 1: and it can be more than symbols (unicode: it is a word)
  let digit: u64 = 0; // 1: the byte before is a digit
  let plain: u64 = 0; // 1: no letter in the open run so far
  let mute: u64 = 0; // 1: nothing but symbols in it so far
  let alphaTokens: u32 = 0;
  let spokenTokens: u32 = 0; // with a character that is no symbol
  let spokenLength: u32 = 0;
  while (p < end || open) {
    const a = v128.load(p);
    const b = v128.load(p, 16);
    const c = v128.load(p, 32);
    const d = v128.load(p, 48);
    const high = v128.bitmask<i8>(v128.or(v128.or(a, b), v128.or(c, d))) ? bits(a, b, c, d) : 0;
    let count: u64 = high ? ctz<u64>(high) : 64;
    let ascii = high == 0;
    if (count != 0) {
      const letters = bits(isLetter(a), isLetter(b), isLetter(c), isLetter(d));
      const digits = bits(isDigit(a), isDigit(b), isDigit(c), isDigit(d));
      const named = letters | digits;
      let tokens = ~bits(isSpace(a), isSpace(b), isSpace(c), isSpace(d));
      let runs = tokens;
      let starts: u64;
      let clitics: u64 = 0;
      if (unicode) {
        runs = named | bits(isByte(a, 0x5f), isByte(b, 0x5f), isByte(c, 0x5f), isByte(d, 0x5f));
        const marks = bits(
          v128.or(isByte(a, 0x27), isByte(a, 0x2e)),
          v128.or(isByte(b, 0x27), isByte(b, 0x2e)),
          v128.or(isByte(c, 0x27), isByte(c, 0x2e)),
          v128.or(isByte(d, 0x27), isByte(d, 0x2e)),
        );
        const inner = bits(isInner(a), isInner(b), isInner(c), isInner(d));
        const ahead = load<u8>(p, 64);
        // Whether a mark joins words is not known before a byte >= 0x80 is: it is left to the characters.
        if (((marks | inner) >> (count - 1)) & 1 && (!ascii || ahead >= 0x80)) {
          count--;
          ascii = false;
        }
        let aheadFlags: u64 = 0;
        if (ahead < 0x80) aheadFlags = <u64>load<u16>(ASCII_FLAGS + (<usize>ahead << 1));
        const joinsWords = marks & ((runs << 1) | run) & ((runs >> 1) | ((aheadFlags & <u64>WORD) << 62));
        const joinsDigits = inner & ((digits << 1) | digit) & ((digits >> 1) | ((aheadFlags & <u64>DIGIT) << 60));
        runs |= joinsWords | joinsDigits;
        for (let joins = joinsWords; joins; joins &= joins - 1) {
          const at = p + <usize>ctz<u64>(joins);
          if (load<u8>(at) == 0x27 && isClitic(at + 1)) clitics |= joins & -joins;
        }
      }
      if (count != 0) {
        const kept = ALL >> (64 - count);
        if (unicode) {
          const symbols = tokens & ~runs;
          const behind = symbols & ((symbols << 1) | (open & ~run));
          clitics &= kept;
          starts = symbols | clitics | (runs & ~((runs << 1) | run));
          if (behind) {
            const same = bits(
              v128.eq<i8>(a, v128.load(p - 1)),
              v128.eq<i8>(b, v128.load(p + 15)),
              v128.eq<i8>(c, v128.load(p + 31)),
              v128.eq<i8>(d, v128.load(p + 47)),
            );
            starts &= ~(behind & same);
          }
        } else {
          starts = tokens & ~((tokens << 1) | open);
        }
        tokens &= kept;
        runs &= kept;
        starts &= kept;

        const runStarts = runs & ~((runs << 1) | run);
        // A run that is cut at the end of what is looked at goes on: nothing falls out.
        const last = (runs >> (count - 1)) & 1;
        const wide = runs | (last ? ~kept : 0);
        const plainBits = (wide & ~letters) + plain;
        const plainSum = plainBits + runStarts;
        const muteBits = (wide & ~named) + mute;
        const muteSum = muteBits + runStarts;
        const begun = <u32>popcnt<u64>(runStarts);
        alphaTokens += begun - <u32>popcnt<u64>(plainSum & ~wide);
        spokenTokens += begun;
        spokenLength += <u32>popcnt<u64>(runs);
        let mutes = muteSum & ~wide;
        while (mutes) {
          const at = ctz<u64>(mutes);
          mutes &= mutes - 1;
          const before = runStarts & (((1 as u64) << at) - 1);
          spokenTokens--;
          spokenLength -= before ? <u32>(at - 63 + clz<u64>(before)) : <u32>(p + <usize>at - start);
        }
        // A word and its clitic are one run, which has a letter: that of the clitic. What the word itself has comes on top.
        for (let heads = runStarts; clitics; clitics &= clitics - 1) {
          const at = ctz<u64>(clitics);
          const before = heads & (((1 as u64) << at) - 1);
          const host = before ? p + 63 - <usize>clz<u64>(before) : start;
          const found = foundIn(host, p + <usize>at);
          alphaTokens += found & LETTER;
          if (found & SYMBOL) spokenTokens++;
          else spokenLength -= <u32>(p + <usize>at - host);
          heads |= clitics & -clitics;
        }
        plain = <u64>(plainBits < plain || plainSum < runStarts);
        mute = <u64>(muteBits < mute || muteSum < runStarts);

        let ends = ((tokens << 1) | open) & (~tokens | starts) & kept;
        if (open && ends) {
          const stop = p + <usize>ctz<u64>(ends);
          ends &= ends - 1;
          fold = emit(start, stop, <u32>(stop - start), fold, joined, hashes, lengths, folds, places);
          joined += stop - start;
          hashes += 8;
          lengths += 4;
          folds += 8;
          places += 4;
        }
        while (ends) {
          const from = p + <usize>ctz<u64>(starts);
          const stop = p + <usize>ctz<u64>(ends);
          starts &= starts - 1;
          ends &= ends - 1;
          fold = emit(from, stop, <u32>(stop - from), fold, joined, hashes, lengths, folds, places);
          joined += stop - from;
          hashes += 8;
          lengths += 4;
          folds += 8;
          places += 4;
        }
        if (starts) start = p + <usize>ctz<u64>(starts);
        open = (tokens >> (count - 1)) & 1;
        run = last;
        digit = (digits >> (count - 1)) & 1;
        p += <usize>count;
      }
    }
    if (ascii) continue;

    // The open token is counted anew with its further characters.
    let length: u32 = 0;
    let found: u32 = 0; // LETTER: it has one; SYMBOL: it has a character that is none
    let flags: u32 = 0; // of the character before
    let same: u32 = NONE; // the character that goes on with an open token of symbols
    if (open) {
      length = <u32>(p - start);
      found = foundIn(start, p);
      same = <u32>load<u8>(p - 1);
      flags = <u32>load<u16>(ASCII_FLAGS + (<usize>same << 1));
      if (run) {
        spokenTokens--;
        spokenLength -= length;
        // `plain` stands for the token, which is not yet counted as one without letters.
        alphaTokens--;
      }
    }
    let word = run != 0;
    open = 0;
    run = 0;
    plain = 0;
    mute = 0;
    digit = 0;
    do {
      // Of most characters nothing is asked but whether they go on with the open word. Branches, as in `after`.
      if (length != 0 && (!unicode || word)) {
        while (p < end) {
          const quad = load<u32>(p);
          if ((quad & 0x80) == 0) {
            const kind = <u32>load<u16>(ASCII_FLAGS + ((quad & 127) << 1));
            if (unicode ? (kind & WORD) == 0 : (kind & SPACE) != 0) break;
            flags = kind;
            p++;
          } else if ((quad & 0xc0e0) == 0x80c0 && (quad & 0x1e) != 0) {
            const kind = <u32>load<u16>(TWO_BYTE_FLAGS + ((((quad & 31) << 6) | ((quad >> 8) & 63)) << 1));
            if (unicode ? (kind & WORD) == 0 : (kind & SPACE) != 0) break;
            flags = kind;
            p += 2;
          } else {
            const kind = flagsOf(decode(p) & 0xffffff);
            if (unicode ? (kind & WORD) == 0 : (kind & SPACE) != 0) break;
            flags = kind;
            p = after(p);
          }
          found |= (flags & LETTER) | (~flags & SYMBOL);
          length++;
        }
        if (p >= end) break;
      }
      const character = decode(p);
      const code = character & 0xffffff;
      const next = after(p);
      const before = flags;
      flags = code < 0x800 ? <u32>load<u16>(TWO_BYTE_FLAGS + (code << 1)) : flagsOf(code);
      let goesOn = false;
      let clitic = false;
      if (unicode) {
        if (length != 0) {
          if (flags & WORD) {
            goesOn = word || (flags & EXTEND) != 0;
            if (!word) same = NONE;
          } else if (word) {
            if (code == 0x27 || code == 0x2e || code == 0x2019) {
              const ahead = decode(next) & 0xffffff;
              goesOn = (flagsOf(ahead) & WORD) != 0;
              clitic = goesOn && code != 0x2e && isClitic(next);
              if (clitic) goesOn = false;
            } else if (code == 0x2c || code == 0x2d || code == 0x2f || code == 0x3a) {
              const ahead = flagsOf(decode(next) & 0xffffff);
              goesOn = (before & ahead & DIGIT) != 0 && (ahead & WORD) != 0;
            }
          } else goesOn = code == same && (flags & SOLO) == 0;
        }
      } else goesOn = (flags & SPACE) == 0 && length != 0;

      if (!goesOn) {
        if (length != 0) {
          fold = emit(start, p, length, fold, joined, hashes, lengths, folds, places);
          joined += p - start;
          hashes += 8;
          lengths += 4;
          folds += 8;
          places += 4;
          alphaTokens += found & LETTER;
          if (found & SYMBOL) {
            spokenTokens++;
            spokenLength += length;
          }
          length = 0;
        }
        if (flags & SPACE) {
          p = next;
          if ((load<u64>(p) & HIGH_BITS) == 0) break;
          continue;
        }
        start = p;
        word = clitic || (flags & WORD) != 0;
        same = code;
        found = 0;
      }
      length++;
      found |= (flags & LETTER) | (~flags & SYMBOL);
      p = next;
    } while (p < end);
    // The text ended inside a token.
    if (length != 0) {
      fold = emit(start, p, length, fold, joined, hashes, lengths, folds, places);
      joined += p - start;
      hashes += 8;
      lengths += 4;
      folds += 8;
      places += 4;
      alphaTokens += found & LETTER;
      if (found & SYMBOL) {
        spokenTokens++;
        spokenLength += length;
      }
    }
  }
  store<u64>(folds, fold);
  store<u32>(places, <u32>joined);
  store<u32>(STATISTICS, spokenTokens, 0);
  store<u32>(STATISTICS, spokenLength, 4);
  store<u32>(STATISTICS, alphaTokens, 8);
  return <u32>((hashes - firstHash) >> 3);
}

export function scanWords(
  p: usize,
  end: usize,
  hashes: usize,
  lengths: usize,
  folds: usize,
  places: usize,
): u32 {
  return scan(p, end, hashes, lengths, folds, places, true);
}

export function scanRuns(
  p: usize,
  end: usize,
  hashes: usize,
  lengths: usize,
  folds: usize,
  places: usize,
): u32 {
  return scan(p, end, hashes, lengths, folds, places, false);
}
