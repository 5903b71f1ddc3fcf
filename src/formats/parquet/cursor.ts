import { CurationError } from '../../errors.ts';
import { Damage, type RowRange } from './damage.ts';
import type { OpenFile } from './files.ts';
import type { ChunkPlan, PagePlace, ParquetMorsel } from './morsel.ts';
import { BLOCK, loadDictionary, openPage, type PageBody, readHeader } from './page-body.ts';
import { ENCODING, type PageHeader } from './page-header.ts';
import { givePageMemory, takePageMemory } from './page-memory.ts';
import { type LeafSink, MAX_OFFSET } from './sink.ts';
import { type Dictionary, isTextRange } from './values.ts';

/** Rows that cannot be read, and why; `rows`, if known, are all those of the page that is lost. */
export class RowError extends CurationError {
  readonly rows: RowRange | undefined;

  constructor(
    code: CurationError['code'],
    message: string,
    rows: RowRange | undefined,
    options: ErrorOptions,
  ) {
    super(code, message, options);
    this.rows = rows;
  }
}

/** Failures of pages, by file and offset, so that a damaged page is read once however many of its rows are asked for. */
const failures = new Map<string, unknown>();
const MAX_FAILURES = 1024;

/** A page too large to be decompressed twice for a batch: it comes to this part of what the batch may hold, or more. */
const LARGE_PART = 1 / 8;

/**
 * Reads the rows of one column chunk forwards, page by page, into a sink. It may start at any page whose place is known.
 * Going backwards inside the page it stands in costs no more than passing values; further back it starts again from a
 * known page. Nothing of the chunk is held but the page it stands in and the dictionary.
 */
export class ColumnCursor {
  /** Where the dictionary page was found, once it was. */
  dictionaryOffset: number | undefined;
  /** First row that the last `append` did not finish. */
  rowsDone = 0;
  #dictionary: Dictionary | undefined;
  readonly #file: OpenFile;
  readonly #chunk: ChunkPlan;
  readonly #where: string;
  readonly #limit: number;
  readonly #rowGroupRows: number;
  /** Where it starts again when a row before its page is asked for. */
  #origin: PagePlace;
  /** The page the cursor stands in, or will open next. */
  #place: PagePlace;
  #header: PageHeader | undefined;
  #body: PageBody | undefined;
  /** Entries of the page not yet in a block, and rows begun in all. */
  #left = 0;
  #row: number;
  /** True if the next entry, whatever the page, must begin a row. */
  #atRowEnd: boolean;
  readonly #defs: Uint8Array;
  readonly #reps: Uint8Array;
  #blockAt = 0;
  #blockEnd = 0;
  #kept: Uint8Array<ArrayBuffer> = new Uint8Array(0);

  constructor(file: OpenFile, morsel: ParquetMorsel, chunk: ChunkPlan) {
    const { column } = chunk;
    this.#file = file;
    this.#chunk = chunk;
    this.#where = `${morsel.path}: row group ${morsel.rowGroup}, column "${column.path}"`;
    this.#limit = morsel.footerStart;
    this.#rowGroupRows = morsel.rowGroupRows;
    this.#origin = chunk.start;
    this.#place = chunk.start;
    this.#row = chunk.start.row;
    this.dictionaryOffset = chunk.dictionaryOffset;
    this.#defs = new Uint8Array(column.maxDefinition > 0 ? BLOCK : 0);
    this.#reps = new Uint8Array(column.maxRepetition > 0 ? BLOCK : 0);
    this.#atRowEnd = column.maxRepetition === 0;
  }

  /** Bytes this cursor holds between morsels. */
  get keptBytes(): number {
    return this.#kept.length + (this.#dictionary === undefined ? 0 : this.#dictionary.sink.cost) + 2 * BLOCK;
  }

  /** A page at or before `row`, which is not before the start of the last `append`: the one it stands in if it can be. */
  placeBefore(row: number): PagePlace {
    return this.#place.row <= row ? this.#place : this.#origin;
  }

