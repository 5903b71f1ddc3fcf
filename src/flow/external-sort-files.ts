import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CurationError } from '../errors.ts';
import { explainWriteError } from './atomic-file.ts';

/** One call of the system writes at most this much, so that closing never waits long. */
const WRITE_BYTES = 8 << 20;

/** A file of ascending records. */
export interface Run {
  readonly path: string;
  readonly byteLength: number;
}

/** The run files of one sort: hidden files `.NAME.run-N` in a folder. Knows every one that it began until it is removed. */
export class RunFiles {
  readonly #folder: string;
  readonly #name: string;
  readonly #paths = new Set<string>();
  readonly #handles = new Set<FileHandle>();
  #begun = 0;
  #isClosed = false;

  constructor(folder: string, name: string) {
    this.#folder = folder;
    this.#name = name;
  }

  /** Begins a run. What is written to it comes by `write` of the writer, and counts once `end` has resolved. */
  async begin(): Promise<RunWriter> {
    const path = join(this.#folder, `.${this.#name}.run-${this.#begun++}`);
    this.#paths.add(path);
    const handle = await this.#open(path, 'w');
    return new RunWriter(path, handle, () => this.#release(handle));
  }

  async read(run: Run): Promise<RunReader> {
    const handle = await this.#open(run.path, 'r');
    return new RunReader(run, handle, () => this.#release(handle));
  }

  async remove(path: string): Promise<void> {
    await rm(path, { force: true }).catch(explainWriteError(path));
    this.#paths.delete(path);
  }

  /** Closes what is open and removes every file. May be called again; what could not be removed is tried again then. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const closed = await Promise.allSettled(Array.from(this.#handles, (handle) => this.#release(handle)));
    for (const path of this.#paths) await this.remove(path);
    for (const outcome of closed) if (outcome.status === 'rejected') throw outcome.reason;
  }

  async #open(path: string, flags: 'r' | 'w'): Promise<FileHandle> {
    if (this.#isClosed) throw new Error('the external sort was closed');
    const handle = await open(path, flags).catch(explainWriteError(path));
    this.#handles.add(handle);
    // Closed while the file was being opened: nobody else would close this handle, or remove a file made so late.
    if (this.#isClosed) {
      await this.#release(handle);
      await this.remove(path);
      throw new Error('the external sort was closed');
    }
    return handle;
  }

  async #release(handle: FileHandle): Promise<void> {
    if (this.#handles.delete(handle)) await handle.close();
  }
}

/** Writes one run from its start to its end. */
export class RunWriter {
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #release: () => Promise<void>;
  #byteLength = 0;

  constructor(path: string, handle: FileHandle, release: () => Promise<void>) {
    this.#path = path;
    this.#handle = handle;
    this.#release = release;
  }

  /** Appends bytes; they may be changed once this has resolved. */
  async write(bytes: Uint8Array): Promise<void> {
    let written = 0;
    while (written < bytes.byteLength) {
      const length = Math.min(WRITE_BYTES, bytes.byteLength - written);
      const { bytesWritten } = await this.#handle
        .write(bytes, written, length, this.#byteLength)
        .catch(explainWriteError(this.#path));
      written += bytesWritten;
      this.#byteLength += bytesWritten;
    }
  }

  async end(): Promise<Run> {
    await this.#release().catch(explainWriteError(this.#path));
    return { path: this.#path, byteLength: this.#byteLength };
  }
}

/** Reads one run from its start to its end. */
export class RunReader {
  readonly path: string;
  readonly #byteLength: number;
  readonly #handle: FileHandle;
  readonly #release: () => Promise<void>;
  #position = 0;

  constructor(run: Run, handle: FileHandle, release: () => Promise<void>) {
    this.path = run.path;
    this.#byteLength = run.byteLength;
    this.#handle = handle;
    this.#release = release;
  }

  /**
   * Fills `block` as far as the run goes on; returns the number of bytes, 0 at the end.
   * @throws CurationError `BAD_INPUT` when the file is shorter than what was written to it.
   */
  async read(block: Uint8Array): Promise<number> {
    const path = this.path;
    const byteLength = this.#byteLength;
    const wanted = Math.min(block.byteLength, byteLength - this.#position);
    let filled = 0;
    while (filled < wanted) {
      const { bytesRead } = await this.#handle
        .read(block, filled, wanted - filled, this.#position)
        .catch(explainWriteError(path));
      if (bytesRead === 0) {
        throw new CurationError(
          'BAD_INPUT',
          `${path}: expected ${byteLength} bytes of sorted records, found ${this.#position}; the file was cut while it was in use`,
        );
      }
      filled += bytesRead;
      this.#position += bytesRead;
    }
    return filled;
  }

  async close(): Promise<void> {
    await this.#release();
  }
}
