import type { ModelTables } from './memory.ts';
import type { RowMatrix } from './model.ts';
import type { ModelReader } from './reader.ts';

const CENTROIDS = 256;
const CHUNK_BYTES = 1 << 20;

/** How the rows of a model are kept. */
export interface RowOptions {
  /** Quantized rows up to this many bytes of floats are unpacked once, which saves time with every row that is read. */
  readonly unpackedBytes: number;
}

/**
 * Reads a matrix of `dim` columns, of floats or quantized.
 * @param order rows of the file to keep, in this order, of a quantized matrix; undefined for all of them.
 */
export async function parseMatrix(
  reader: ModelReader,
  where: string,
  isQuantized: boolean,
  dim: number,
  order: Int32Array | undefined,
  tables: ModelTables,
  options: RowOptions,
): Promise<RowMatrix> {
  return isQuantized
    ? parseQuantized(reader, where, dim, order, tables, options)
    : parseFloats(reader, where, dim, tables);
}

function strideOf(dim: number): number {
  return (dim + 3) & ~3;
}

async function takeSize(reader: ModelReader, where: string, dim: number): Promise<number> {
  await reader.ensure(16, where);
  const rowCount = reader.takeInt64();
  const columns = reader.takeInt64();
  if (columns !== dim) throw reader.damaged(where, `${dim} columns`, columns);
  if (rowCount < 0 || rowCount >= 2 ** 31) throw reader.damaged(where, 'fewer than 2^31 rows', rowCount);
  return rowCount;
}

async function parseFloats(
  reader: ModelReader,
  where: string,
  dim: number,
  tables: ModelTables,
): Promise<RowMatrix> {
  const rowCount = await takeSize(reader, where, dim);
  if (rowCount * dim * 4 > reader.remaining) {
    const left = `${reader.remaining} bytes to the end of the file`;
    throw reader.damaged(where, `${rowCount} rows of ${dim} floats`, left);
  }
  const stride = strideOf(dim);
  const floats = tables.floats(rowCount * stride);
  const rowsAtOnce = Math.max(1, Math.floor(CHUNK_BYTES / (4 * dim)));
  const chunk = new Float32Array(Math.min(rowCount, rowsAtOnce) * dim);
  for (let row = 0; row < rowCount; row += rowsAtOnce) {
    const part = chunk.subarray(0, Math.min(rowsAtOnce, rowCount - row) * dim);
    await takeFloats(reader, part, where);
    if (stride === dim) {
      floats.set(part, row * stride);
      continue;
    }
    for (let at = 0; at < part.length; at += dim) {
      floats.set(part.subarray(at, at + dim), (row + at / dim) * stride);
    }
  }
  return { rowCount, floats, stride, ...nothingQuantized };
}

const nothingQuantized: Omit<RowMatrix, 'rowCount' | 'floats' | 'stride'> = {
  codes: new Uint8Array(0),
  dsub: 1,
  centroids: new Float32Array(0),
  normCodes: new Uint8Array(0),
  norms: new Float32Array(0),
};

/** Floats, all of them finite: one that is not would make every score of a text not a number. */
async function takeFloats(reader: ModelReader, into: Float32Array, where: string): Promise<void> {
  const { buffer, byteOffset, byteLength, length } = into;
  await reader.takeInto(new Uint8Array(buffer, byteOffset, byteLength), where);
  const bits = new Uint32Array(buffer, byteOffset, length);
  for (let i = 0; i < length; i++) {
    if ((bits[i]! & 0x7f800000) === 0x7f800000) throw reader.damaged(where, 'finite numbers', into[i]!);
  }
}

