import { type FileHandle, open } from 'node:fs/promises';
import { CurationError } from '../errors.ts';

/** A tensor of a file: what it says of itself, and where its bytes lie. */
interface TensorPlace {
  readonly name: string;
  /** Type of its elements, as the format spells it: `F32`, `F16`, `I64` and so on. */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Elements in it. */
  readonly length: number;
  /** Where it starts in the file, in bytes. */
  readonly start: number;
}

/** An open safetensors file whose header was checked. */
export interface TensorFile {
  readonly tensors: ReadonlyMap<string, TensorPlace>;
  /** All elements as floats, in shared memory of their own; all are finite. */
  readFloats(tensor: TensorPlace): Promise<Float32Array<SharedArrayBuffer>>;
  /** All elements as whole numbers from 0 to 2^31 - 1, in shared memory of their own. */
  readIndexes(tensor: TensorPlace): Promise<Int32Array<SharedArrayBuffer>>;
  close(): Promise<void>;
}

/** The most the format lets a header have. */
const MAX_HEADER = 100_000_000;
/** Bytes converted at a time; a multiple of every element's size. */
const CHUNK = 1 << 20;

/** Bytes of an element of each type whose elements are whole bytes. */
const WIDTHS: Readonly<Record<string, number>> = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
};

type Read = (view: DataView, at: number) => number;

const FLOATS: Readonly<Record<string, Read>> = {
  F64: (view, at) => view.getFloat64(at, true),
  F32: (view, at) => view.getFloat32(at, true),
  F16: (view, at) => halfToNumber(view.getUint16(at, true)),
  BF16: (view, at) => bfloatToNumber(view.getUint16(at, true)),
  I8: (view, at) => view.getInt8(at),
};

const INDEXES: Readonly<Record<string, Read>> = {
  U8: (view, at) => view.getUint8(at),
  U16: (view, at) => view.getUint16(at, true),
  I32: (view, at) => view.getInt32(at, true),
  U32: (view, at) => view.getUint32(at, true),
  I64: (view, at) => Number(view.getBigInt64(at, true)),
  U64: (view, at) => Number(view.getBigUint64(at, true)),
};

/** The number that 16 bits stand for as an IEEE 754 half. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 0x3ff;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

const bfloat = new DataView(new ArrayBuffer(4));

function bfloatToNumber(bits: number): number {
  bfloat.setUint32(0, bits * 2 ** 16);
  return bfloat.getFloat32(0);
}

/**
 * Opens a safetensors file and checks its header, as far as it can be checked (github.com/huggingface/safetensors, section Format):
 *
 *     | 8 bytes: header length, little endian | header, JSON | tensors, back to back |
 *
 * Nothing is asked for that the file is not long enough to hold, so a damaged file cannot take memory beyond its own size.
 * @throws CurationError `BAD_INPUT` naming the file when it cannot be read or contradicts itself.
 */
