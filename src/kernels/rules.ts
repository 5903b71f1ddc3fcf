import { CurationError } from '../errors.ts';
import { blocksBase64, classesBase64, classFlags } from './wasm/characters.generated.ts';
import { rulesWasmBase64 } from './wasm/rules-wasm.generated.ts';

/** Fixed addresses; the same numbers stand in wasm/assembly/rules-layout.ts, with what each place holds. */
const MASKS = 0;
const STATISTICS = 512;
const ASCII_FLAGS = 1024;
const CLASS_FLAGS = 1280;
const STAGE1 = 2048;
const STAGE2 = 10752;
const TEXT = 131136;
/** Spaces before the text, and behind it; the kernel reads them. */
const MARGIN = 64;
/** An instance that grew beyond this for a giant document is dropped after it, as the memory of an instance cannot shrink. */
const KEPT_BYTES = 16 << 20;
const PAGE = 65_536;

/** Linear memory of a WebAssembly instance. */
export interface RuleMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** The part of the global that is used here; neither `es2023` nor the types of Node 20 declare it. */
declare const WebAssembly: {
  compile(bytes: Uint8Array): Promise<object>;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

interface Exports {
  readonly memory: RuleMemory;
  readonly scanWords: (text: number, end: number, hashes: number, lengths: number) => number;
  readonly scanRuns: (text: number, end: number, hashes: number, lengths: number) => number;
  readonly hashBytes: (start: number, end: number) => bigint;
  readonly countCodePoints: (text: number, end: number) => number;
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
 * to what a tokenizer of English gives:
 * - a word is a maximal run of letters, marks, numbers, format characters and underscores. An apostrophe (' or U+2019) or a full stop
 *   between two of these, a comma between two decimal digits, belongs to it;
 * - each letter or number of a script without spaces (see unicode.ts) is a token;
 * - of all other characters (punctuation, symbols, controls) each is a token, but a run of the same character is one: `...`, `---`;
 * - marks and format characters belong to the token before them; where there is none they begin a word.
 */
export interface RuleKernel {
  readonly words: WordRule;
  /** Exports of the current instance (all functions of wasm/assembly/rules*.ts), to be cast by who knows them. */
  readonly exports: unknown;
  readonly memory: RuleMemory;
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
  tokens(): TokenArrays;
  /** Code points of the loaded text. */
  codePoints(): number;
  /** Hash of a token, as in `TokenArrays.hashes`: low and high half. */
  hashOf(token: string): readonly [low: number, high: number];
}

/** Where the tokens of a text lie in linear memory. */
export interface TokenArrays {
  readonly count: number;
  /** Address of `count` 64-bit hashes of the tokens' bytes, case-sensitive. Equal tokens have equal hashes; nothing reserves a value. */
  readonly hashes: number;
  /** Address of `count` 32-bit lengths in code points. */
  readonly lengths: number;
}

/** Compiles the kernel; the instance is made with the first document. */
export async function createRuleKernel(words: WordRule): Promise<RuleKernel> {
  return new Kernel(words, await WebAssembly.compile(Buffer.from(rulesWasmBase64, 'base64')));
}

class Tokens implements TokenArrays {
  count = 0;
  hashes = 0;
  lengths = 0;
}

class Kernel implements RuleKernel {
  readonly words: WordRule;
  readonly text: number = TEXT;
  textEnd: number = TEXT;
  private readonly module: object;
  private instance: Exports | undefined;
  /** A view of the whole memory, made anew when it grew. */
  private bytes: Uint8Array = new Uint8Array(0);
  /** First address nobody has taken. */
  private free = 0;
  private isLoaded = false;
  private hasTokens = false;
  private readonly found = new Tokens();

  constructor(words: WordRule, module: object) {
    this.words = words;
    this.module = module;
  }

  get exports(): unknown {
    return this.current();
  }

  get memory(): RuleMemory {
    return this.current().memory;
  }

  private current(): Exports {
    if (this.instance === undefined) {
      this.instance = instantiate(this.module);
      this.bytes = new Uint8Array(this.instance.memory.buffer);
    }
    return this.instance;
  }

  forget(): void {
    this.isLoaded = false;
    if (this.bytes.byteLength > KEPT_BYTES) {
      this.instance = undefined;
      this.bytes = new Uint8Array(0);
    }
  }

  load({ bytes, start, end }: RuleText): void {
    if (this.isLoaded) return;
    const byteLength = end - start;
    this.hasTokens = false;
    this.free = TEXT;
    this.room(byteLength + MARGIN);
    this.textEnd = TEXT + byteLength;
    this.bytes.set(bytes.subarray(start, end), TEXT);
    this.bytes.fill(0x20, this.textEnd, this.textEnd + MARGIN);
    this.isLoaded = true;
  }

  room(byteLength: number): number {
    const address = this.free;
    // Behind what was asked for the kernel may read, as it reads vectors.
    const next = address + ((byteLength + 63) & ~63);
    const { memory } = this.current();
    const missing = next + MARGIN + 64 - this.bytes.byteLength;
    if (missing > 0) {
      grow(memory, missing, this.textEnd - TEXT);
      this.bytes = new Uint8Array(memory.buffer);
    }
    this.free = next;
    return address;
  }

  tokens(): TokenArrays {
    const { found } = this;
    if (this.hasTokens) return found;
    // A token has a byte at least; of memory that is not written no page is taken from the system.
    const most = this.textEnd - TEXT;
    found.hashes = this.room(8 * most);
    found.lengths = this.room(4 * most);
    const { scanWords, scanRuns } = this.current();
    const scan = this.words === 'unicode' ? scanWords : scanRuns;
    found.count = scan(TEXT, this.textEnd, found.hashes, found.lengths);
    this.hasTokens = true;
    return found;
  }

  codePoints(): number {
    return this.current().countCodePoints(TEXT, this.textEnd);
  }

  hashOf(token: string): readonly [low: number, high: number] {
    const bytes = new TextEncoder().encode(token);
    this.forget();
    this.load({ bytes, start: 0, end: bytes.length });
    const hash = this.current().hashBytes(TEXT, this.textEnd);
    this.forget();
    return [Number(hash & 0xffffffffn), Number(hash >> 32n)];
  }
}

function instantiate(module: object): Exports {
  const abort = (): never => {
    throw new CurationError('BAD_INPUT', 'rule kernel: aborted; this is a defect of the program');
  };
  const exports = new WebAssembly.Instance(module, { env: { abort } }).exports as Exports;
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
  // ASCII is the first block.
  for (let code = 0; code < 128; code++) flags[ASCII_FLAGS / 2 + code] = classFlags[classes[code]!]!;
  bytes.fill(0x20, TEXT - MARGIN, TEXT);
  return exports;
}

function grow(memory: RuleMemory, missing: number, textLength: number): void {
  try {
    memory.grow(Math.ceil(missing / PAGE));
  } catch (cause) {
    throw new CurationError(
      'MEMORY',
      `rule kernel: a document of ${textLength} bytes does not fit; split it or leave it out`,
      { cause },
    );
  }
}
