import { CurationError } from '../../errors.ts';
import { xxh64 } from '../xxh64.ts';
import { FEATURES } from './features.ts';
import type { ImportanceModel } from './importance.ts';
import { LEAST_BITS, type LinearModel, MOST_BITS } from './linear-classifier.ts';
import {
  LEAST_ENTRIES_BITS,
  LONGEST_RUN,
  longestRun,
  MOST_ENTRIES_BITS,
  PAIR_BYTES,
  type PerplexityModel,
} from './perplexity.ts';

/** A model of learned quality. Arrays may lie in shared memory. */
export type QualityModel = LinearModel | ImportanceModel | PerplexityModel;

/** What is said about a model beside its numbers: how it was trained. */
export type ModelNotes = Readonly<Record<string, string | number | boolean>>;

const KINDS = ['linear', 'importance', 'perplexity'] as const;
/** "SLUICEQM" */
const MAGIC: readonly number[] = [0x53, 0x4c, 0x55, 0x49, 0x43, 0x45, 0x51, 0x4d];
const VERSION = 1;
const PREFIX = 32;
const MOST_HEADER = 1 << 20;
const MOST_BUCKETS = 1 << 22;

interface Header {
  readonly features: string;
  readonly bias: number;
  /** Number of values in each array of the payload. */
  readonly lengths: readonly number[];
  readonly notes: ModelNotes;
}

/** Whether a file begins as one of ours does. */
export function isQualityModel(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, at) => bytes[at] === byte);
}

/**
 * A model as a file; equal models and notes give equal bytes.
 *
 *     0   "SLUICEQM"
 *     8   version, kind, length of the header, zero; 32 bits each, little-endian as everything
 *     24  XXH64 of bytes 0 to 24 and of everything from 32 on
 *     32  header, JSON, blank-padded to a multiple of 8
 *     ..  the arrays of the kind, one behind the other
 */
export function serializeModel(model: QualityModel, notes: ModelNotes): Uint8Array<ArrayBuffer> {
  const arrays = arraysOf(model);
  const header: Header = {
    features: model.kind === 'perplexity' ? 'bytes' : FEATURES,
    bias: model.kind === 'linear' ? model.bias : 0,
    lengths: arrays.map(({ length }) => length),
    notes,
  };
  const text = JSON.stringify(header);
  const encoded = new TextEncoder().encode(text);
  const headerLength = (encoded.length + 7) & ~7;
  const payload = arrays.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const bytes = new Uint8Array(PREFIX + headerLength + payload);
  bytes.set(MAGIC);
  const view = new DataView(bytes.buffer);
  view.setUint32(8, VERSION, true);
  view.setUint32(12, 1 + KINDS.indexOf(model.kind), true);
  view.setUint32(16, headerLength, true);
  bytes.set(encoded, PREFIX);
  bytes.fill(0x20, PREFIX + encoded.length, PREFIX + headerLength);
  let at = PREFIX + headerLength;
  for (const { buffer, byteOffset, byteLength } of arrays) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  const [low, upper] = checksum(bytes);
  view.setUint32(24, low, true);
  view.setUint32(28, upper, true);
  return bytes;
}

function arraysOf(model: QualityModel): readonly (Float32Array | Uint8Array | Uint32Array)[] {
  if (model.kind === 'linear') return [model.weights];
  return model.kind === 'importance' ? [model.ratios] : [model.pairs, model.entries];
}

function checksum(bytes: Uint8Array): readonly [number, number] {
  const hashes = new Uint32Array(4);
  xxh64(bytes, PREFIX, bytes.length, hashes, 0);
  const both = new Uint8Array(32);
  both.set(bytes.subarray(0, 24));
  both.set(new Uint8Array(hashes.buffer, 0, 8), 24);
  xxh64(both, 0, 32, hashes, 2);
  return [hashes[2]!, hashes[3]!];
}

/** A model that was read, with what its file says about it. */
export interface ParsedModel {
  readonly model: QualityModel;
  readonly notes: ModelNotes;
}

/**
 * Reads what {@link serializeModel} wrote; the arrays are copies on shared memory, so that threads share one.
 * @param path for messages.
 * @throws CurationError `BAD_INPUT` for a file that is cut, damaged or of another version, and if it was trained with other features.
 */
