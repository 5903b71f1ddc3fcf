import { CurationError } from '../../errors.ts';
import { compileKernel, instantiateKernel, type OwnMemory, reserve } from '../instance.ts';
import { FREE, TEXT_SLACK, writeWordTables } from '../signatures/word-tables.ts';
import { featuresWasmBase64 } from '../wasm/features-wasm.generated.ts';
import {
  BYTE_CLASSES,
  createScalarFeatures,
  featureConstants,
  type ReadFeatures,
  type TakeFeatures,
} from './features.ts';
import { scoreImportance } from './importance.ts';
import { LOGS, scoreLinear } from './linear-classifier.ts';
import type { QualityModel } from './model.ts';
import { scorePerplexity } from './perplexity.ts';

/** Learned quality at work on text; not reentrant, one for each thread. Both twins give the same bits on any bytes. */
export interface QualityKernel {
  readonly collect: ReadFeatures;
  /**
   * Scores `bytes[start .. end)` with every model, into one number each: the logit of a linear model, the mean log ratio
   * of an importance model, bits per byte of a perplexity model. NaN where there is nothing to judge: no word, or no byte.
   */
  readonly score: (bytes: Uint8Array, start: number, end: number, into: Float64Array) => void;
}

/** Models that one kernel holds at most; their tables share its memory. */
const MOST_MODELS = 16;
const RECORD = 48;
const LINEAR = 1;
const IMPORTANCE = 2;
/** Word hashes gathered between two drains, and room for those of one more block. */
const WORDS = 1024;
const WORDS_SLACK = 128;
/** An instance that a giant document made grow by more than this is dropped after it, as its memory cannot shrink. */
const KEPT_TEXT = 16 << 20;

const TOO_LARGE =
  'quality kernel: the models and a document do not fit in memory; split the document or leave a model out';

interface Exports {
  readonly memory: OwnMemory;
  readonly configure: (...numbers: readonly number[]) => void;
  readonly collect: (start: number, end: number) => void;
  readonly score: (start: number, end: number) => void;
  readonly byteCosts: (start: number, end: number, pairs: number, table: number, shift: number) => number;
}

interface Instance {
  readonly kernel: Exports;
  /** Address of each model's record, or of the tables of a perplexity model. */
  readonly addresses: readonly number[];
  readonly text: number;
}

/** @param kernel `scalar` is plain JavaScript, the reference that the WebAssembly kernel is tested against. */
export async function createQualityKernel(
  models: readonly QualityModel[],
  kernel: 'simd' | 'scalar' = 'simd',
): Promise<QualityKernel> {
  if (models.length > MOST_MODELS) {
    throw new CurationError(
      'USAGE',
      `quality: expected at most ${MOST_MODELS} models, found ${models.length}; leave some out`,
    );
  }
  return kernel === 'simd' ? createSimd(models) : createScalar(models);
}

function createScalar(models: readonly QualityModel[]): QualityKernel {
  const collect = createScalarFeatures();
  return {
    collect,
    score(bytes, start, end, into) {
      for (const [at, model] of models.entries()) {
        if (model.kind === 'perplexity') into[at] = scorePerplexity(model, bytes, start, end);
        else {
          const { take, result } = model.kind === 'linear' ? scoreLinear(model) : scoreImportance(model);
          collect(bytes, start, end, take);
          into[at] = result();
        }
      }
    },
  };
}

