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
  /** Of its file in the folder; nothing else may have it. */
  readonly name: string;
  readonly recordBytes: number;
  /** About what a reader holds; a record at least. */
  readonly memoryBytes: number;
}

/** Records of one size, written to disk one after another and read back in the same order, as often as needed. */
export class RecordSpool implements RecordSink {
  /** Records held. */
  count = 0;
  private readonly path: string;
  private readonly recordBytes: number;
  private readonly blockRecords: number;
  private file: FileHandle | undefined;

  constructor({ folder, name, recordBytes, memoryBytes }: RecordSpoolOptions) {
    this.path = join(folder, name);
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

  /** What was added, in blocks of whole records. A block is valid until the next one is asked for. */
  async *read(): AsyncGenerator<Uint8Array, void, undefined> {
    const { file, path, recordBytes, blockRecords } = this;
    if (file === undefined) return;
    const block = new Uint8Array(Math.min(blockRecords, this.count) * recordBytes);
    const end = this.count * recordBytes;
    for (let position = 0; position < end; ) {
      const size = Math.min(block.length, end - position);
      for (let at = 0; at < size; ) {
        const { bytesRead } = await file.read(block, at, size - at, position + at);
        if (bytesRead === 0) {
          throw new CurationError(
            'BAD_OUTPUT',
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

/** Collects records that come one by one and hands them on by the block. */
export class RecordWriter {
  /** Write a record from {@link take}, before the next call. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  private readonly sink: RecordSink;
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
