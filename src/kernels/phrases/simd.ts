import { copyBytes } from '../../columns/copy.ts';
import { compileKernel, instantiateKernel, type OwnMemory, reserve } from '../instance.ts';
import { high, multiply } from '../lanes.ts';
import { TEXT_SLACK, writeWordTables } from '../signatures/word-tables.ts';
import { kindOf, type UnicodeTables } from '../unicode.ts';
import { phrasesWasmBase64 } from '../wasm/phrases-wasm.generated.ts';
import { CIRCLED_DISTANCE, FIRST_CIRCLED, foldOf, LAST_CIRCLED } from './characters.ts';
import { flankedAt, type PhraseFinder } from './finders.ts';
import { buildPhraseTrie, type PhraseTrie } from './trie.ts';

/** What the fast finder knows of a list, in memory that threads share. */
export interface FlankedList {
  readonly trie: PhraseTrie;
  /**
   * A bit for each hash of what a phrase can begin with: its first word, and that with the two characters behind it; or its first character if that is
   * part of no word. A power of two bits. It says that most words of a text begin no phrase, so that the trie is seldom asked.
   */
  readonly beginnings: Uint32Array;
  /** Whether a phrase begins with a character that is part of no word, and whether one of ASCII does. */
  readonly hasOthers: boolean;
  readonly hasAsciiOthers: boolean;
}

/** Bits for each phrase: a word that begins none is taken for one that does once in this many times. */
const SPARSITY = 256;
/** At least 32 KiB, and at most 4 MiB, of bits. */
const LEAST_WORDS = 2 ** 13;
const MOST_WORDS = 2 ** 20;
/** Bytes of a word that are hashed. */
const HASHED = 16;
/** Where the kernel has memory of its own, after the tables. */
const BITMAP = 1 << 16;
/** Text handed over at a time, so that the copy is still in the second-level cache when it is read. */
const CHUNK_BYTES = 1 << 17;
/** An instance that grew beyond this for a giant word is dropped after it, as the memory of an instance cannot shrink. */
const KEPT_BYTES = 16 << 20;

/** Makes the list of phrases as they stand in a lower-cased text, none of them empty. */
export function buildFlankedList(phrases: readonly string[], tables: UnicodeTables): FlankedList {
  const wanted = 2 ** Math.ceil(Math.log2((phrases.length * SPARSITY) / 32 + 1));
  const wordCount = Math.min(MOST_WORDS, Math.max(LEAST_WORDS, wanted));
  const beginnings = new Uint32Array(new SharedArrayBuffer(4 * wordCount));
  const shift = shiftOf(beginnings);
  const encoder = new TextEncoder();
  const mark = (hash: number): void => {
    const bit = hash >>> shift;
    beginnings[bit >>> 5]! |= 1 << (bit & 31);
  };
  const hashOfText = (text: string): number => hashOf(encoder.encode(text));
  let hasOthers = false;
  let hasAsciiOthers = false;
  for (const phrase of phrases) {
    const first = phrase.codePointAt(0)!;
    if (kindOf(tables, first) === 0) {
      hasOthers = true;
      hasAsciiOthers ||= first < 0x80;
      mark(hashOfText(String.fromCodePoint(first)));
      const capital = first - CIRCLED_DISTANCE;
      if (capital >= FIRST_CIRCLED && capital <= LAST_CIRCLED)
        mark(hashOfText(String.fromCodePoint(capital)));
    } else {
      const word = firstWordOf(phrase, tables);
      const hash = hashOfText(foldedWord(word, tables));
      mark(hash);
      mark(Math.imul(hash ^ continuationOf(phrase.slice(word.length)), SPREAD));
    }
  }
  return { trie: buildPhraseTrie(phrases), beginnings, hasOthers, hasAsciiOthers };
}

/** What stands for "any character", and what makes of a hash and the next characters another hash. */
const ANY = 0x10000;
const SPREAD = 0x9e3779b1;

/** The two characters behind the first word of a phrase, folded as the kernel does; `ANY` if there are not two of ASCII. */
function continuationOf(rest: string): number {
  const first = rest.charCodeAt(0);
  const second = rest.charCodeAt(1);
  if (!(first < 0x80 && second < 0x80)) return ANY;
  return first | ((isAsciiSeparator(second) ? second : second | 0x20) << 8);
}

function firstWordOf(phrase: string, tables: UnicodeTables): string {
  let length = 0;
  for (const character of phrase) {
    if (kindOf(tables, character.codePointAt(0)!) === 0) break;
    length += character.length;
  }
  return phrase.slice(0, length);
}

/** As the kernel hashes it: each character folded, and the underscore as U+007F. */
function foldedWord(word: string, tables: UnicodeTables): string {
  let folded = '';
  for (const character of word) {
    const code = character.codePointAt(0)!;
    folded += code === 0x5f ? '\x7f' : String.fromCodePoint(foldOf(tables, code));
  }
  return folded;
}

