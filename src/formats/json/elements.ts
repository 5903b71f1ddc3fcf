import { jsonParser, type Token } from 'stream-json/core/parser.js';
import { CurationError } from '../../errors.ts';
import { DEPTH_LIMIT } from '../jsonl/scan.ts';

/** Characters of lines given out at a time, about. */
const CHUNK_CHARACTERS = 1024 * 1024;
/** Characters of one element; V8's longest string is 2^29 - 24. */
const ELEMENT_LIMIT = 256 * 1024 * 1024;
/** Characters parsed at a time: their tokens are objects that take many times their size. */
const SLICE_CHARACTERS = 16 * 1024;
/** More than the longest token that stream-json looks ahead for. */
const SETTLING_SPACES = 32;

/**
 * Writes the elements of a JSON array as lines, one each, or a single object as one line. Numbers keep their literals and
 * equal keys are all kept, so a line means what its element meant. One element is held at a time. Damage anywhere throws
 * `BAD_INPUT` with the index of the element (0 is the first): behind it no element can be found for certain.
 */
export async function* elementsAsLines(
  bytes: AsyncIterable<Uint8Array>,
  path: string,
): AsyncGenerator<Uint8Array> {
  const parse = jsonParser({ packValues: true, streamValues: false });
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const encoder = new TextEncoder();
  const writer = new ElementWriter(path);
  for await (const chunk of bytes) {
    const text = writer.guard('UTF-8 text', () => decoder.decode(chunk, { stream: true }));
    for (let from = 0; from < text.length; from += SLICE_CHARACTERS) {
      const slice = text.slice(from, from + SLICE_CHARACTERS);
      const parsed = writer.guard('JSON', () => parse(slice));
      const tokens = typeof parsed === 'symbol' ? [] : parsed.values;
      for (const token of tokens) writer.write(token);
      writer.waited(tokens.length === 0 ? slice.length : 0);
      if (writer.readyLength >= CHUNK_CHARACTERS) yield encoder.encode(writer.takeLines());
    }
  }
  writer.guard('UTF-8 text', () => decoder.decode());
  // The parser waits for more before it judges a word cut short; white space makes it decide and changes no JSON.
  writer.guard('JSON', () => parse(' '.repeat(SETTLING_SPACES)));
  writer.end();
  if (writer.readyLength > 0) yield encoder.encode(writer.takeLines());
}

/** Serialises tokens again, a line for each element. */
class ElementWriter {
  readonly #path: string;
  #root: 'none' | 'array' | 'object' = 'none';
  #depth = 0;
  #index = 0;
  /** What stands before the next value or key: a comma once one came before it. */
  #needsComma = false;
  #element = '';
  #ready = '';
  #waitedLength = 0;
  #isClosed = false;

  constructor(path: string) {
    this.#path = path;
  }

  get readyLength(): number {
    return this.#ready.length;
  }

  takeLines(): string {
    const lines = this.#ready;
    this.#ready = '';
    return lines;
  }

  /** Runs a step of a library, whose errors become ours. What it had read of this slice is not told: hence "or later". */
  guard<T>(expected: string, step: () => T): T {
    try {
      return step();
    } catch (cause) {
      const found = cause instanceof Error ? cause.message : String(cause);
      throw this.#fault(expected, `damage (${found})`, { cause });
    }
  }

  #fault(expected: string, found: string, options?: ErrorOptions): CurationError {
    const element = options === undefined ? `element ${this.#index}` : `element ${this.#index} or later`;
    const where = this.#isClosed ? 'after the end of the JSON text' : element;
    return new CurationError(
      'BAD_INPUT',
      `${this.#path}: ${where}: expected ${expected}, found ${found}`,
      options,
    );
  }

  /** Notes characters that made no token: an endless string is held by the parser, unseen here. */
  waited(length: number): void {
    this.#waitedLength = length === 0 ? 0 : this.#waitedLength + length;
    if (this.#element.length + this.#waitedLength > ELEMENT_LIMIT) {
      throw this.#fault(`an element of at most ${ELEMENT_LIMIT} characters`, 'a longer one');
    }
  }

  write(token: Token): void {
    switch (token.name) {
      case 'startObject':
        return this.#open('{');
      case 'startArray':
        return this.#open('[');
      case 'endObject':
        return this.#close('}');
      case 'endArray':
        return this.#close(']');
      case 'keyValue':
        this.#add(`${JSON.stringify(token.value)}:`);
        this.#needsComma = false;
        return;
      case 'stringValue':
        return this.#addValue(JSON.stringify(token.value));
      case 'numberValue':
        return this.#addValue(token.value);
      case 'trueValue':
        return this.#addValue('true');
      case 'falseValue':
        return this.#addValue('false');
      case 'nullValue':
        return this.#addValue('null');
      default:
        // Streamed pieces of keys and values were not asked for.
        return;
    }
  }

  #open(bracket: '{' | '['): void {
    if (this.#depth === 0) {
      this.#root = bracket === '{' ? 'object' : 'array';
      if (this.#root === 'array') {
        this.#depth++;
        return;
      }
    }
    if (++this.#depth > DEPTH_LIMIT + 1) {
      const found = 'deeper nesting';
      throw this.#fault(`at most ${DEPTH_LIMIT} objects and arrays inside one another`, found);
    }
    this.#add(bracket);
    this.#needsComma = false;
  }

  #close(bracket: '}' | ']'): void {
    this.#depth--;
    if (this.#depth === 0 && this.#root === 'array') {
      this.#isClosed = true;
      return;
    }
    this.#element += bracket;
    this.#needsComma = true;
    this.#endElement();
    if (this.#depth === 0) this.#isClosed = true;
  }

  #addValue(text: string): void {
    if (this.#depth === 0) throw this.#fault('a JSON array of objects, or an object', text.slice(0, 60));
    this.#add(text);
    this.#needsComma = true;
    this.#endElement();
  }

  #add(text: string): void {
    this.#element += this.#needsComma ? `,${text}` : text;
  }

  /** Ends the line if the value just written was an element. */
  #endElement(): void {
    if (this.#depth !== (this.#root === 'array' ? 1 : 0)) return;
    this.#ready += `${this.#element}\n`;
    this.#element = '';
    this.#needsComma = false;
    this.#index++;
  }

  /** After the last byte: the text must be complete. */
  end(): void {
    if (this.#root === 'none') {
      throw new CurationError(
        'BAD_INPUT',
        `${this.#path}: expected a JSON array or object, found no JSON at all`,
      );
    }
    if (!this.#isClosed) {
      throw this.#fault(`the closing ${this.#root === 'array' ? "']'" : "'}'"}`, 'the end of the file');
    }
  }
}