export async function openTensors(path: string): Promise<TensorFile> {
  const file = await open(path).catch((cause: unknown) => {
    throw new CurationError('BAD_INPUT', `${path}: expected a safetensors file, found no file to read`, {
      cause,
    });
  });
  try {
    const about = await file.stat();
    if (!about.isFile()) throw damaged(path, 'a regular file', 'something else');
    const tensors = await readHeader(file, about.size, path);
    return {
      tensors,
      async readFloats(tensor) {
        const plan = planRead(path, tensor, FLOATS);
        const values = new Float32Array(plan.memory);
        await readAll(file, plan, 'finite numbers', (value, i) => {
          // The check is of what is kept: a double may be too large for a float.
          values[i] = value;
          return Number.isFinite(values[i]);
        });
        return values;
      },
      async readIndexes(tensor) {
        const plan = planRead(path, tensor, INDEXES);
        const values = new Int32Array(plan.memory);
        await readAll(file, plan, 'whole numbers below 2^31', (value, i) => {
          values[i] = value;
          return values[i] === value && value >= 0;
        });
        return values;
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readHeader(
  file: FileHandle,
  size: number,
  path: string,
): Promise<ReadonlyMap<string, TensorPlace>> {
  if (size < 8) throw damaged(path, 'a safetensors file of at least 8 bytes', `${size} bytes`);
  const start = Buffer.alloc(8);
  await readExactly(file, start, 0, path);
  const length = start.readUInt32LE(0) + start.readUInt32LE(4) * 2 ** 32;
  if (length > MAX_HEADER) throw damaged(path, `a header of at most ${MAX_HEADER} bytes`, `one of ${length}`);
  if (length > size - 8) {
    throw damaged(path, `a header inside the file's ${size} bytes`, `one of ${length} bytes`);
  }
  const bytes = Buffer.alloc(length);
  await readExactly(file, bytes, 8, path);
  let header: unknown;
  try {
    header = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw damaged(path, 'a header in JSON', `${length} bytes that are not`, cause);
  }
  if (!isObject(header)) throw damaged(path, 'a header that is an object', typeof header);
  const places = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, entry]) => placeOf(name, entry, path));
  checkCover(places, size - 8 - length, path);
  return new Map(places.map((place) => [place.name, { ...place, start: place.start + 8 + length }]));
}

type Span = TensorPlace & { readonly end: number };

/** A tensor whose offsets count from the end of the header. */
function placeOf(name: string, entry: unknown, path: string): Span {
  const where = `${path}: tensor ${JSON.stringify(name.slice(0, 100))}`;
  const { dtype, shape, data_offsets: offsets } = isObject(entry) ? entry : {};
  if (typeof dtype !== 'string') throw damaged(where, 'a dtype', JSON.stringify(dtype) ?? 'none');
  if (!isCounts(shape)) throw damaged(where, 'a shape of whole numbers', JSON.stringify(shape) ?? 'none');
  if (!isCounts(offsets) || offsets.length !== 2) {
    throw damaged(where, 'two data_offsets', JSON.stringify(offsets) ?? 'none');
  }
  const length = shape.reduce((product, extent) => product * extent, 1);
  const [start, end] = offsets as readonly [number, number];
  const width = WIDTHS[dtype];
  // A type that is not known may still lie beside those that are asked for.
  if (width !== undefined && end - start !== length * width) {
    throw damaged(where, `${length * width} bytes for ${dtype} of [${shape.join(', ')}]`, `${end - start}`);
  }
  return { name, dtype, shape, length, start, end };
}

/** The format wants all bytes behind the header used, and none of them twice. */
function checkCover(places: readonly Span[], byteLength: number, path: string): void {
  let end = 0;
  for (const place of [...places].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (place.start !== end || place.end < place.start) {
      const found = `tensor ${JSON.stringify(place.name.slice(0, 100))} at ${place.start} to ${place.end}`;
      throw damaged(path, `tensors back to back, the next one from ${end} on`, found);
    }
    end = place.end;
  }
  if (end !== byteLength) throw damaged(path, `${end} bytes of tensors`, `${byteLength}`);
}

interface ReadPlan {
  readonly path: string;
  readonly tensor: TensorPlace;
  readonly read: Read;
  /** Bytes of an element in the file. */
  readonly width: number;
  /** For all elements, four bytes each. */
  readonly memory: SharedArrayBuffer;
}

function planRead(path: string, tensor: TensorPlace, readers: Readonly<Record<string, Read>>): ReadPlan {
  const { name, dtype, length } = tensor;
  const read = readers[dtype];
  const width = WIDTHS[dtype];
  // The width comes first: only then is the length known to be that of bytes which are there.
  if (read === undefined || width === undefined) {
    const known = Object.keys(readers).join(', ');
    throw new CurationError('UNSUPPORTED', `${path}: tensor "${name}": expected ${known}, found ${dtype}`);
  }
  try {
    return { path, tensor, read, width, memory: new SharedArrayBuffer(length * 4) };
  } catch (cause) {
    const needed = `${path}: tensor "${name}": expected ${length * 4} bytes of memory, found less`;
    throw new CurationError('MEMORY', needed, { cause });
  }
}

/** Hands each element to `put`, which says whether it is one of those `wanted`. */
async function readAll(
  file: FileHandle,
  { path, tensor, read, width }: ReadPlan,
  wanted: string,
  put: (value: number, i: number) => boolean,
): Promise<void> {
  const { name, length, start } = tensor;
  const chunk = Buffer.alloc(Math.min(CHUNK, length * width));
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  for (let done = 0; done < length; ) {
    const count = Math.min(chunk.length / width, length - done);
    await readExactly(file, chunk.subarray(0, count * width), start + done * width, path);
    for (let i = 0; i < count; i++) {
      const value = read(view, i * width);
      if (put(value, done + i)) continue;
      throw damaged(`${path}: tensor "${name}"`, wanted, `${value} as element ${done + i}`);
    }
    done += count;
  }
}

async function readExactly(file: FileHandle, into: Buffer, position: number, path: string): Promise<void> {
  for (let done = 0; done < into.length; ) {
    const { bytesRead } = await file.read(into, done, into.length - done, position + done);
    if (bytesRead === 0)
      throw damaged(path, `${position + into.length} bytes`, `its end at ${position + done}`);
    done += bytesRead;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((each) => Number.isSafeInteger(each) && each >= 0);
}

function damaged(where: string, expected: string, found: string, cause?: unknown): CurationError {
  return new CurationError(
    'BAD_INPUT',
    `${where}: expected ${expected}, found ${found}`,
    cause === undefined ? undefined : { cause },
  );
}
