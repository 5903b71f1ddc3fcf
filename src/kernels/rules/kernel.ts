import { compileKernel, instantiateKernel, type OwnMemory, reserve } from '../instance.ts';
import { blocksBase64, classesBase64, classFlags } from '../wasm/characters.generated.ts';
import { rulesWasmBase64 } from '../wasm/rules-wasm.generated.ts';

/** Fixed addresses; the same numbers stand in wasm/assembly/rules-layout.ts, with what each place holds. */
const MASKS = 0;
const STATISTICS = 512;
const LAYOUT: number = STATISTICS + 16;
const LINES: number = STATISTICS + 48;
const ASCII_FLAGS = 1024;
const CLASS_FLAGS = 1280;
const STAGE1 = 2048;
const STAGE2 = 10752;
const TWO_BYTE_FLAGS = 126976;
const TEXT = 131136;
/** Spaces before the text, and behind it; the kernel reads them. */
const MARGIN = 64;
/** An instance that grew beyond this for a giant document is dropped after it, as the memory of an instance cannot shrink. */
const KEPT_BYTES = 16 << 20;
/** Lengths of lines have 30 bits. */
const MOST_LENGTH: number = 2 ** 30 - 1;

/** A scan from `text` on: where to write what was found, and how much that was. */
type Scan = (
  text: number,
  end: number,
  hashes: number,
  lengths: number,
  folds: number,
  places: number,
) => number;

interface Exports {
  readonly memory: OwnMemory;
  readonly scanWords: Scan;
  readonly scanRuns: Scan;
  readonly hashBytes: (start: number, end: number) => bigint;
  readonly countPresent: (
    hashes: number,
    count: number,
    table: number,
    slots: number,
    enough: number,
  ) => number;
  readonly countPlainWords: (text: number, end: number) => number;
  readonly countCodePoints: (text: number, end: number) => number;
  readonly scanLayout: (text: number, end: number) => void;
  readonly scanLines: (text: number, end: number, starts: number, lengths: number) => number;
  readonly countShort: (lengths: number, count: number, limit: number) => number;
  readonly countLong: (lengths: number, count: number, limit: number) => number;
  readonly repeatedLength: (
    starts: number,
    lengths: number,
    count: number,
    textEnd: number,
    table: number,
    slots: number,
  ) => number;
}

/** How text is cut into words, see {@link RuleKernel}. */
export type WordRule = 'unicode' | 'whitespace';

