import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CurationError } from '../errors.ts';
import { explainWriteError } from './atomic-file.ts';

/** Where records go. */
export interface RecordSink {
  /** Takes whole records; they may be overwritten once the promise is fulfilled. */
  add(records: Uint8Array): Promise<void>;
}

/** What a spool is made for. */
export interface RecordSpoolOptions {
  readonly folder: string;
  /** Of its file, `.NAME.spool`, in the folder; no other spool there may have it. */
  readonly name: string;
  readonly recordBytes: number;
  /** About what a reader holds; a record at least. */
  readonly memoryBytes: number;
}

/** Records of one size, written to disk one after another and read back in the same order, as often as needed. */
export class RecordSpool implements RecordSink {
  /** Records held. */
  count = 0;
  readonly path: string;
  readonly recordBytes: number;
  private readonly blockRecords: number;
  private file: FileHandle | undefined;

  constructor({ folder, name, recordBytes, memoryBytes }: RecordSpoolOptions) {
    this.path = join(folder, `.${name}.spool`);
    this.recordBytes = recordBytes;
    this.blockRecords = Math.max(1, Math.floor(Math.min(memoryBytes, MOST_BLOCK) / recordBytes));
  }

  /** @throws CurationError `BAD_OUTPUT` if they cannot be written. */
  async add(records: Uint8Array): Promise<void> {
    if (records.length === 0) return;
    try {
      this.file ??= await open(this.path, 'wx+');
      // A write may be short where the disk is nearly full; the rest then says why.
      for (let at = 0; at < records.length; ) {
        const position = this.count * this.recordBytes + at;
        at += (await this.file.write(records, at, records.length - at, position)).bytesWritten;
      }
    } catch (error) {
      explainWriteError(this.path)(error);
    }
    this.count += records.length / this.recordBytes;
  }

  /**
   * What was added from record `first` on, in blocks of whole records. A block is valid until the next one is asked for.
   * @throws CurationError `BAD_INPUT` if somebody else has cut the file.
   */
  async *read(first = 0): AsyncGenerator<Uint8Array, void, undefined> {
    const { file, path, recordBytes, blockRecords } = this;
    if (file === undefined) return;
    const block = new Uint8Array(Math.min(blockRecords, this.count - first) * recordBytes);
    const end = this.count * recordBytes;
    for (let position = first * recordBytes; position < end; ) {
      const size = Math.min(block.length, end - position);
      for (let at = 0; at < size; ) {
        const { bytesRead } = await file.read(block, at, size - at, position + at);
        if (bytesRead === 0) {
          throw new CurationError(
            'BAD_INPUT',
            `${path}: expected ${end} bytes, found ${position + at}; somebody else wrote to it`,
          );
        }
        at += bytesRead;
      }
      position += size;
      yield block.subarray(0, size);
    }
  }

  /** Removes its file; safe twice. A spool that was closed is empty and can be added to again. */
  async close(): Promise<void> {
    const { file } = this;
    this.file = undefined;
    this.count = 0;
    if (file === undefined) return;
    await file.close();
    await rm(this.path, { force: true });
  }
}

/** Larger reads are not faster. */
const MOST_BLOCK = 2 ** 20;

/** Goes over a spool whose records ascend by a number of 32 bits, highest byte first. */
export class RecordCursor {
  /** After a seek that found: the record is in `block` from `at`. */
  block: Uint8Array = new Uint8Array(0);
  at = 0;
  private readonly blocks: AsyncGenerator<Uint8Array, void, undefined>;
  private readonly path: string;
  private readonly recordBytes: number;
  private readonly keyOffset: number;
  private view: DataView = new DataView(this.block.buffer);

  /** @param keyOffset where in a record the number is. */
  constructor(spool: RecordSpool, keyOffset: number) {
    this.blocks = spool.read();
    this.path = spool.path;
    this.recordBytes = spool.recordBytes;
    this.keyOffset = keyOffset;
  }

  /** Moves on to the record with a number, not below that of the last call; false if it is not in this block. */
  seek(key: number): boolean {
    const { view, recordBytes, keyOffset } = this;
    for (; this.at < view.byteLength; this.at += recordBytes) {
      if (view.getUint32(this.at + keyOffset) === key) return true;
    }
    return false;
  }

  /**
   * Moves on to the next block.
   * @throws CurationError `BAD_INPUT` at the end: who asks knows that the record was added.
   */
  async advance(): Promise<void> {
    const { value } = await this.blocks.next();
    if (value === undefined) {
      throw new CurationError(
        'BAD_INPUT',
        `${this.path}: expected a record that was written to it, found the end; somebody else wrote to it`,
      );
    }
    this.block = value;
    this.view = new DataView(value.buffer, value.byteOffset, value.byteLength);
    this.at = 0;
  }

  async close(): Promise<void> {
    await this.blocks.return();
  }
}

/** Goes over records one by one, of a spool or of a sort. */
export class RecordReader {
  /** The block, and where in it the record is. */
  view: DataView = new DataView(new ArrayBuffer(0));
  at = 0;
  private readonly blocks: AsyncGenerator<Uint8Array, void, undefined>;
  private readonly recordBytes: number;

  constructor(blocks: AsyncGenerator<Uint8Array, void, undefined>, recordBytes: number) {
    this.blocks = blocks;
    this.recordBytes = recordBytes;
    this.at = -recordBytes;
  }

  /** Moves on to the next record of the block; false at the block's end. */
  next(): boolean {
    this.at += this.recordBytes;
    return this.at < this.view.byteLength;
  }

  /** Moves on to the first record of the next block; false at the end of all. */
  async advance(): Promise<boolean> {
    const { value } = await this.blocks.next();
    if (value === undefined) return false;
    this.view = new DataView(value.buffer, value.byteOffset, value.byteLength);
    this.at = 0;
    return true;
  }

  async close(): Promise<void> {
    await this.blocks.return();
  }
}

/** Collects records that come one by one and hands them on by the block. */
export class RecordWriter {
  /** Write a record from {@link take}, before the next call. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Where records go; to be changed when nothing is taken that was not handed on. */
  sink: RecordSink;
  private readonly recordBytes: number;
  private used = 0;

  /** @param memoryBytes about what it holds; `atOnce` records at least. */
  constructor(sink: RecordSink, recordBytes: number, memoryBytes: number, atOnce = 1) {
    this.sink = sink;
    this.recordBytes = recordBytes;
    const records = Math.max(atOnce, Math.floor(Math.min(memoryBytes, WRITER_BYTES) / recordBytes));
    this.bytes = new Uint8Array(records * recordBytes);
    this.view = new DataView(this.bytes.buffer);
  }

  /** Whether `records` can be taken without a {@link flush}. */
  hasRoom(records: number): boolean {
    return this.used + records * this.recordBytes <= this.bytes.length;
  }

  /** Where in {@link bytes} the next record is to be written. */
  take(): number {
    const at = this.used;
    this.used += this.recordBytes;
    return at;
  }

  /** Hands on what was taken. */
  async flush(): Promise<void> {
    const { used } = this;
    this.used = 0;
    await this.sink.add(this.bytes.subarray(0, used));
  }
}

const WRITER_BYTES = 2 ** 18;