export function parseModel(bytes: Uint8Array, path: string): ParsedModel {
  const refuse = (where: string, expected: string, found: string): never => {
    throw new CurationError(
      'BAD_INPUT',
      `${path}: ${where}: expected ${expected}, found ${found}; train the model again`,
    );
  };
  if (!isQualityModel(bytes)) refuse('first bytes', 'a quality model (SLUICEQM)', 'something else');
  if (bytes.length < PREFIX) refuse('file', `at least ${PREFIX} bytes`, String(bytes.length));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint32(8, true);
  if (version !== VERSION) refuse('version', String(VERSION), String(version));
  const kind =
    KINDS[view.getUint32(12, true) - 1] ?? refuse('kind', '1 to 3', String(view.getUint32(12, true)));
  const headerLength = view.getUint32(16, true);
  const room = Math.min(MOST_HEADER, bytes.length - PREFIX);
  if (headerLength > room) refuse('length of the header', `at most ${room}`, String(headerLength));
  const [low, upper] = checksum(bytes);
  if (view.getUint32(24, true) !== low >>> 0 || view.getUint32(28, true) !== upper >>> 0) {
    refuse('checksum', 'the one in the file', 'another one, so the file is cut or damaged');
  }
  const header = parseHeader(bytes.subarray(PREFIX, PREFIX + headerLength));
  if (header === undefined)
    return refuse('header', 'features, bias, lengths and notes as JSON', 'something else');
  const features = kind === 'perplexity' ? 'bytes' : FEATURES;
  if (header.features !== features) refuse('features', features, header.features);

  const widths = kind === 'perplexity' ? [1, 4] : [4];
  const { lengths } = header;
  if (lengths.length !== widths.length) refuse('arrays', String(widths.length), String(lengths.length));
  const payload = lengths.reduce((sum, length, at) => sum + length * widths[at]!, 0);
  const present = bytes.length - PREFIX - headerLength;
  if (payload !== present) refuse('arrays', `${payload} bytes`, String(present));
  let at = PREFIX + headerLength;
  const arrays = lengths.map((length, array) => {
    const byteLength = length * widths[array]!;
    const memory = new SharedArrayBuffer(byteLength);
    new Uint8Array(memory).set(bytes.subarray(at, at + byteLength));
    at += byteLength;
    return memory;
  });
  return { model: assemble(kind, header, arrays, refuse), notes: header.notes };
}

function assemble(
  kind: (typeof KINDS)[number],
  { bias, lengths }: Header,
  arrays: readonly SharedArrayBuffer[],
  refuse: (where: string, expected: string, found: string) => never,
): QualityModel {
  // As many arrays as the kind has, see above.
  const first = lengths[0]!;
  const memory = arrays[0]!;
  if (kind === 'perplexity') {
    if (first !== PAIR_BYTES) refuse('pairs', String(PAIR_BYTES), String(first));
    const entries = new Uint32Array(arrays[1]!);
    if (!isPower(entries.length, LEAST_ENTRIES_BITS, MOST_ENTRIES_BITS)) {
      refuse('entries', `a power of two up to 2^${MOST_ENTRIES_BITS}`, String(entries.length));
    }
    const run = longestRun(entries);
    if (run > LONGEST_RUN) refuse('entries', `at most ${LONGEST_RUN} full slots in a row`, String(run));
    return { kind, pairs: new Uint8Array(memory), entries };
  }
  const values = new Float32Array(memory);
  if (!values.every(Number.isFinite)) refuse('numbers', 'finite ones', 'others');
  if (kind === 'importance') {
    if (first < 1 || first > MOST_BUCKETS) refuse('buckets', `1 to ${MOST_BUCKETS}`, String(first));
    return { kind, ratios: values };
  }
  if (!isPower(first, LEAST_BITS, MOST_BITS)) {
    refuse('weights', `a power of two from 2^${LEAST_BITS} to 2^${MOST_BITS}`, String(first));
  }
  return { kind, bias, weights: values };
}

const isPower = (value: number, least: number, most: number): boolean =>
  Number.isInteger(Math.log2(value)) && value >= 2 ** least && value <= 2 ** most;

function parseHeader(bytes: Uint8Array): Header | undefined {
  let found: unknown;
  try {
    found = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
  if (typeof found !== 'object' || found === null) return undefined;
  const { features, bias, lengths, notes } = found as Partial<Record<keyof Header, unknown>>;
  if (typeof features !== 'string' || !Number.isFinite(bias) || !Array.isArray(lengths)) return undefined;
  const areLengths = lengths.every((one) => Number.isInteger(one) && one >= 0 && one <= MOST_BUCKETS);
  if (!areLengths || typeof notes !== 'object' || notes === null) return undefined;
  return { features, bias: bias as number, lengths: lengths as number[], notes: notes as ModelNotes };
}
