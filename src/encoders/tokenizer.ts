import { readFile } from 'node:fs/promises';
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { CurationError } from '../errors.ts';

/** Turns text into numbers of tokens as a `tokenizer.json` says; not reentrant. */
export interface Tokenizer {
  /** Tokens it knows, those added to it among them. */
  readonly size: number;
  /** The highest number that a token has. */
  readonly highest: number;
  /** What stands for words it does not know; -1: nothing. */
  readonly unknown: number;
  /** Numbers that stand before and behind every text of a model with such; from the file's post-processor. */
  readonly before: readonly number[];
  readonly behind: readonly number[];
  /** Numbers of the tokens of a text, unknown ones included and none added before or behind. */
  encode(text: string): number[];
}

/** What of a tokenizer.json says how it works; the rest is for the library. */
interface Description {
  readonly normalizer?: Part | null;
  readonly pre_tokenizer?: Part | null;
  readonly model: Part;
  readonly added_tokens?: readonly { readonly content: string; readonly single_word?: boolean }[];
}

interface Part {
  readonly type?: string;
  readonly [option: string]: unknown;
}

/** What of the library is used. */
interface Library {
  encode(
    text: string,
    options: { readonly add_special_tokens: boolean },
  ): { readonly ids: readonly number[] };
  token_to_id(token: string): number | undefined;
  get_vocab(): ReadonlyMap<string, number>;
}

/** Larger ones are a mistake: the largest vocabularies in use, of half a million tokens, take about 40 MB. */
const MAX_BYTES = 512 * 2 ** 20;

/** Reads a `tokenizer.json` as bytes in shared memory, so that threads need not each have it sent. */
export async function readTokenizer(path: string): Promise<Uint8Array<SharedArrayBuffer>> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new CurationError('BAD_INPUT', `${path}: expected a tokenizer.json, found no file to read`, {
      cause,
    });
  });
  if (bytes.length > MAX_BYTES) {
    throw new CurationError(
      'BAD_INPUT',
      `${path}: expected a tokenizer.json of at most ${MAX_BYTES} bytes, found ${bytes.length}`,
    );
  }
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return shared;
}

/**
 * Makes a tokenizer of what `readTokenizer` read. The work is done by `@huggingface/tokenizers`. Where a token cannot reach over white
 * space, as in the models of BERT's kind, words that were seen before are looked up instead, which is what makes it fast.
 * @param path of the file, for messages.
 * @throws CurationError `BAD_INPUT` when it is damaged, `UNSUPPORTED` when it asks for what the library does not do.
 */