async function createSimd(models: readonly QualityModel[]): Promise<QualityKernel> {
  const module = compileKernel(featuresWasmBase64);
  const ofWords = models.filter(({ kind }) => kind !== 'perplexity').length;
  let takeFeatures: TakeFeatures = () => {};
  let instance: Instance | undefined;

  /** Puts the text where the kernel reads it. */
  function place(bytes: Uint8Array, start: number, end: number): Instance {
    instance ??= instantiate(module, models, (features, count) => {
      takeFeatures(new Uint32Array(instance!.kernel.memory.buffer, features, count));
    });
    const { kernel, text } = instance;
    reserve(kernel.memory, text + (end - start) + TEXT_SLACK, TOO_LARGE);
    new Uint8Array(kernel.memory.buffer, text, end - start).set(bytes.subarray(start, end));
    return instance;
  }

  return {
    collect(bytes, start, end, take) {
      const { kernel, text } = place(bytes, start, end);
      takeFeatures = take;
      kernel.collect(text, text + (end - start));
      if (end - start > KEPT_TEXT) instance = undefined;
    },
    score(bytes, start, end, into) {
      const { kernel, addresses, text } = place(bytes, start, end);
      const length = end - start;
      if (ofWords > 0) kernel.score(text, text + length);
      const memory = new DataView(kernel.memory.buffer);
      for (const [at, model] of models.entries()) {
        // One address for each model.
        const address = addresses[at]!;
        if (model.kind === 'perplexity') {
          const table = address + model.pairs.length;
          const cost = kernel.byteCosts(text, text + length, address, table, shiftOf(model.entries.length));
          into[at] = length === 0 ? Number.NaN : cost / 8 / length;
          continue;
        }
        const sum = memory.getFloat64(address + 24, true);
        const norm = memory.getFloat64(address + 32, true);
        const bias = model.kind === 'linear' ? model.bias : 0;
        into[at] = norm === 0 ? Number.NaN : bias + sum / norm;
      }
      if (length > KEPT_TEXT) instance = undefined;
    },
  };
}

const shiftOf = (entries: number): number => 64 - Math.log2(entries);

function instantiate(
  module: object,
  models: readonly QualityModel[],
  take: (features: number, count: number) => void,
): Instance {
  const kernel = instantiateKernel(module, { take }) as Exports;
  let next = FREE;
  const reserved = (byteLength: number): number => {
    const address = next;
    next = (next + byteLength + 63) & ~63;
    return address;
  };
  const hashes = reserved(8 * (WORDS + WORDS_SLACK));
  const features = reserved(8 * (WORDS + WORDS_SLACK));
  const logs = reserved(8 * LOGS.length);
  const classes = reserved(BYTE_CLASSES.length);
  const records = reserved(RECORD * MOST_MODELS);
  const tables = models.map((model) => reserved(tableBytes(model)));
  reserve(kernel.memory, next, TOO_LARGE);
  const { buffer } = kernel.memory;
  writeWordTables(buffer, featureConstants());
  new Float64Array(buffer, logs, LOGS.length).set(LOGS);
  new Uint8Array(buffer, classes, BYTE_CLASSES.length).set(BYTE_CLASSES);
  const record = new DataView(buffer);
  let ofWords = 0;
  const addresses = models.map((model, at) => {
    const table = tables[at]!;
    if (model.kind === 'perplexity') {
      new Uint8Array(buffer, table, model.pairs.length).set(model.pairs);
      new Uint32Array(buffer, table + model.pairs.length, model.entries.length).set(model.entries);
      return table;
    }
    const address = records + RECORD * ofWords++;
    record.setUint32(address, model.kind === 'linear' ? LINEAR : IMPORTANCE, true);
    record.setUint32(address + 4, table, true);
    if (model.kind === 'linear') {
      record.setUint32(address + 8, 32 - Math.log2(model.weights.length), true);
      const { length, byteLength } = model.weights;
      new Float32Array(buffer, table, length).set(model.weights);
      const list = table + byteLength + length;
      record.setUint32(address + 12, table + byteLength, true);
      record.setUint32(address + 16, list, true);
      record.setUint32(address + 20, list, true);
    } else {
      record.setUint32(address + 8, model.ratios.length, true);
      new Float32Array(buffer, table, model.ratios.length).set(model.ratios);
    }
    return address;
  });
  kernel.configure(hashes, hashes + 8 * WORDS, features, logs, classes, records, ofWords);
  return { kernel, addresses, text: next };
}

function tableBytes(model: QualityModel): number {
  // Weights, counts, and the list with room for one entry that is written but not kept.
  if (model.kind === 'linear') return 9 * model.weights.length + 4;
  return model.kind === 'importance'
    ? model.ratios.byteLength
    : model.pairs.length + model.entries.byteLength;
}