async function parseQuantized(
  reader: ModelReader,
  where: string,
  dim: number,
  order: Int32Array | undefined,
  tables: ModelTables,
  options: RowOptions,
): Promise<RowMatrix> {
  await reader.ensure(1, where);
  const hasNorms = reader.takeByte() !== 0;
  const fileRows = await takeSize(reader, where, dim);
  await reader.ensure(4, where);
  const codeBytes = reader.takeInt32();
  if (codeBytes < fileRows || codeBytes > reader.remaining) {
    throw reader.damaged(where, `codes of ${fileRows} rows that the file holds`, `${codeBytes} bytes`);
  }
  const codes = new Uint8Array(codeBytes);
  await reader.takeInto(codes, where);
  const { parts, dsub, centroids } = await parseCentroids(reader, where, dim, tables);
  if (codeBytes !== fileRows * parts) {
    throw reader.damaged(where, `${fileRows} codes of ${parts} bytes`, `${codeBytes} bytes`);
  }
  const normCodes = new Uint8Array(hasNorms ? fileRows : 0);
  await reader.takeInto(normCodes, where);
  const norms = hasNorms
    ? (await parseCentroids(reader, `${where}: norms`, 1, tables)).centroids
    : new Float32Array(0);
  const missing = order?.find((row) => row >= fileRows);
  if (missing !== undefined) throw reader.damaged(where, `more than ${missing} rows`, fileRows);

  const rowCount = order?.length ?? fileRows;
  const stride = strideOf(dim);
  const isUnpacked = rowCount * stride * 4 <= options.unpackedBytes;
  const bytes = (length: number): Uint8Array => (isUnpacked ? new Uint8Array(length) : tables.bytes(length));
  const quantized = {
    rowCount,
    floats: new Float32Array(0),
    stride,
    codes: takeRows(codes, parts, order, bytes),
    dsub,
    centroids,
    normCodes: takeRows(normCodes, hasNorms ? 1 : 0, order, bytes),
    norms,
  };
  if (!isUnpacked) return quantized;
  const floats = tables.floats(rowCount * stride);
  for (let row = 0; row < rowCount; row++) addRow(quantized, dim, row, floats, row * stride);
  return { rowCount, floats, stride, ...nothingQuantized };
}

/** Rows of `width` bytes, in another order. */
function takeRows(
  bytes: Uint8Array,
  width: number,
  order: Int32Array | undefined,
  allocate: (length: number) => Uint8Array,
): Uint8Array {
  const taken = allocate((order?.length ?? bytes.length / Math.max(1, width)) * width);
  if (order === undefined) {
    taken.set(bytes);
    return taken;
  }
  for (let row = 0, at = 0; row < order.length; row++) {
    for (let from = order[row]! * width, k = 0; k < width; k++) taken[at++] = bytes[from + k]!;
  }
  return taken;
}

async function parseCentroids(
  reader: ModelReader,
  where: string,
  dim: number,
  tables: ModelTables,
): Promise<{ parts: number; dsub: number; centroids: Float32Array }> {
  await reader.ensure(16, where);
  const columns = reader.takeInt32();
  const parts = reader.takeInt32();
  const dsub = reader.takeInt32();
  const last = reader.takeInt32();
  const isWhole = dsub >= 1 && parts === Math.ceil(dim / dsub) && last === dim - (parts - 1) * dsub;
  if (columns !== dim || !isWhole) {
    const found = `${parts} of ${dsub} and a last one of ${last} in ${columns}`;
    throw reader.damaged(where, `parts that make up ${dim} columns`, found);
  }
  if (4 * CENTROIDS * dim > reader.remaining) {
    throw reader.damaged(where, `${CENTROIDS} centroids`, `${reader.remaining} bytes to the end of the file`);
  }
  const centroids = tables.floats(CENTROIDS * dim);
  const copy = new Float32Array(CENTROIDS * dim);
  await takeFloats(reader, copy, where);
  centroids.set(copy);
  return { parts, dsub, centroids };
}

/** Adds a row of a matrix to `dim` numbers from `offset` on. */
export function addRow(
  matrix: RowMatrix,
  dim: number,
  row: number,
  sums: Float32Array | Float64Array,
  offset: number,
): void {
  const { floats, stride, codes, dsub, centroids, normCodes, norms } = matrix;
  if (codes.length === 0) {
    const start = row * stride;
    for (let i = 0; i < dim; i++) sums[offset + i]! += floats[start + i]!;
    return;
  }
  const norm = norms.length === 0 ? 1 : norms[normCodes[row]!]!;
  const parts = Math.ceil(dim / dsub);
  for (let part = 0, first = 0; part < parts; part++, first += dsub) {
    const width = Math.min(dsub, dim - first);
    const start = CENTROIDS * first + codes[row * parts + part]! * width;
    for (let i = 0; i < width; i++) sums[offset + first + i]! += norm * centroids[start + i]!;
  }
}

/** The dot product of a row of a matrix and a vector. */
export function dotRow(matrix: RowMatrix, dim: number, row: number, vector: Float64Array): number {
  const { floats, stride, codes, dsub, centroids, normCodes, norms } = matrix;
  let sum = 0;
  if (codes.length === 0) {
    const start = row * stride;
    for (let i = 0; i < dim; i++) sum += floats[start + i]! * vector[i]!;
    return sum;
  }
  const parts = Math.ceil(dim / dsub);
  for (let part = 0, first = 0; part < parts; part++, first += dsub) {
    const width = Math.min(dsub, dim - first);
    const start = CENTROIDS * first + codes[row * parts + part]! * width;
    for (let i = 0; i < width; i++) sum += centroids[start + i]! * vector[first + i]!;
  }
  return norms.length === 0 ? sum : sum * norms[normCodes[row]!]!;
}