  /** Makes ready for a morsel from `row` on: at the page its plan names, unless the cursor stands between that page and the row. */
  moveTo({ start, dictionaryOffset }: ChunkPlan, row: number): void {
    this.dictionaryOffset ??= dictionaryOffset;
    this.#origin = start;
    if (this.#place.offset < start.offset) this.#restart(start);
    else this.#goBackTo(row);
  }

  /**
   * Bytes that a row takes in a sink, judged by the page the cursor stands in or will open next. Where that cannot be
   * read it is 0: whoever asks for its rows is told why.
   */
  get rowBytes(): number {
    const { column, entryCount } = this.#chunk;
    const header = this.#peek();
    if (header === undefined) return 0;
    const levels = column.maxDefinition > 0 ? 1 : 0;
    const value = column.width > 0 ? column.width : this.#valueBytes(header);
    return ((value + levels) * entryCount) / Math.max(1, this.#rowGroupRows);
  }

  /** Bytes of a value that has its own length, with its offset: a plain page has four bytes of length in the offset's place. */
  #valueBytes({ encoding, decodedLength, entryCount }: PageHeader): number {
    const { plainDictionary, rleDictionary } = ENCODING;
    const dictionary = this.#dictionary;
    if (dictionary !== undefined && (encoding === plainDictionary || encoding === rleDictionary)) {
      return dictionary.sink.byteLength / Math.max(1, dictionary.count) + 4;
    }
    return decodedLength / Math.max(1, entryCount);
  }

  /**
   * The row that ends the page the cursor stands in or will open next, if the page is large beside `byteLimit`. Rows asked
   * for up to there and no further leave the cursor where it can go back without decompressing the page again.
   */
  largePageEnd(byteLimit: number): number {
    const header = this.#peek();
    if (header === undefined || header.decodedLength < byteLimit * LARGE_PART)
      return Number.POSITIVE_INFINITY;
    const isFlat = this.#chunk.column.maxRepetition === 0;
    const rows = isFlat ? header.entryCount : this.#body?.rowCount;
    return rows === undefined ? Number.POSITIVE_INFINITY : this.#place.row + rows;
  }

  /** Header of the page the cursor stands in or will open next; undefined where there is none that can be read. */
  #peek(): PageHeader | undefined {
    if (this.#header === undefined && this.#place.entry < this.#chunk.entryCount) {
      try {
        this.#findPage();
      } catch (error) {
        if (error instanceof CurationError) return undefined;
        throw error;
      }
    }
    return this.#header;
  }

  /** Leaves the rows from `row` on to be read again, if it is past it. */
  #goBackTo(row: number): void {
    if (this.#row <= row) return;
    if (this.#place.row <= row && this.#body !== undefined) this.#rewind();
    else this.#restart(this.#origin);
  }

  /** Goes back to the first entry of the page it stands in, which is still decoded. */
  #rewind(): void {
    const { header, body } = { header: this.#header, body: this.#body! };
    this.#restart(this.#place);
    this.#header = header;
    this.#body = body;
    for (const reader of [body.defs, body.reps, body.values]) reader?.rewind();
  }

  #restart(place: PagePlace): void {
    this.#place = place;
    this.#row = place.row;
    this.#header = undefined;
    this.#body = undefined;
    this.#left = 0;
    this.#blockAt = 0;
    this.#blockEnd = 0;
    // A page may begin inside a row: what is left of that row is passed before the next one begins.
    this.#atRowEnd = this.#chunk.column.maxRepetition === 0;
  }

  /**
   * Adds the rows `start` to `end` to the sink. False if the sink would hold more than `limit` bytes; then, as after an
   * error, the sink has to be truncated by the caller. `rowsDone` says how far it came.
   */
  append(sink: LeafSink, start: number, end: number, limit: number): boolean {
    this.#goBackTo(start);
    try {
      this.#consume(undefined, start, 0);
    } catch (error) {
      const described = this.#describe(error);
      this.#restart(this.#origin);
      throw described;
    }
    this.#origin = this.#place;
    // Its copy stays as it is until another page is kept.
    const first = { header: this.#header, body: this.#isKept() ? this.#body : undefined };
    try {
      const fits = this.#consume(sink, end, limit);
      this.rowsDone = this.#row;
      if (!fits) this.#undo(first);
      this.#keep();
      return fits;
    } catch (error) {
      const described = this.#describe(error);
      this.#undo(first);
      this.#keep();
      throw described;
    }
  }

  /** Goes back to the page in which the last `append` began. */
  #undo(first: { readonly header: PageHeader | undefined; readonly body: PageBody | undefined }): void {
    // Told by the entries before it, because the place of a page moves on when a dictionary page is passed.
    if (this.#place.entry !== this.#origin.entry || this.#body === undefined) {
      this.#restart(this.#origin);
      if (first.body === undefined) return;
      this.#header = first.header;
      this.#body = first.body;
    }
    this.#rewind();
  }

