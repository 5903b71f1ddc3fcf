import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { type Data, type DataType, Type } from 'apache-arrow';
import { decodeArrow } from '../../../src/formats/arrow/decode.ts';
import type { ArrowMorsel } from '../../../src/formats/arrow/morsel.ts';
import type { Decoded, Morsel, MorselOptions, Reject, Source } from '../../../src/formats/format.ts';

/** A value in the form the integration suite writes: whole numbers as text, bytes as hex, a struct as name and value. */
export type Value = null | boolean | number | string | Value[];

export const arrowTesting: string = new URL('../../../../shared/data/arrow/arrow-testing/', import.meta.url)
  .pathname;

export const hasArrowTesting: boolean = existsSync(arrowTesting);
if (!hasArrowTesting) {
  process.stdout.write('skipped: ../shared/data/arrow is absent, so are the tests against it\n');
}

export interface ReadOptions extends Partial<MorselOptions> {
  readonly byteLimit?: number;
  readonly onError?: 'fail' | 'skip';
  /** Sees each decoded piece. */
  readonly onDecoded?: (decoded: Decoded, morsel: Morsel) => void;
}

export interface Rows {
  readonly rows: Value[][];
  readonly rejects: readonly Reject[];
  readonly pieces: number;
}

/** Every row of a source, decoded the way a worker does it: morsel by morsel, through structured clone. */
export async function readRows(source: Source, options: ReadOptions = {}): Promise<Rows> {
  const rows: Value[][] = [];
  const rejects: Reject[] = [];
  let pieces = 0;
  const { byteLimit = 2 ** 26, onError = 'fail', onDecoded, ...morselOptions } = options;
  for await (const morsel of source.morsels({ morselBytes: 2 ** 23, ...morselOptions })) {
    let rest: Morsel | undefined = structuredClone(morsel);
    while (rest !== undefined) {
      const decoded: Decoded = await decodeArrow(rest as ArrowMorsel, { byteLimit, onError });
      onDecoded?.(decoded, rest);
      rejects.push(...decoded.rejects.map((reject) => ({ ...reject, before: reject.before + rows.length })));
      const { children } = decoded.batch.data;
      for (let i = 0; i < decoded.batch.numRows; i += 1)
        rows.push(children.map((child) => valueAt(child, i)));
      rest = decoded.rest;
      pieces += 1;
    }
  }
  return { rows, rejects, pieces };
}

/** Row `i` of a column, read from its raw buffers without apache-arrow's getters. */
function valueAt(data: Data, i: number): Value {
  const type = data.type as DataType;
  const { nullBitmap } = data;
  if (type.typeId === Type.Null) return null;
  const isNull = nullBitmap !== undefined && nullBitmap.length > 0 && !((nullBitmap[i >> 3]! >> (i & 7)) & 1);
  if (isNull) return null;
  const stored = data.valueOffsets as Int32Array | BigInt64Array | undefined;
  const [start, end] = [Number(stored?.[i]), Number(stored?.[i + 1])];
  const values = data.values;
  switch (type.typeId) {
    case Type.Bool:
      return ((values[i >> 3] >> (i & 7)) & 1) === 1;
    case Type.Utf8:
    case Type.LargeUtf8:
      return Buffer.from(values.subarray(start, end)).toString('utf8');
    case Type.Binary:
    case Type.LargeBinary:
      return hex(values.subarray(start, end));
    case Type.FixedSizeBinary:
      return hex(values.subarray(i * data.stride, (i + 1) * data.stride));
    case Type.List:
    case Type.LargeList:
    case Type.Map:
      return range(start, end).map((at) => valueAt(data.children[0]!, at));
    case Type.FixedSizeList: {
      const { listSize } = type as unknown as { listSize: number };
      return range(i * listSize, (i + 1) * listSize).map((at) => valueAt(data.children[0]!, at));
    }
    case Type.Struct:
      return type.children.map((field, c) => [field.name, valueAt(data.children[c]!, i)]);
    case Type.Union: {
      const union = type as unknown as { typeIds: Int32Array };
      const child = [...union.typeIds].indexOf(data.typeIds![i]!);
      return [String(data.typeIds![i]), valueAt(data.children[child]!, stored === undefined ? i : start)];
    }
    case Type.Float:
      return Number.isNaN(values[i]) ? 'NaN' : values[i];
    case Type.Decimal: {
      let total = 0n;
      for (let word = data.stride - 1; word >= 0; word -= 1) {
        total = (total << 32n) | BigInt(values[i * data.stride + word]);
      }
      return String(BigInt.asIntN(32 * data.stride, total));
    }
    default: {
      const words = range(i * data.stride, (i + 1) * data.stride).map((at) => String(values[at]));
      return words.join(' ');
    }
  }
}