/** For how many bits a hash is shifted, so that it is below the number of bits of `beginnings`. */
function shiftOf(beginnings: Uint32Array): number {
  return Math.clz32(32 * beginnings.length - 1);
}

/** Low half of `(first 8 bytes * P1 + next 8 * P2)`, halves folded: the hash of assembly/phrases.ts. */
function hashOf(bytes: Uint8Array): number {
  const padded = new Uint8Array(HASHED);
  padded.set(bytes.subarray(0, HASHED));
  const [a = 0, b = 0, c = 0, d = 0] = new Uint32Array(padded.buffer);
  const first = multiply(a, b, 0x7f4a7c15, 0x9e3779b9);
  const firstHigh = high;
  const second = multiply(c, d, 0x27d4eb4f, 0xc2b2ae3d);
  const low = first + second;
  const carry = low > 0xffffffff ? 1 : 0;
  return ((low >>> 0) ^ (firstHigh + high + carry)) >>> 0;
}

interface Kernel {
  readonly memory: OwnMemory;
  readonly configure: (bitmap: number, shift: number, hasOthers: boolean, hasAsciiOthers: boolean) => void;
  readonly next: (from: number, end: number) => number;
  readonly resumeAt: () => number;
}

/**
 * Returns the function that makes finders with {@link flankedFinder}'s answers, of one list each; they share one kernel and are used one at a time.
 *
 * A phrase that begins with a word character can only stand where a word begins, and that word is the first word of the phrase. So the kernel cuts the
 * text into words and hashes each; only where a bit says that some phrase begins so, its characters are compared.
 */
export async function createFlankedFinders(
  tables: UnicodeTables,
): Promise<(list: FlankedList) => PhraseFinder> {
  const module = compileKernel(phrasesWasmBase64);
  let kernel: Kernel | undefined;
  let configured: FlankedList | undefined;
  let memory = new Uint8Array(0);

  function prepare(list: FlankedList, chunk: number): Kernel {
    const { beginnings } = list;
    let isNew = kernel === undefined;
    kernel ??= instantiateKernel(module) as Kernel;
    const needed = textOf(list) + chunk + TEXT_SLACK;
    reserve(
      kernel.memory,
      needed,
      'phrase kernel: a document does not fit in memory; split it or leave it out',
    );
    if (memory.buffer !== kernel.memory.buffer) memory = new Uint8Array(kernel.memory.buffer);
    if (isNew) writeWordTables(kernel.memory.buffer, new Uint32Array(0), tables);
    isNew ||= configured !== list;
    if (isNew) {
      new Uint32Array(kernel.memory.buffer, BITMAP, beginnings.length).set(beginnings);
      kernel.configure(BITMAP, shiftOf(beginnings), list.hasOthers, list.hasAsciiOthers);
      configured = list;
    }
    return kernel;
  }

  return (list) => {
    const { trie } = list;
    const text = textOf(list);

    function find(bytes: Uint8Array, start: number, end: number): number {
      for (let from = start; from < end; ) {
        const to = cutAfter(bytes, from, end);
        const { next, resumeAt } = prepare(list, to - from);
        // And one byte of what follows: the kernel looks two characters beyond a word.
        copyBytes(bytes.subarray(from, Math.min(to + 1, end)), memory, text);
        const stop = text + (to - from);
        for (let at = next(text, stop); at !== 0; at = next(resumeAt(), stop)) {
          const found = flankedAt(trie, tables, bytes, start, end, from + (at - text));
          if (found >= 0) return found;
        }
        from = to;
        if (memory.length > KEPT_BYTES) kernel = undefined;
      }
      return -1;
    }

    return { find };
  };
}

/** Where the text of a list is laid. */
function textOf({ beginnings }: FlankedList): number {
  return BITMAP + beginnings.byteLength;
}

/**
 * The end of the piece of `bytes[from .. end)` to look at next: behind an ASCII separator, so that no word is cut, or all that is left. Linear: where
 * nothing separates, the piece is doubled.
 */
function cutAfter(bytes: Uint8Array, from: number, end: number): number {
  for (let size = CHUNK_BYTES; from + size < end; size *= 2) {
    for (let at = from + size - 1; at > from; at--) if (isAsciiSeparator(bytes[at]!)) return at + 1;
  }
  return end;
}

function isAsciiSeparator(code: number): boolean {
  return (
    code < 0x80 &&
    !(
      (code >= 0x61 && code <= 0x7a) ||
      (code >= 0x41 && code <= 0x5a) ||
      (code >= 0x30 && code <= 0x39) ||
      code === 0x5f
    )
  );
}