  /** Where the page begins that holds the start of `row`. Planning only; rows must be asked for in ascending order. */
  placeOf(row: number): PagePlace {
    try {
      for (;;) {
        const { place, rowCount } = this.#measure();
        if (row < place.row + rowCount) return place;
        this.#skipPage(rowCount);
      }
    } catch (error) {
      throw this.#describe(error);
    }
  }

  /**
   * The row, at least `least`, where a page begins and that leaves nearest to `byteLength` decoded bytes of pages behind
   * the last such row. A page is never cut: each part would decompress all of it.
   */
  rowAfter(byteLength: number, least: number): number {
    try {
      let seen = 0;
      while (this.#place.entry < this.#chunk.entryCount) {
        const { place, rowCount } = this.#measure();
        const { decodedLength } = this.#header!;
        if (place.row >= least && seen + decodedLength / 2 >= byteLength) return place.row;
        seen += decodedLength;
        this.#skipPage(rowCount);
      }
      return this.#rowGroupRows;
    } catch (error) {
      throw this.#describe(error);
    }
  }

  /** The next data page and the rows that begin in it; its levels are read only where rows repeat. */
  #measure(): { place: PagePlace; rowCount: number } {
    if (this.#place.entry >= this.#chunk.entryCount) {
      throw new Damage(`expected ${this.#rowGroupRows} rows, found ${this.#row}`);
    }
    this.#findPage();
    const header = this.#header!;
    if (this.#chunk.column.maxRepetition === 0) return { place: this.#place, rowCount: header.entryCount };
    this.#body ??= this.#open();
    return { place: this.#place, rowCount: this.#body.rowCount };
  }

  /** Copies what is left of the page, because the codec's memory goes to the next column. */
  #keep(): void {
    const body = this.#body;
    if (body === undefined) {
      this.#giveUp();
      return;
    }
    if (this.#isKept()) return;
    const { bytes } = body;
    if (bytes.length > this.#kept.length) {
      this.#giveUp();
      this.#kept = takePageMemory(bytes.length);
    }
    this.#kept.set(bytes);
    const copy = this.#kept.subarray(0, bytes.length);
    for (const reader of [body.defs, body.reps, body.values]) {
      if (reader !== undefined && reader.bytes === bytes) reader.bytes = copy;
    }
    this.#body = { ...body, bytes: copy };
  }

  #giveUp(): void {
    givePageMemory(this.#kept);
    this.#kept = new Uint8Array(0);
  }

  #isKept(): boolean {
    return this.#body?.bytes.buffer === this.#kept.buffer;
  }

