import { once } from 'node:events';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Writable } from 'node:stream';
import xxhash from 'xxhash-wasm';
import { copyBytes } from '../columns/copy.ts';
import { explainWriteError, hiddenPathOf, makeDirectory, syncDirectory } from '../flow/atomic-file.ts';
import type { Assembler, Encoded } from '../formats/format.ts';
import type { Part } from '../report.ts';

/** Where encoded batches end up. Calls must not overlap. */
export interface Sink {
  readonly bytesWritten: number;
  append(encoded: Encoded): Promise<void>;
  /** Completes the last file. Without a row it still makes one file, so that the schema is not lost. */
  finish(): Promise<readonly Part[]>;
  /** Removes what is unfinished; finished parts stay. Safe after `finish`. */
  abandon(): Promise<void>;
}

export interface PartSinkOptions {
  /** Output directory; made when missing. */
  readonly directory: string;
  /** Folder below it and start of the names, for example `part-` or `ledger/part-`. */
  readonly prefix: string;
  readonly extension: string;
  /** A part ends with the batch that brings it to this many bytes. */
  readonly partBytes: number;
  readonly createAssembler: () => Assembler;
  readonly onPart?: (part: Part) => void;
}

/**
 * Writes numbered parts. A part is written under a hidden name, synced, and only then renamed, so a file under its final
 * name is complete whatever happens to the process.
 */
export async function createPartSink(options: PartSinkOptions): Promise<Sink> {
  const { directory, prefix, extension, partBytes, createAssembler, onPart } = options;
  const hasher = await xxhash();
  const folder = dirname(join(directory, prefix));
  await makeDirectory(folder).catch(explainWriteError(folder));
  const parts: Part[] = [];
  let bytesWritten = 0;
  let current: OpenPart | undefined;

  interface OpenPart {
    readonly name: string;
    readonly hiddenPath: string;
    readonly file: FileHandle;
    readonly assembler: Assembler;
    readonly hash: ReturnType<typeof hasher.create64>;
    rows: number;
    bytes: number;
  }

  async function openPart(): Promise<OpenPart> {
    const name = `${prefix}${String(parts.length).padStart(5, '0')}.${extension}`;
    const hiddenPath = hiddenPathOf(join(directory, name));
    const file = await open(hiddenPath, 'w').catch(explainWriteError(hiddenPath));
    const part = {
      name,
      hiddenPath,
      file,
      assembler: createAssembler(),
      hash: hasher.create64(),
      rows: 0,
      bytes: 0,
    };
    current = part;
    await write(part, part.assembler.start());
    return part;
  }

  async function write(part: OpenPart, chunks: readonly Uint8Array[]): Promise<void> {
    const filled = chunks.filter((chunk) => chunk.byteLength > 0);
    if (filled.length === 0) return;
    const byteLength = filled.reduce((sum, chunk) => sum + chunk.byteLength, 0);
    // The disk works while this thread hashes.
    const writing = writeAll(part.file, filled, byteLength).catch(explainWriteError(part.hiddenPath));
    writing.catch(() => {});
    for (const chunk of filled) hashChunk(part.hash, chunk);
    await writing;
    part.bytes += byteLength;
    bytesWritten += byteLength;
  }

  async function closePart(part: OpenPart): Promise<void> {
    await write(part, part.assembler.finish());
    await part.file.sync().catch(explainWriteError(part.hiddenPath));
    await part.file.close();
    const path = join(directory, part.name);
    await rename(part.hiddenPath, path).catch(explainWriteError(path));
    current = undefined;
    const xxh64 = part.hash.digest().toString(16).padStart(16, '0');
    const finished = { path: part.name, rows: part.rows, bytes: part.bytes, xxh64 };
    parts.push(finished);
    onPart?.(finished);
  }

  return {
    get bytesWritten() {
      return bytesWritten;
    },
    async append(encoded) {
      const part = current ?? (await openPart());
      part.rows += encoded.rowCount;
      await write(part, part.assembler.append(encoded));
      if (part.bytes >= partBytes) await closePart(part);
    },
    async finish() {
      if (current !== undefined || parts.length === 0) await closePart(current ?? (await openPart()));
      await syncDirectory(folder);
      return parts;
    },
    async abandon() {
      const part = current;
      current = undefined;
      if (part === undefined) return;
      await part.file.close().catch(() => {});
      await rm(part.hiddenPath, { force: true });
    },
  };
}

/** Writes one stream to somebody else's pipe or terminal, waiting whenever it is full. */
export function createStreamSink(stream: Writable, assembler: Assembler): Sink {
  let bytesWritten = 0;
  let rows = 0;
  let isStarted = false;
  // Held for the life of the sink: an error between two writes (the reader went away) must not be unhandled.
  let failure: Error | undefined;
  const onError = (error: Error): void => {
    failure = error;
  };
  stream.on('error', onError);

  async function write(chunks: readonly Uint8Array[]): Promise<void> {
    for (const chunk of chunks) {
      if (chunk.byteLength === 0) continue;
      if (failure !== undefined) throw failure;
      if (stream.destroyed) throw new ClosedPipe();
      bytesWritten += chunk.byteLength;
      if (stream.write(chunk)) continue;
      // A pipe that closes never drains.
      await Promise.race([once(stream, 'drain'), once(stream, 'close')]);
    }
  }

  async function start(): Promise<void> {
    if (isStarted) return;
    isStarted = true;
    await write(assembler.start());
  }

  return {
    get bytesWritten() {
      return bytesWritten;
    },
    async append(encoded) {
      await start();
      rows += encoded.rowCount;
      await write(assembler.append(encoded));
    },
    async finish() {
      await start();
      await write(assembler.finish());
      return [{ path: '-', rows, bytes: bytesWritten, xxh64: '' }];
    },
    async abandon() {},
  };
}

/** The reader of our output has gone away: the end of the work, not a failure of it. */
class ClosedPipe extends Error {
  override readonly name = 'ClosedPipe';
}

/** Whether an error says that whoever read our output has gone away. */
export function isClosedPipe(error: unknown): boolean {
  if (error instanceof ClosedPipe) return true;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED' || code === 'ERR_STREAM_PREMATURE_CLOSE';
}

/** Of shared memory piece by piece through this: the hash copies what it is given, and V8 copies shared memory slowly. */
const hashBuffer = new Uint8Array(256 * 1024);

function hashChunk(hash: { update(input: Uint8Array): unknown }, chunk: Uint8Array): void {
  if (chunk.buffer instanceof ArrayBuffer) {
    hash.update(chunk);
    return;
  }
  for (let start = 0; start < chunk.length; start += hashBuffer.length) {
    const piece = chunk.subarray(start, start + hashBuffer.length);
    copyBytes(piece, hashBuffer, 0);
    hash.update(hashBuffer.subarray(0, piece.length));
  }
}

async function writeAll(file: FileHandle, chunks: readonly Uint8Array[], byteLength: number): Promise<void> {
  const { bytesWritten } = await file.writev(chunks);
  if (bytesWritten === byteLength) return;
  // A short write: the remainder as one piece.
  const remainder = Buffer.concat(chunks).subarray(bytesWritten);
  for (let done = 0; done < remainder.length; ) {
    done += (await file.write(remainder, done)).bytesWritten;
  }
}
