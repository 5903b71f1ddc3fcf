import { basename } from 'node:path';
import { type Run, RunFiles, type RunReader } from './external-sort-files.ts';
import { Merge } from './external-sort-merge.ts';
import { RadixSort } from './external-sort-radix.ts';

export interface ExternalSortOptions {
  /** Where the run files are made; it must exist. */
  readonly folder: string;
  /** A part of the names of the files: tells the sorts of one folder apart. */
  readonly name: string;
  /** Length of every record; a multiple of 4. */
  readonly recordBytes: number;
  /** Records are ordered by their first `keyBytes`, compared as unsigned bytes (memcmp); a multiple of 4. */
  readonly keyBytes: number;
  /** Bound of the memory for records, at least 64 records. More than 4 GiB is not used. */
  readonly memoryBytes: number;
}

/** Longer records are not moved to sort them, but what stands for them: a part of the key and the record's number. */
const MAX_MOVED_BYTES = 48;
/** An entry that stands for a record: the next two words of the key and the number of the record. */
const ENTRY_WORDS = 3;
const ENTRY_BYTES = ENTRY_WORDS * 4;
/** What is given out and written at a time. */
const BLOCK_BYTES = 1 << 20;
/** Blocks of runs are read whole; shorter ones cost more calls than the reading itself. */
const SHORT_BLOCK_BYTES = 64 << 10;
/** So many runs are merged even where memory makes their blocks short: every round more reads and writes everything. */
const MIN_FAN_IN = 8;
/** Every run of a merge is an open file. */
const MAX_FAN_IN = 128;
/** One typed array. */
const MAX_ARRAY_BYTES = 2 ** 31;
/** An `add` of at most this much is copied before it returns, also where a run has to be written in its middle. */
const COPIED_AT_ONCE_BYTES = 1 << 20;

/**
 * Sorts any number of records of one size in bounded memory, stable: records with equal keys keep the order in which
 * they were added. What fits the memory never touches the disk; else sorted runs are written to files and merged.
 *
 * ```
 *  add ---> [ records ]  full: sorted with the help of [ scratch ], written as a run
 *                        while merging: one block of each run
 *           [ scratch ]  also holds the block that is given out or written
 * ```
 *
 * Memory: `memoryBytes`, taken when the first record is added (the system gives its pages as they are used), and at most
 * 1 MiB plus 64 KiB for each 4 bytes of key. Disk: as much as was added, at most twice that while runs are merged
 * because there are too many of them for one merge.
 */