  /** Reads on until `target` rows have begun and the last of them is complete; without a sink it skips. */
  #consume(sink: LeafSink | undefined, target: number, limit: number): boolean {
    const { maxRepetition, maxDefinition } = this.#chunk.column;
    for (;;) {
      if (this.#blockAt === this.#blockEnd && this.#left === 0) {
        if (this.#row >= target && this.#atRowEnd) return true;
        if (this.#place.entry >= this.#chunk.entryCount && this.#header === undefined) {
          if (this.#row < target) {
            const missing = { start: this.#row, end: this.#rowGroupRows };
            throw new Damage(`expected ${this.#rowGroupRows} rows, found ${this.#row}`, missing);
          }
          this.#atRowEnd = true;
          return true;
        }
        this.#nextPage(sink === undefined ? target : 0);
        continue;
      }
      if (maxDefinition === 0 && maxRepetition === 0) {
        const n = Math.min(target - this.#row, this.#left);
        if (n <= 0) return true;
        if (!this.#emit(sink, 0, n, limit)) return false;
        this.#row += n;
        this.#left -= n;
        this.#leavePage();
        continue;
      }
      this.#fillBlock();
      const from = this.#blockAt;
      let to = from;
      let row = this.#row;
      if (maxRepetition === 0) {
        to = Math.min(this.#blockEnd, from + target - row);
        row += to - from;
      } else {
        for (; to < this.#blockEnd; to++) {
          if (this.#reps[to] !== 0) continue;
          if (row === target) break;
          row++;
        }
      }
      if (to > from && !this.#emit(sink, from, to, limit)) return false;
      this.#blockAt = to;
      this.#row = row;
      // Inside a block the next entry begins a row, or this would not be its end.
      this.#atRowEnd = maxRepetition === 0 || to < this.#blockEnd;
      if (to < this.#blockEnd) return true;
      this.#leavePage();
    }
  }

  #fillBlock(): void {
    if (this.#blockAt < this.#blockEnd) return;
    const n = Math.min(BLOCK, this.#left);
    const { defs, reps } = this.#body!;
    defs?.take(this.#defs, 0, n);
    reps?.take(this.#reps, 0, n);
    const isFirst = this.#left === this.#header!.entryCount;
    const mustBegin = this.#place.entry === 0 || this.#header!.kind === 'data-v2';
    if (isFirst && mustBegin && reps !== undefined && this.#reps[0] !== 0) {
      throw new Damage('expected the page to begin with a row, found the middle of one');
    }
    this.#blockAt = 0;
    this.#blockEnd = n;
    this.#left -= n;
  }

  /** After the last entry of a page: a version 2 page ends with a row, a version 1 page need not. */
  #leavePage(): void {
    if (this.#left > 0 || this.#blockAt < this.#blockEnd) return;
    const header = this.#header!;
    const { offset, entry } = this.#place;
    this.#atRowEnd = this.#chunk.column.maxRepetition === 0 || header.kind === 'data-v2';
    this.#place = {
      offset: offset + header.headerLength + header.storedLength,
      row: this.#row,
      entry: entry + header.entryCount,
    };
    this.#header = undefined;
    this.#body = undefined;
  }

  /** Opens the next page; whole pages before `target` are passed by their headers alone where no row repeats. */
  #nextPage(target: number): void {
    this.#findPage();
    const header = this.#header!;
    const rows = this.#chunk.column.maxRepetition === 0 ? header.entryCount : 0;
    if (rows > 0 && this.#place.row + rows <= target) {
      this.#skipPage(rows);
      return;
    }
    this.#body ??= this.#open();
    this.#left = this.#header!.entryCount;
    this.#blockAt = 0;
    this.#blockEnd = 0;
    // A page without entries holds nothing to consume.
    if (this.#left === 0) this.#leavePage();
  }

  #skipPage(rowCount: number): void {
    this.#row = this.#place.row + rowCount;
    this.#left = 0;
    this.#blockAt = this.#blockEnd;
    this.#leavePage();
  }

  /** Makes `#header` that of the next data page, and remembers a dictionary page on the way. */
  #findPage(): void {
    while (this.#header === undefined) {
      const { offset, row, entry } = this.#place;
      const lost = {
        start: Math.max(0, this.#chunk.column.maxRepetition > 0 ? row - 1 : row),
        end: this.#rowGroupRows,
      };
      const header = this.#once(offset, lost, () => {
        const found = readHeader(this.#file, offset, this.#limit);
        if (
          (found.kind === 'data' || found.kind === 'data-v2') &&
          found.entryCount > this.#chunk.entryCount - entry
        ) {
          throw new Damage(
            `page header: expected at most ${this.#chunk.entryCount - entry} values, found ${found.entryCount}`,
          );
        }
        return found;
      });
      if (header.kind === 'data' || header.kind === 'data-v2') {
        this.#header = header;
        return;
      }
      if (header.kind === 'dictionary') this.dictionaryOffset = offset;
      this.#place = { offset: offset + header.headerLength + header.storedLength, row, entry };
    }
  }

  #open(): PageBody {
    const header = this.#header!;
    const { offset, row } = this.#place;
    const { maxRepetition } = this.#chunk.column;
    // How many rows a damaged page of a repeated column holds nobody knows, so all behind it are lost.
    const lost =
      maxRepetition === 0
        ? { start: row, end: row + header.entryCount }
        : { start: header.kind === 'data-v2' ? row : Math.max(0, row - 1), end: this.#rowGroupRows };
    return this.#once(offset + 0.5, lost, () =>
      openPage(this.#file, offset, header, this.#chunk, () => this.#takeDictionary()),
    );
  }

  #takeDictionary(): Dictionary {
    if (this.#dictionary !== undefined) return this.#dictionary;
    const offset = this.dictionaryOffset;
    if (offset === undefined) throw new Damage('expected a dictionary page before coded values, found none');
    this.#dictionary = this.#once(offset + 0.25, undefined, () => {
      const header = readHeader(this.#file, offset, this.#limit);
      if (header.kind !== 'dictionary') throw new Damage('expected a dictionary page, found another');
      return loadDictionary(this.#file, offset, header, this.#chunk);
    });
    return this.#dictionary;
  }

  /** Runs `read` unless it failed before; `mark` tells the parts of a page apart. */
  #once<T>(mark: number, lost: RowRange | undefined, read: () => T): T {
    const key = `${this.#file.key}:${this.#chunk.column.path}:${mark}`;
    const failed = failures.get(key);
    if (failed !== undefined) throw failed;
    try {
      return read();
    } catch (cause) {
      const code = cause instanceof CurationError ? cause.code : 'BAD_INPUT';
      const reason = cause instanceof Error ? cause.message : String(cause);
      const message =
        cause instanceof RowError ? reason : `${this.#where}, page at byte ${Math.floor(mark)}: ${reason}`;
      const described = new RowError(code, message, lost, { cause });
      if (failures.size >= MAX_FAILURES) failures.clear();
      failures.set(key, described);
      throw described;
    }
  }

  #describe(error: unknown): unknown {
    if (error instanceof CurationError) return error;
    const reason = error instanceof Error ? error.message : String(error);
    const at = `page at byte ${this.#place.offset}`;
    const rows = error instanceof Damage ? error.rows : undefined;
    return new RowError('BAD_INPUT', `${this.#where}, ${at}: ${reason}`, rows, { cause: error });
  }

  /** Adds (or skips) the entries `from` to `to` of the block. */
  #emit(sink: LeafSink | undefined, from: number, to: number, limit: number): boolean {
    const { maxDefinition, maxRepetition, place, type } = this.#chunk.column;
    const { values } = this.#body!;
    let slots = to - from;
    let count = slots;
    const defs = this.#defs;
    if (maxDefinition > 0) {
      slots = 0;
      count = 0;
      for (let i = from; i < to; i++) {
        const level = defs[i]!;
        if (level >= place) slots++;
        if (level === maxDefinition) count++;
      }
    }
    if (sink === undefined) {
      values.skip(count);
      return true;
    }
    const { width } = sink;
    const isLeveled = maxDefinition > 0;
    const overhead =
      sink.cost - sink.byteLength + (width === 0 ? slots * 4 : 0) + (isLeveled ? to - from : 0);
    if (overhead + sink.byteLength + slots * width > limit) return false;
    const start = sink.slots;
    const base = sink.byteLength;
    if (width === 0) {
      sink.reserveOffsets(start + slots);
      if (start === 0) sink.offsets[0] = 0;
    } else {
      sink.reserve(base + slots * width);
    }
    if (!values.append(sink, count, Math.min(MAX_OFFSET, limit - overhead))) return false;
    if (type.kind === 'decimal' && width === 0) checkDecimals(sink, start, count, type.bits / 8);
    if (type.kind === 'utf8' && !values.isText && !isTextRange(sink, start, start + count)) {
      throw new Damage('expected UTF-8 text, found other bytes');
    }
    if (count < slots) spread(sink, start, base, slots, count, defs, from, to, place, maxDefinition);
    sink.slots = start + slots;
    if (isLeveled) sink.addLevels(defs, maxRepetition > 0 ? this.#reps : undefined, from, to);
    return true;
  }
}

function checkDecimals(sink: LeafSink, start: number, count: number, width: number): void {
  for (let i = start; i < start + count; i++) {
    const length = sink.offsets[i + 1]! - sink.offsets[i]!;
    if (length > width) throw new Damage(`expected decimals of at most ${width} bytes, found ${length}`);
  }
}

/** Moves values that were written densely to their slots, from the last to the first, and empties the slots of nulls. */
function spread(
  sink: LeafSink,
  start: number,
  base: number,
  slots: number,
  count: number,
  defs: Uint8Array,
  from: number,
  to: number,
  place: number,
  max: number,
): void {
  const { offsets, values, width } = sink;
  let value = count;
  let slot = slots;
  for (let i = to - 1; i >= from; i--) {
    const level = defs[i]!;
    if (level < place) continue;
    slot--;
    if (width === 0) {
      offsets[start + slot + 1] = offsets[start + value]!;
      if (level === max) value--;
      continue;
    }
    const at = base + slot * width;
    if (level !== max) {
      values.fill(0, at, at + width);
      continue;
    }
    value--;
    // Once both meet, all values before stand where they belong.
    if (value === slot) break;
    const source = base + value * width;
    for (let k = 0; k < width; k++) values[at + k] = values[source + k]!;
  }
  if (width > 0) sink.byteLength = base + slots * width;
}
