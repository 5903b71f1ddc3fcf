import { CurationError } from '../../errors.ts';

/** Reads exact lengths from chunks of any length. Memory is given only to bytes that have arrived, not to a claim. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #path: string;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #position = 0;

  constructor(input: AsyncIterable<Uint8Array>, path: string) {
    this.#chunks = input[Symbol.asyncIterator]();
    this.#path = path;
  }

  /** Bytes read so far. */
  get position(): number {
    return this.#position;
  }

  /** The next bytes, up to `byteLength`, without taking them; fewer at the end of the input. */
  async peek(byteLength: number): Promise<Uint8Array> {
    await this.#fill(byteLength);
    const bytes = new Uint8Array(Math.min(byteLength, this.#waitingBytes));
    let filled = 0;
    for (const chunk of this.#waiting) {
      if (filled === bytes.byteLength) break;
      const part = chunk.subarray(0, bytes.byteLength - filled);
      bytes.set(part, filled);
      filled += part.byteLength;
    }
    return bytes;
  }

  /** Takes exactly `byteLength` bytes, after `room` zero bytes for the caller. The result owns its buffer. */
  async read(byteLength: number, room = 0): Promise<Uint8Array<ArrayBuffer>> {
    await this.#fill(byteLength);
    if (this.#waitingBytes < byteLength) {
      throw new CurationError(
        'BAD_INPUT',
        `${this.#path}: expected ${byteLength} bytes at ${this.#position}, found ${this.#waitingBytes}; the stream is cut off or damaged`,
      );
    }
    const bytes = new Uint8Array(room + byteLength);
    let filled = 0;
    let used = 0;
    while (filled < byteLength) {
      const chunk = this.#waiting[used]!;
      const part = chunk.subarray(0, byteLength - filled);
      bytes.set(part, room + filled);
      filled += part.byteLength;
      if (part.byteLength < chunk.byteLength) this.#waiting[used] = chunk.subarray(part.byteLength);
      else used += 1;
    }
    this.#waiting = this.#waiting.slice(used);
    this.#waitingBytes -= byteLength;
    this.#position += byteLength;
    return bytes;
  }

  /** Reads what is left and forgets it. */
  async drain(): Promise<void> {
    this.#waiting = [];
    this.#waitingBytes = 0;
    while ((await this.#chunks.next()).done !== true);
  }

  /** Tells the input that no more is wanted. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  async #fill(byteLength: number): Promise<void> {
    while (this.#waitingBytes < byteLength) {
      const { value, done } = await this.#chunks.next();
      if (done === true) return;
      if (value.byteLength === 0) continue;
      this.#waiting.push(value);
      this.#waitingBytes += value.byteLength;
    }
  }
}