export class ExternalSort {
  readonly #recordBytes: number;
  readonly #keyBytes: number;
  /** Whether the records themselves are moved to sort them. */
  readonly #isMoving: boolean;
  readonly #capacity: number;
  readonly #blockBytes: number;
  readonly #files: RunFiles;
  readonly #radix: RadixSort;
  #runs: Run[] = [];
  #records = new Uint8Array(0);
  #scratch = new Uint8Array(0);
  /** What one `add` of at most `COPIED_AT_ONCE_BYTES` left over, until the run before it is written. */
  #overflow = new Uint8Array(0);
  #buffered = 0;
  #count = 0;
  #state: 'adding' | 'sorting' | 'closed' = 'adding';
  /** What is under way; `close` waits for it. */
  #work: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  /** @throws RangeError when an option is not what its description says. */
  constructor(options: ExternalSortOptions) {
    const { folder, name, recordBytes, keyBytes, memoryBytes } = options;
    checkOptions(options);
    this.#recordBytes = recordBytes;
    this.#keyBytes = keyBytes;
    this.#isMoving = recordBytes <= MAX_MOVED_BYTES;
    const memory = Math.min(memoryBytes, 2 * MAX_ARRAY_BYTES);
    const records = Math.floor(Math.min(BLOCK_BYTES, memory / 8) / recordBytes);
    this.#blockBytes = Math.max(1, records) * recordBytes;
    const capacity = this.#isMoving
      ? memory / 2 / recordBytes
      : (memory - this.#blockBytes) / (recordBytes + 2 * ENTRY_BYTES);
    this.#capacity = Math.floor(Math.min(capacity, MAX_ARRAY_BYTES / recordBytes));
    this.#files = new RunFiles(folder, name);
    this.#radix = this.#isMoving
      ? new RadixSort(recordBytes / 4, keyBytes / 4)
      : new RadixSort(ENTRY_WORDS, Math.min(2, keyBytes / 4));
  }

  /** How many records were added. */
  get count(): number {
    return this.#count;
  }

  /**
   * Adds whole records; resolves when there is room for more. One call at a time. Up to 1 MiB is copied before this
   * returns; more than that must stay as it is until this has resolved.
   * @throws CurationError `BAD_OUTPUT` when a run cannot be written. The sort can then only be closed.
   */
  add(records: Uint8Array): Promise<void> {
    return this.#run(() => this.#add(records), 'adding');
  }

  /**
   * All records, ascending, in blocks of whole records; a block is used again after the next one is asked for. May be
   * asked for once, when the last `add` has resolved; nothing can be added afterwards. The files are gone when it ends.
   * @throws CurationError `BAD_OUTPUT` when a file cannot be written or read, `BAD_INPUT` when one was cut or changed.
   */
  async *sorted(): AsyncGenerator<Uint8Array> {
    this.#checkState('adding');
    this.#state = 'sorting';
    try {
      if (this.#runs.length === 0) yield* this.#sortedInMemory();
      else yield* this.#sortedByMerge();
    } finally {
      await this.close();
    }
  }

  /**
   * Removes the files and lets the memory go, after what is under way has ended. May be called again, and after a
   * failure; a loop over `sorted` that goes on after it fails.
   */
  async close(): Promise<void> {
    this.#state = 'closed';
    // How it ended was told to whoever asked for it.
    await this.#work?.catch(() => {});
    this.#records = new Uint8Array(0);
    this.#scratch = new Uint8Array(0);
    this.#overflow = new Uint8Array(0);
    this.#runs = [];
    await this.#files.close();
  }

  /** Does one thing at a time, and nothing after a failure or in another state. */
  async #run(task: () => Promise<void>, state: 'adding' | 'sorting'): Promise<void> {
    this.#checkState(state);
    this.#work = task();
    try {
      await this.#work;
    } catch (error) {
      this.#failure = { error };
      throw error;
    } finally {
      this.#work = undefined;
    }
  }

  #checkState(state: 'adding' | 'sorting'): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    this.#checkOpen();
    if (this.#state !== state) throw new Error('the external sort was asked for its records before');
    if (this.#work !== undefined) throw new Error('the external sort is still busy with the call before');
  }

  /** Also between the parts of long work, so that `close` need not wait for all of it. */
  #checkOpen(): void {
    if (this.#state === 'closed') throw new Error('the external sort was closed');
  }

  async #add(records: Uint8Array): Promise<void> {
    const recordBytes = this.#recordBytes;
    if (records.byteLength % recordBytes !== 0) {
      throw new RangeError(
        `expected whole records of ${recordBytes} bytes, found ${records.byteLength} bytes`,
      );
    }
    if (records.byteLength === 0) return;
    this.#allocate();
    let rest = this.#take(records);
    if (rest.byteLength > 0 && rest.byteLength <= COPIED_AT_ONCE_BYTES) rest = this.#copyOverflow(rest);
    while (rest.byteLength > 0) {
      this.#checkOpen();
      await this.#writeRun();
      rest = this.#take(rest);
    }
  }

  /** Always to the same memory: a new copy for each run would be held until the garbage collector finds it. */
  #copyOverflow(rest: Uint8Array): Uint8Array {
    if (this.#overflow.byteLength === 0) this.#overflow = new Uint8Array(COPIED_AT_ONCE_BYTES);
    this.#overflow.set(rest);
    return this.#overflow.subarray(0, rest.byteLength);
  }

  /** Copies what there is room for; returns the rest. */
  #take(records: Uint8Array): Uint8Array {
    const recordBytes = this.#recordBytes;
    const taken = Math.min(records.byteLength / recordBytes, this.#capacity - this.#buffered);
    this.#records.set(records.subarray(0, taken * recordBytes), this.#buffered * recordBytes);
    this.#buffered += taken;
    this.#count += taken;
    return records.subarray(taken * recordBytes);
  }

  #allocate(): void {
    if (this.#records.byteLength > 0) return;
    const scratchBytes = this.#isMoving
      ? this.#capacity * this.#recordBytes
      : this.#capacity * 2 * ENTRY_BYTES + this.#blockBytes;
    this.#records = new Uint8Array(this.#capacity * this.#recordBytes);
    this.#scratch = new Uint8Array(scratchBytes);
  }

  async #writeRun(): Promise<void> {
    const writer = await this.#files.begin();
    for (const block of this.#sortedBuffer()) await writer.write(block);
    this.#runs.push(await writer.end());
    this.#buffered = 0;
  }

  async *#sortedInMemory(): AsyncGenerator<Uint8Array> {
    if (this.#buffered === 0) return;
    for (const block of this.#sortedBuffer()) {
      yield block;
      this.#checkState('sorting');
    }
  }

  async *#sortedByMerge(): AsyncGenerator<Uint8Array> {
    await this.#run(async () => {
      if (this.#buffered > 0) await this.#writeRun();
      await this.#mergeToFewer();
    }, 'sorting');
    const readers = await this.#open(this.#runs);
    const merge = this.#merge(readers);
    const block = words(this.#scratch, 0, this.#blockBytes);
    while (true) {
      let filled = 0;
      await this.#run(async () => {
        filled = await merge.fill(block);
      }, 'sorting');
      if (filled === 0) return;
      yield this.#scratch.subarray(0, filled * 4);
    }
  }

  /** Merges runs to longer ones until one merge can take all. Neighbours only, so that equal keys keep their order. */
  async #mergeToFewer(): Promise<void> {
    const fanIn = this.#fanIn();
    let first = 0;
    while (this.#runs.length > fanIn) {
      // No more than needed: fewer runs than this would read and write records once more for nothing.
      const length = Math.min(fanIn, this.#runs.length - fanIn + 1, this.#runs.length - first);
      if (length < 2) {
        first = 0;
        continue;
      }
      const merged = this.#runs.slice(first, first + length);
      const readers = await this.#open(merged);
      const merge = this.#merge(readers);
      const writer = await this.#files.begin();
      const block = words(this.#scratch, 0, this.#blockBytes);
      let filled = await merge.fill(block);
      while (filled > 0) {
        this.#checkOpen();
        await writer.write(this.#scratch.subarray(0, filled * 4));
        filled = await merge.fill(block);
      }
      this.#runs.splice(first, length, await writer.end());
      for (const reader of readers) await reader.close();
      for (const run of merged) await this.#files.remove(run.path);
      first++;
    }
  }

  #fanIn(): number {
    const bytes = this.#records.byteLength;
    const wished = Math.min(MAX_FAN_IN, Math.max(MIN_FAN_IN, Math.floor(bytes / SHORT_BLOCK_BYTES)));
    return Math.max(2, Math.min(wished, this.#capacity));
  }

  async #open(runs: readonly Run[]): Promise<RunReader[]> {
    const readers: RunReader[] = [];
    for (const run of runs) readers.push(await this.#files.read(run));
    return readers;
  }

  #merge(readers: readonly RunReader[]): Merge {
    return new Merge(readers, this.#records, this.#recordBytes / 4, this.#keyBytes / 4);
  }

  /** Sorts what is buffered; blocks of it, ascending. Each is used again for the next. */
  *#sortedBuffer(): Generator<Uint8Array> {
    const end = this.#buffered * this.#recordBytes;
    if (this.#isMoving) {
      const records = words(this.#records, 0, this.#records.byteLength);
      this.#radix.sort(records, words(this.#scratch, 0, this.#scratch.byteLength), 0, this.#buffered);
      for (let start = 0; start < end; start += this.#blockBytes) {
        yield this.#records.subarray(start, Math.min(end, start + this.#blockBytes));
      }
      return;
    }
    const entries = this.#sortEntries();
    const block = words(this.#scratch, 0, this.#blockBytes);
    const perBlock = this.#blockBytes / this.#recordBytes;
    for (let first = 0; first < this.#buffered; first += perBlock) {
      const last = Math.min(this.#buffered, first + perBlock);
      this.#gather(entries, first, last, block);
      yield this.#scratch.subarray(0, (last - first) * this.#recordBytes);
    }
  }

  /** Sorts entries that stand for the buffered records. */
  #sortEntries(): Uint32Array {
    const bytes = this.#capacity * ENTRY_BYTES;
    const entries = words(this.#scratch, this.#blockBytes, bytes);
    const spare = words(this.#scratch, this.#blockBytes + bytes, bytes);
    // All indexes are inside: entries has room for `#capacity` records, and no more are buffered.
    for (let record = 0; record < this.#buffered; record++) entries[record * ENTRY_WORDS + 2] = record;
    this.#sortEntryRange(entries, spare, 0, this.#buffered, 0);
    return entries;
  }

  /** Sorts entries whose records agree in the key before `keyWord`: by two words, then equal ones by the words after. */
  #sortEntryRange(
    entries: Uint32Array,
    spare: Uint32Array,
    start: number,
    end: number,
    keyWord: number,
  ): void {
    const recordWords = this.#recordBytes / 4;
    const keyWords = this.#keyBytes / 4;
    const records = words(this.#records, 0, this.#records.byteLength);
    const hasSecond = keyWord + 1 < keyWords;
    for (let entry = start * ENTRY_WORDS; entry < end * ENTRY_WORDS; entry += ENTRY_WORDS) {
      const key = entries[entry + 2]! * recordWords + keyWord;
      entries[entry] = records[key]!;
      entries[entry + 1] = hasSecond ? records[key + 1]! : 0;
    }
    this.#radix.sort(entries, spare, start, end);
    if (keyWord + 2 >= keyWords) return;
    let first = start;
    for (let next = start + 1; next <= end; next++) {
      const a = first * ENTRY_WORDS;
      const b = next * ENTRY_WORDS;
      if (next < end && entries[a] === entries[b] && entries[a + 1] === entries[b + 1]) continue;
      if (next - first > 1) this.#sortEntryRange(entries, spare, first, next, keyWord + 2);
      first = next;
    }
  }

  #gather(entries: Uint32Array, first: number, last: number, block: Uint32Array): void {
    const recordWords = this.#recordBytes / 4;
    const records = words(this.#records, 0, this.#records.byteLength);
    let write = 0;
    // Entries hold numbers of buffered records; `block` has room for `last - first` records.
    for (let entry = first; entry < last; entry++) {
      const read = entries[entry * ENTRY_WORDS + 2]! * recordWords;
      for (let word = 0; word < recordWords; word++) block[write + word] = records[read + word]!;
      write += recordWords;
    }
  }
}

function words(bytes: Uint8Array, byteOffset: number, byteLength: number): Uint32Array {
  return new Uint32Array(bytes.buffer, bytes.byteOffset + byteOffset, byteLength / 4);
}

function checkOptions({ name, recordBytes, keyBytes, memoryBytes }: ExternalSortOptions): void {
  if (name === '' || basename(name) !== name)
    throw new RangeError(`name: expected a part of a file name, found "${name}"`);
  if (!Number.isInteger(keyBytes / 4) || keyBytes < 4) {
    throw new RangeError(`keyBytes: expected a positive multiple of 4, found ${keyBytes}`);
  }
  if (!Number.isInteger(recordBytes / 4) || recordBytes < keyBytes) {
    throw new RangeError(`recordBytes: expected a multiple of 4, at least keyBytes, found ${recordBytes}`);
  }
  if (!(memoryBytes >= 64 * recordBytes)) {
    throw new RangeError(
      `memoryBytes: expected room for 64 records (${64 * recordBytes}), found ${memoryBytes}`,
    );
  }
}
