import {
  type Data,
  DataType,
  type FixedSizeList,
  type Float,
  Precision,
  type Schema,
  Type,
} from 'apache-arrow';
import type { Batch } from '../columns/batch.ts';
import { isSet } from '../columns/bits.ts';
import { childOf, fixedValues, offsetsOf, validityOf } from '../columns/buffers.ts';
import { describeType } from '../columns/types.ts';
import { CurationError } from '../errors.ts';
import { DIMENSION_STEP, MOST_DIMENSIONS, quantise } from '../kernels/vectors/vectors.ts';
import type { Encoder, EncoderPlan } from './encoder.ts';
import { halfToNumber } from './safetensors.ts';

type ColumnPlan = Extract<EncoderPlan, { readonly kind: 'column' }>;

/**
 * The position of a column of vectors.
 * @throws CurationError `USAGE` when there is none, or it does not hold lists of floating-point numbers.
 */
export function findVectors(schema: Schema, column: string): number {
  const index = schema.fields.findIndex((field) => field.name === column);
  const type = schema.fields[index]?.type as DataType | undefined;
  if (type === undefined) {
    const names = schema.fields.map((field) => JSON.stringify(field.name)).join(', ') || 'none';
    throw new CurationError('USAGE', `expected a column "${column}" with vectors, found ${names}`);
  }
  const child = type.children?.[0]?.type as DataType | undefined;
  const isList = [Type.List, Type.LargeList, Type.FixedSizeList].includes(type.typeId);
  if (!isList || child?.typeId !== Type.Float) {
    throw new CurationError(
      'USAGE',
      `column "${column}": expected lists of floating-point numbers, found ${describeType(type)}`,
    );
  }
  return index;
}

/**
 * Plans vectors that are read from a column; all its lists must be as long as the first one that is not null.
 * @returns undefined where neither the column's type nor a row of `batch` says how long the lists are: ask again with the next one.
 * @throws CurationError `USAGE` when there is no such column, or not of lists of floating-point numbers, or they are not of 1 to 1024.
 */
export function planColumn(batch: Batch, column: string): ColumnPlan | undefined {
  const data = find(batch, column);
  const length = lengthOf(data, column);
  if (length === undefined) return undefined;
  if (length < 1 || length > MOST_DIMENSIONS) {
    throw new CurationError(
      'USAGE',
      `column "${column}": expected vectors of 1 to ${MOST_DIMENSIONS} numbers, found ${length}`,
    );
  }
  const dimensions = Math.ceil(length / DIMENSION_STEP) * DIMENSION_STEP;
  return { kind: 'column', column, length, dimensions };
}

function lengthOf(data: Data, column: string): number | undefined {
  if (DataType.isFixedSizeList(data.type)) return (data.type as FixedSizeList).listSize;
  const offsets = offsetsOf(data, Number.MAX_SAFE_INTEGER, column);
  const validity = validityOf(data, column);
  for (let row = 0; row < data.length; row++) {
    if (validity === undefined || isSet(validity, data.offset + row))
      return offsets[row + 1]! - offsets[row]!;
  }
  return undefined;
}

/**
 * Vectors that others computed: those of a column, scaled to whole numbers. A null says nothing.
 * @throws CurationError, when it embeds, `BAD_INPUT` for a list of another length or with what is no finite number, naming the row.
 */
export function createColumnEncoder({ column, length, dimensions }: ColumnPlan): Encoder {
  return {
    dimensions,
    async embed(batch) {
      const lists = openLists(batch, column);
      const count = lists.rowCount;
      const values = new Int8Array(count * dimensions);
      const squares = new Uint32Array(count);
      const vector = new Float64Array(length);
      for (let row = 0; row < count; row++) {
        if (lists.isNull(row)) continue;
        const start = lists.start(row);
        const found = lists.start(row + 1) - start;
        if (found !== length) throw bad(column, row, `${length} numbers, as in the rows before`, `${found}`);
        for (let i = 0; i < length; i++) {
          const value = lists.number(start + i);
          if (!Number.isFinite(value)) {
            throw bad(column, row, 'finite numbers', `${Number.isNaN(value) ? 'none' : value} at ${i}`);
          }
          vector[i] = value;
        }
        squares[row] = quantise(vector, values, row * dimensions);
      }
      return { count, dimensions, values, squares };
    },
  };
}

interface Lists {
  readonly rowCount: number;
  isNull(row: number): boolean;
  /** Element at which a row starts; that of `rowCount` is the end. */
  start(row: number): number;
  /** Value of an element; NaN for a null. */
  number(element: number): number;
}

function openLists(batch: Batch, column: string): Lists {
  const data = find(batch, column);
  const rowCount = data.length;
  const isFixed = DataType.isFixedSizeList(data.type);
  const size = isFixed ? (data.type as FixedSizeList).listSize : 0;
  const elements = childOf(data, 0, rowCount * size, column);
  const offsets = isFixed ? undefined : offsetsOf(data, elements.length, column);
  const validity = validityOf(data, column);
  return {
    rowCount,
    isNull: (row) => validity !== undefined && !isSet(validity, data.offset + row),
    start: (row) => (offsets === undefined ? row * size : offsets[row]!),
    number: numbersOf(elements, column),
  };
}

function numbersOf(elements: Data, column: string): (element: number) => number {
  const { precision } = elements.type as Float;
  const width = 2 << precision;
  const bytes = fixedValues(elements, width, column);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const validity = validityOf(elements, column);
  // Arrow's numbers are little endian wherever it runs.
  const read = {
    [Precision.HALF]: (at: number) => halfToNumber(view.getUint16(at, true)),
    [Precision.SINGLE]: (at: number) => view.getFloat32(at, true),
    [Precision.DOUBLE]: (at: number) => view.getFloat64(at, true),
  }[precision];
  return (element) =>
    validity !== undefined && !isSet(validity, elements.offset + element) ? NaN : read(element * width);
}

function find(batch: Batch, column: string): Data {
  return batch.data.children[findVectors(batch.schema, column)]!;
}

function bad(column: string, row: number, expected: string, found: string): CurationError {
  return new CurationError(
    'BAD_INPUT',
    `column "${column}", row ${row} of its batch: expected ${expected}, found ${found}`,
  );
}