/** UTF-8 (any bytes are possible) at `bytes[start .. end)`. */
export interface RuleText {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/**
 * The byte kernel of the rule sets: one WebAssembly instance a thread, which holds one document at a time. What a filter asks of a
 * document is found when it is first asked for, and kept until `forget`, so that filters share scans.
 *
 * In its linear memory (addresses are numbers of bytes; see wasm/assembly/rules-layout.ts):
 *
 *   tables | ... 64 spaces | text | 64 spaces | arrays, placed as they are asked for: tokens, lines, scratch
 *
 * Calls may grow the memory, which detaches every typed array over it; so views are made when they are needed. `forget` may drop the
 * instance, so `exports` and `memory` are asked for anew with each document. Characters: a byte that is no part of valid UTF-8 is one
 * code point without any property.
 *
 * **Tokens**, rule `whitespace`: maximal runs of other than white space (Python's `str.split()`). Rule `unicode`, close to UAX #29 and
 * to how spaCy cuts English:
 * - a word is a maximal run of letters, marks, numbers, format characters and underscores. An apostrophe (' or U+2019) or a full stop
 *   between two of these, a comma, hyphen, solidus or colon between two decimal digits, belongs to it;
 * - but an English clitic behind a word ('s 't 'd 'm 're 've 'll) is a token, with its apostrophe;
 * - each letter or number of a script without spaces (see unicode.ts) is a token;
 * - of all other characters (punctuation, symbols, controls) each is a token, but a run of the same character is one: `...`, `---`;
 * - marks and format characters belong to the token before them; where there is none they begin a word.
 *
 * spaCy knows more: abbreviations ("U.S.", "e.g."), addresses of the web, emoticons and units are single tokens there, "don't" is "do"
 * and "n't", and quotes or brackets in the midst of a word stay inside.
 */
export interface RuleKernel {
  readonly words: WordRule;
  /** Exports of the current instance (all functions of wasm/assembly/rules*.ts), to be cast by who knows them. */
  readonly exports: unknown;
  readonly memory: OwnMemory;
  /** Where the loaded text begins, and ends (excluded). 64 spaces lie before it and 64 behind it. */
  readonly text: number;
  readonly textEnd: number;
  /** Copies the document into linear memory, unless it is there already: `forget` says when it is another. */
  load(text: RuleText): void;
  /** The next `load` brings another text. Cheap. */
  forget(): void;
  /**
   * Room of this many bytes, 64-byte aligned, at the address returned: undefined content, the caller's until `forget`.
   * @throws CurationError `MEMORY`.
   */
  room(byteLength: number): number;
  /** Tokens of the loaded text; the scan runs on the first call. The same object each time, its numbers overwritten by the next document. */
  tokens(): Tokens;
  /** Not more than there are tokens: their count where they were scanned, else a bound that costs next to nothing. */
  leastTokens(): number;
  /** How many of the words of a set are among the tokens, each counted once; stops counting at `enough`. */
  countPresent(words: WordSet, enough: number): number;
  /** What lies where in the loaded text; found on the first call, the same object each time. */
  layout(): Layout;
  /** Lines of the loaded text, cut at line feeds; found on the first call, the same object each time. */
  lines(): Lines;
  /** Lines of at most (at least) `limit` code points, blank ones left out (counted). `limit` is at least 0. */
  countShortLines(limit: number): number;
  countLongLines(limit: number): number;
  /** Code points of the lines that are not blank and equal, byte by byte, to a line before them. */
  repeatedLineLength(): number;
  /** Code points of the loaded text. */
  codePoints(): number;
  /** A set of tokens to look for, in UTF-8 as they stand. Loads another text. */
  wordSet(words: readonly string[]): WordSet;
}

/** Where the tokens of a text lie in linear memory, and what they are made of. */
interface Tokens {
  readonly count: number;
  /** Address of `count` 64-bit hashes of the tokens' bytes, case-sensitive. Equal tokens have equal hashes; no value is reserved. */
  readonly hashes: number;
  /** Address of `count` 32-bit lengths in code points. */
  readonly lengths: number;
  /**
   * Address of `count + 1` 64-bit folds of what is before each token, and of all, without white space: the exclusive or of its bytes, each at
   * its place modulo 8. So the tokens of `[i, k)` as one string fold to `(folds[i] ^ folds[k]) >>> 8 * places[i]` (rotated), however they are cut.
   */
  readonly folds: number;
  /** Address of `count + 1` 32-bit numbers: bytes before each token, and of all, without white space. */
  readonly places: number;
  /** Tokens with a character outside datatrove's set of punctuation, and their code points together. */
  readonly spokenCount: number;
  readonly spokenLength: number;
  /** Tokens with a letter (category L). */
  readonly letterCount: number;
}

/** Of the text as a whole; lines are those of Python's `splitlines`. */
interface Layout {
  readonly lines: number;
  /** Lines whose first character that is no white space is U+2022 or a hyphen. */
  readonly bulletLines: number;
  /** Lines whose last characters that are no white space are `...` or U+2026. */
  readonly ellipsisLines: number;
  readonly numberSigns: number;
  /** `...`, not overlapping, and U+2026. */
  readonly ellipses: number;
}

/** Lines as Python's `split("\n")` cuts them: one more than there are line feeds. */
interface Lines {
  readonly count: number;
  /** Address of `count` 32-bit addresses of the lines' first bytes; a line ends one byte before the next begins, the last at `textEnd`. */
  readonly starts: number;
  /** Address of `count` 32-bit lengths in code points; bit 31: the line is blank, bit 30: it ends in a terminal mark and is not blank. */
  readonly lengths: number;
  /** Lines that are not blank, and those of them that end in one of datatrove's terminal marks. */
  readonly filled: number;
  readonly stopped: number;
  /** Of the whole text, line feeds included. */
  readonly codePoints: number;
}

/** Words by their hashes, as {@link RuleKernel.countPresent} reads them: an open-addressed table of `slots` entries of 16 bytes. */
interface WordSet {
  readonly table: Uint32Array;
  readonly slots: number;
}

/** Compiles the kernel; the instance is made with the first document. */
export async function createRuleKernel(words: WordRule): Promise<RuleKernel> {
  return new Kernel(words, compileKernel(rulesWasmBase64));
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

class Kernel implements RuleKernel {
  readonly words: WordRule;
  readonly text: number = TEXT;
  textEnd: number = TEXT;
  private readonly module: object;
  private instance: Exports | undefined;
  /** Views of the whole memory, made anew when it grew. */
  private bytes: Uint8Array = new Uint8Array(0);
  private numbers: Uint32Array = new Uint32Array(0);
  /** First address nobody has taken. */
  private free = 0;
  private isLoaded = false;
  private hasTokens = false;
  private hasLayout = false;
  private hasLines = false;
  private readonly foundTokens: Writable<Tokens> = {
    count: 0,
    hashes: 0,
    lengths: 0,
    folds: 0,
    places: 0,
    spokenCount: 0,
    spokenLength: 0,
    letterCount: 0,
  };
  private readonly foundLayout: Writable<Layout> = {
    lines: 0,
    bulletLines: 0,
    ellipsisLines: 0,
    numberSigns: 0,
    ellipses: 0,
  };
  private readonly foundLines: Writable<Lines> = {
    count: 0,
    starts: 0,
    lengths: 0,
    filled: 0,
    stopped: 0,
    codePoints: 0,
  };

  constructor(words: WordRule, module: object) {
    this.words = words;
    this.module = module;
  }

  get exports(): unknown {
    return this.current();
  }

  get memory(): OwnMemory {
    return this.current().memory;
  }

  forget(): void {
    this.isLoaded = false;
    if (this.bytes.byteLength > KEPT_BYTES) this.drop();
  }

  load({ bytes, start, end }: RuleText): void {
    if (this.isLoaded) return;
    const byteLength = end - start;
    this.hasTokens = false;
    this.hasLayout = false;
    this.hasLines = false;
    this.textEnd = TEXT + byteLength;
    this.free = TEXT;
    this.room(byteLength + MARGIN);
    this.bytes.set(bytes.subarray(start, end), TEXT);
    this.bytes.fill(0x20, this.textEnd, this.textEnd + MARGIN);
    this.isLoaded = true;
  }

  room(byteLength: number): number {
    const address = this.free;
    const next = address + Math.ceil(byteLength / 64) * 64;
    const { memory } = this.current();
    // Kernels read whole vectors, and so up to 128 bytes behind what they use.
    const needed = next + 2 * MARGIN;
    if (needed > this.bytes.byteLength) {
      reserve(
        memory,
        needed,
        `rule kernel: a document of ${this.textEnd - TEXT} bytes does not fit; split it or leave it out`,
      );
      this.view(memory);
    }
    this.free = next;
    return address;
  }

  tokens(): Tokens {
    const found = this.foundTokens;
    if (this.hasTokens) return found;
    // A token has a byte at least. Of memory that is not written, no page is taken from the system.
    const most = this.textEnd - TEXT;
    found.hashes = this.room(8 * most);
    found.lengths = this.room(4 * most);
    found.folds = this.room(8 * (most + 1));
    found.places = this.room(4 * (most + 1));
    const { scanWords, scanRuns } = this.current();
    const scan = this.words === 'unicode' ? scanWords : scanRuns;
    found.count = scan(TEXT, this.textEnd, found.hashes, found.lengths, found.folds, found.places);
    found.spokenCount = this.numbers[STATISTICS / 4]!;
    found.spokenLength = this.numbers[STATISTICS / 4 + 1]!;
    found.letterCount = this.numbers[STATISTICS / 4 + 2]!;
    this.hasTokens = true;
    return found;
  }

  countPresent({ table, slots }: WordSet, enough: number): number {
    const { count, hashes } = this.tokens();
    const address = this.room(table.byteLength);
    this.numbers.set(table, address / 4);
    return this.current().countPresent(hashes, count, address, slots, enough);
  }

  layout(): Layout {
    const found = this.foundLayout;
    if (this.hasLayout) return found;
    this.current().scanLayout(TEXT, this.textEnd);
    found.lines = this.numbers[LAYOUT / 4]!;
    found.bulletLines = this.numbers[LAYOUT / 4 + 1]!;
    found.ellipsisLines = this.numbers[LAYOUT / 4 + 2]!;
    found.numberSigns = this.numbers[LAYOUT / 4 + 3]!;
    found.ellipses = this.numbers[LAYOUT / 4 + 4]!;
    this.hasLayout = true;
    return found;
  }

  leastTokens(): number {
    return this.hasTokens ? this.foundTokens.count : this.current().countPlainWords(TEXT, this.textEnd);
  }

  lines(): Lines {
    const found = this.foundLines;
    if (this.hasLines) return found;
    const most = this.textEnd - TEXT + 1;
    found.starts = this.room(4 * most);
    found.lengths = this.room(4 * most);
    found.count = this.current().scanLines(TEXT, this.textEnd, found.starts, found.lengths);
    found.filled = this.numbers[LINES / 4]!;
    found.stopped = this.numbers[LINES / 4 + 1]!;
    found.codePoints = this.numbers[LINES / 4 + 2]!;
    this.hasLines = true;
    return found;
  }

  countShortLines(limit: number): number {
    const { lengths, count } = this.lines();
    return this.current().countShort(lengths, count, Math.min(limit, MOST_LENGTH));
  }

  countLongLines(limit: number): number {
    const { lengths, count } = this.lines();
    return this.current().countLong(lengths, count, Math.min(limit, MOST_LENGTH));
  }

  repeatedLineLength(): number {
    const { starts, lengths, count, filled } = this.lines();
    if (filled < 2) return 0;
    const slots = slotsFor(filled);
    const table = this.room(8 * slots);
    this.bytes.fill(0, table, table + 8 * slots);
    return this.current().repeatedLength(starts, lengths, count, this.textEnd, table, slots);
  }

  codePoints(): number {
    if (this.hasLines) return this.foundLines.codePoints;
    return this.current().countCodePoints(TEXT, this.textEnd);
  }

  wordSet(words: readonly string[]): WordSet {
    const slots = slotsFor(words.length);
    const table = new Uint32Array(4 * slots);
    for (const word of new Set(words)) {
      const bytes = new TextEncoder().encode(word);
      this.forget();
      this.load({ bytes, start: 0, end: bytes.length });
      const hash = this.current().hashBytes(TEXT, this.textEnd);
      let slot = Number(hash & BigInt(slots - 1));
      while (table[4 * slot + 2] !== 0) slot = (slot + 1) & (slots - 1);
      table[4 * slot] = Number(hash & 0xffffffffn);
      table[4 * slot + 1] = Number((hash >> 32n) & 0xffffffffn);
      table[4 * slot + 2] = 1;
    }
    this.forget();
    return { table, slots };
  }

  private current(): Exports {
    if (this.instance === undefined) {
      this.instance = instantiate(this.module);
      this.view(this.instance.memory);
    }
    return this.instance;
  }

  private view(memory: OwnMemory): void {
    this.bytes = new Uint8Array(memory.buffer);
    this.numbers = new Uint32Array(memory.buffer);
  }

  private drop(): void {
    this.instance = undefined;
    this.bytes = new Uint8Array(0);
    this.numbers = new Uint32Array(0);
  }
}

/** A power of two, so that at most half of the slots are taken. */
function slotsFor(entries: number): number {
  let slots = 16;
  while (slots < 2 * entries) slots *= 2;
  return slots;
}

function instantiate(module: object): Exports {
  const exports = instantiateKernel(module) as Exports;
  const { memory } = exports;
  const bytes = new Uint8Array(memory.buffer);
  const flags = new Uint16Array(memory.buffer);
  const blocks = Buffer.from(blocksBase64, 'base64');
  const classes = Buffer.from(classesBase64, 'base64');
  for (let length = 0; length <= 16; length++) {
    bytes.fill(0xff, MASKS + 16 * length, MASKS + 17 * length);
  }
  flags.set(classFlags, CLASS_FLAGS / 2);
  bytes.set(blocks, STAGE1);
  bytes.set(classes, STAGE2);
  for (let code = 0; code < 0x800; code++) {
    const found = classFlags[classes[(blocks[code >> 7]! << 7) | (code & 127)]!]!;
    flags[TWO_BYTE_FLAGS / 2 + code] = found;
    if (code < 0x80) flags[ASCII_FLAGS / 2 + code] = found;
  }
  bytes.fill(0x20, TEXT - MARGIN, TEXT);
  return exports;
}