export function createTokenizer(bytes: Uint8Array, path: string): Tokenizer {
  const description = parse(bytes, path);
  const single = description.added_tokens?.find((token) => token.single_word === true);
  if (single !== undefined) {
    const found = `single_word of ${JSON.stringify(single.content)}`;
    throw new CurationError(
      'UNSUPPORTED',
      `${path}: expected added tokens to stand anywhere, found ${found}`,
    );
  }
  const { model } = description;
  try {
    const config = typeof model['unk_token'] === 'string' ? { unk_token: model['unk_token'] } : {};
    const library = new HuggingFaceTokenizer(withAllParts(description), config) as unknown as Library;
    const run = (text: string) => library.encode(text, { add_special_tokens: false }).ids;
    const ids = [...library.get_vocab().values()];
    return {
      size: ids.length,
      highest: ids.reduce((most, id) => Math.max(most, id), -1),
      unknown: unknownOf(model, library),
      ...surroundings(library),
      encode: splitsAtSpace(description) ? byWords(run, description) : (text) => known(run(text)),
    };
  } catch (cause) {
    if (cause instanceof CurationError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CurationError('BAD_INPUT', `${path}: expected a tokenizer that can be made, found: ${why}`, {
      cause,
    });
  }
}

function parse(bytes: Uint8Array, path: string): Description {
  let description: unknown;
  try {
    description = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new CurationError('BAD_INPUT', `${path}: expected JSON, found ${bytes.length} bytes that are not`, {
      cause,
    });
  }
  if (!isPart(description) || !isPart(description['model'])) {
    throw new CurationError(
      'BAD_INPUT',
      `${path}: expected the JSON of a tokenizer, found none of its "model"`,
    );
  }
  return description as unknown as Description;
}

function isPart(value: unknown): value is Part {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The library wants parts named that files may leave out. */
function withAllParts(description: Description): object {
  return {
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: null,
    added_tokens: [],
    ...description,
  };
}

function unknownOf(model: Part, library: Library): number {
  if (typeof model['unk_token'] === 'string') return library.token_to_id(model['unk_token']) ?? -1;
  return typeof model['unk_id'] === 'number' ? model['unk_id'] : -1;
}

/** What stands before and behind a text, found by having one letter encoded with it and without. */
function surroundings(library: Library): Pick<Tokenizer, 'before' | 'behind'> {
  const probe = 'a';
  const inner = library.encode(probe, { add_special_tokens: false }).ids;
  const whole = library.encode(probe, { add_special_tokens: true }).ids;
  const extra = whole.length - inner.length;
  for (let at = 0; at <= extra; at++) {
    if (inner.every((id, i) => whole[at + i] === id)) {
      return { before: whole.slice(0, at), behind: whole.slice(at + inner.length) };
    }
  }
  throw new Error('a post-processor that changes the tokens of the text');
}

/** Tokens a vocabulary has no number for, not even one of the unknown, are left out. */
function known(ids: readonly (number | undefined)[]): number[] {
  return ids.filter((id) => id !== undefined);
}

const NORMALIZERS = new Set(['BertNormalizer', 'Lowercase', 'StripAccents', 'NFC', 'NFD', 'NFKC', 'NFKD']);
const PRE_TOKENIZERS = new Set(['BertPreTokenizer', 'Whitespace', 'WhitespaceSplit']);
const MODELS = new Set(['WordPiece', 'WordLevel']);

/** True where the tokens of a text are those of its words between blanks, one after another. */
function splitsAtSpace({ normalizer, pre_tokenizer: pre, model, added_tokens: added }: Description): boolean {
  return (
    (!normalizer || NORMALIZERS.has(normalizer.type ?? '')) &&
    PRE_TOKENIZERS.has(pre?.type ?? '') &&
    MODELS.has(model.type ?? '') &&
    (added ?? []).every(({ content }) => !/\s/.test(content))
  );
}

/** Words kept with their tokens in each of two generations. */
const MAX_WORDS = 1 << 16;
/** Longer ones hardly come again. */
const MAX_LETTERS = 48;

/**
 * Looks words up that were seen before. When the young generation is full it becomes the old one, whose words are forgotten unless they
 * come again; what is forgotten costs time only.
 */
class WordCache {
  #young = new Map<string, readonly number[]>();
  #old = new Map<string, readonly number[]>();

  get(word: string): readonly number[] | undefined {
    const found = this.#young.get(word);
    if (found !== undefined) return found;
    const older = this.#old.get(word);
    if (older !== undefined) this.set(word, older);
    return older;
  }

  set(word: string, ids: readonly number[]): void {
    if (word.length > MAX_LETTERS) return;
    if (this.#young.size === MAX_WORDS) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    // A slice would hold the whole text in memory; a copy does not.
    this.#young.set(Buffer.from(word, 'utf16le').toString('utf16le'), ids);
  }
}

function byWords(
  run: (text: string) => readonly number[],
  { normalizer, pre_tokenizer: pre, added_tokens: added = [] }: Description,
): (text: string) => number[] {
  const cache = new WordCache();
  const isBert = normalizer?.type === 'BertNormalizer';
  const splitsIdeographs = isBert && normalizer['handle_chinese_chars'] === true;
  const lowers = isBert ? normalizer['lowercase'] === true : normalizer?.type === 'Lowercase';
  // Here each sign of ASCII punctuation is a word, whatever stands beside it.
  const splitsSigns = (isBert || !normalizer) && pre?.type === 'BertPreTokenizer';

  const compute = (word: string): readonly number[] => {
    const parts = splitsSigns ? word.match(SIGNS_AND_OTHERS) : null;
    if (parts !== null && parts.length > 1 && !added.some(({ content }) => word.includes(content))) {
      return parts.flatMap(lookUp);
    }
    // The reference lowers letter by letter; JavaScript would make another sigma of one that ends a word.
    return known(run(lowers && word.includes('Σ') ? word.replaceAll('Σ', 'σ') : word));
  };

  const lookUp = (word: string): readonly number[] => {
    let ids = cache.get(word);
    if (ids === undefined) {
      ids = compute(word);
      cache.set(word, ids);
    }
    return ids;
  };

  return (text) => {
    const ids: number[] = [];
    const add = (start: number, end: number): void => {
      for (const id of lookUp(text.slice(start, end))) ids.push(id);
    };
    let start = 0;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      const isBlank = code === 32 || code === 10 || code === 13 || code === 9;
      const isIdeograph = splitsIdeographs && isCommonIdeograph(code);
      if (!isBlank && !isIdeograph) continue;
      if (i > start) add(start, i);
      if (isIdeograph) add(i, i + 1);
      start = i + 1;
    }
    if (text.length > start) add(start, text.length);
    return ids;
  };
}

const SIGNS_AND_OTHERS = /[!-/:-@[-`{-~]|[^!-/:-@[-`{-~]+/g;

/** The blocks of ideographs that make up nearly all text; others stay within their words, where the library splits them. */
function isCommonIdeograph(code: number): boolean {
  return code >= 0x3400 && code <= 0x9fff && (code <= 0x4dbf || code >= 0x4e00);
}