function range(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, i) => start + i);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex').toUpperCase();
}

interface JsonField {
  name: string;
  type: {
    name: string;
    unit?: string;
    precision?: string;
    typeIds?: number[];
    mode?: string;
    listSize?: number;
  };
  children: JsonField[];
  dictionary?: { id: number };
}

interface JsonColumn {
  count: number;
  VALIDITY?: number[];
  OFFSET?: (number | string)[];
  DATA?: unknown[];
  TYPE_ID?: number[];
  children?: JsonColumn[];
}

interface JsonFile {
  schema: { fields: JsonField[] };
  batches: { count: number; columns: JsonColumn[] }[];
  dictionaries?: { id: number; data: { columns: JsonColumn[] } }[];
}

/** The content of a file of the integration suite by its JSON: rows with dictionaries looked up. */
export function integrationRows(path: string): Value[][] {
  const json = JSON.parse(gunzipSync(readFileSync(path)).toString('utf8')) as JsonFile;
  const dictionaries = new Map((json.dictionaries ?? []).map(({ id, data }) => [id, data.columns[0]!]));
  const read = (field: JsonField, column: JsonColumn, i: number, isPlain = false): Value => {
    if (column.VALIDITY !== undefined && column.VALIDITY[i] === 0) return null;
    const datum = column.DATA?.[i];
    if (field.dictionary !== undefined && !isPlain) {
      return read(field, dictionaries.get(field.dictionary.id)!, Number(datum), true);
    }
    const items = (start: number, end: number): Value[] =>
      range(start, end).map((at) => read(field.children[0]!, column.children![0]!, at));
    switch (field.type.name) {
      case 'null':
        return null;
      case 'bool':
        return Boolean(datum);
      case 'floatingpoint':
        return field.type.precision === 'SINGLE' ? Math.fround(Number(datum)) : Number(datum);
      case 'list':
      case 'largelist':
        return items(Number(column.OFFSET![i]), Number(column.OFFSET![i + 1]));
      case 'map':
        // apache-arrow gives the two fields of a map their canonical names, whatever the file calls them.
        return items(Number(column.OFFSET![i]), Number(column.OFFSET![i + 1])).map((entry) =>
          (entry as Value[][]).map(([, value], c) => [c === 0 ? 'key' : 'value', value!]),
        );
      case 'fixedsizelist':
        return items(i * field.type.listSize!, (i + 1) * field.type.listSize!);
      case 'struct':
        return field.children.map((child, c) => [child.name, read(child, column.children![c]!, i)]);
      case 'union': {
        const id = column.TYPE_ID![i]!;
        const child = field.type.typeIds!.indexOf(id);
        const at = field.type.mode === 'DENSE' ? Number(column.OFFSET![i]) : i;
        return [String(id), read(field.children[child]!, column.children![child]!, at)];
      }
      case 'interval': {
        if (typeof datum === 'number') return String(datum);
        const parts = datum as Record<string, number>;
        if (field.type.unit === 'DAY_TIME') return `${parts['days']} ${parts['milliseconds']}`;
        const nanoseconds = new BigInt64Array([BigInt(parts['nanoseconds']!)]);
        return [parts['months'], parts['days'], ...new Int32Array(nanoseconds.buffer)].join(' ');
      }
      default:
        return String(datum);
    }
  };
  return json.batches.flatMap(({ count, columns }) =>
    range(0, count).map((i) => json.schema.fields.map((field, c) => read(field, columns[c]!, i))),
  );
}

/** The bytes of a file as a stream of chunks of the given lengths, over and over. */
export async function* chunked(bytes: Uint8Array, lengths: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.byteLength; i += 1) {
    const length = lengths[i % lengths.length]!;
    yield bytes.slice(at, at + length);
    at += length;
  }
}
