import { findTextColumn } from './columns/schema.ts';
import { textColumn } from './columns/text.ts';
import type { TextColumn } from './columns/text-column.ts';
import type { EngineOptions, InputOptions } from './config.ts';
import { CurationError } from './errors.ts';
import { writeWhole } from './flow/atomic-file.ts';
import type { TakeFeatures } from './kernels/quality/features.ts';
import { BucketCounts, fitImportance } from './kernels/quality/importance.ts';
import { createQualityKernel, type QualityKernel } from './kernels/quality/kernel.ts';
import { FeatureSpool, LEAST_BITS, LinearTrainer, MOST_BITS } from './kernels/quality/linear-classifier.ts';
import { type ModelNotes, type QualityModel, serializeModel } from './kernels/quality/model.ts';
import { PerplexityTrainer } from './kernels/quality/perplexity.ts';
import { type Auc, areaUnderCurve } from './kernels/quality/roc.ts';
import { read } from './read.ts';

/** What is learned from, and what. */
export interface TrainQualityOptions
  extends Pick<InputOptions, 'inputFormat' | 'onError'>,
    Pick<EngineOptions, 'threads' | 'memory' | 'signal'> {
  /**
   * `linear`: tell positives from negatives (logistic regression over words, pairs of words and marks). `importance`: how much likelier the
   * words of a document are in the positives than in the negatives (DSIR). `perplexity`: how well byte 5-grams of the positives
   * predict a document.
   */
  readonly kind: QualityModel['kind'];
  /** Good documents: files, directories or globs. */
  readonly positive: string | readonly string[];
  /** Raw or bad documents; not for `perplexity`. */
  readonly negative?: string | readonly string[];
  /** File to write the model to; one that is there is replaced. */
  readonly output: string;
  /** Column that is learned from; default `text`. */
  readonly textColumn?: string;
  /** Changes which documents are held out and the order of the others; default 0. */
  readonly seed?: number;
  /** How often `linear` goes through all documents; default 5. */
  readonly epochs?: number;
  /** `linear` has 2 to this many weights; default 20, and 16 is enough for small data. */
  readonly bits?: number;
  /**
   * Bytes to hold of the features of `linear`, and of the text that is held out; 256 MiB unless given. With more of it inputs are
   * read again: for each epoch, and to measure.
   */
  readonly spoolBytes?: number;
  /** Called after each batch. */
  readonly onEvent?: (event: TrainEvent) => void;
}

/** How far training has come. */
export interface TrainEvent {
  readonly type: 'progress';
  /** What it is doing. */
  readonly pass: 'read' | 'epoch' | 'measure';
  /** Documents and bytes of text read since it began, those read again included. */
  readonly documents: number;
  readonly bytes: number;
}

/** What was learned. */
export interface TrainReport {
  readonly kind: QualityModel['kind'];
  /** Documents with words (for `perplexity`: with bytes); those without are not counted. */
  readonly documents: number;
  readonly positives: number;
  readonly negatives: number;
  /** Bytes of text, read once. */
  readonly bytes: number;
  /**
   * How well the model tells apart a tenth of the documents, chosen by their words, that it did not learn from; undefined with
   * fewer than ten of them in a class (then it learned from all), and for `perplexity`.
   */
  readonly heldOut: (Auc & { readonly positives: number; readonly negatives: number }) | undefined;
  readonly seconds: number;
  readonly output: string;
  readonly modelBytes: number;
}

const SPOOL_BYTES = 256 * 2 ** 20;
/** One document in so many is held out. */
const HELD_OUT_IN = 10;
/** Held-out documents of each class from which on there is something to measure. */
const LEAST_HELD_OUT = 10;

interface Counts {
  positives: number;
  negatives: number;
}

/** State of one training, handed from pass to pass. */
interface Training {
  readonly options: TrainQualityOptions;
  readonly kernel: QualityKernel;
  readonly seed: number;
  readonly all: Counts;
  readonly heldOut: Counts;
  /** Bytes of text in the first pass. */
  bytes: number;
  /** Documents that are held out, as long as they fit. */
  heldTexts: { readonly bytes: Uint8Array; readonly isPositive: boolean }[] | undefined;
  heldBytes: number;
  readonly report: (pass: TrainEvent['pass'], rows: number, bytes: number) => void;
}

/**
 * Learns a model of quality from documents and writes it to a file. Same documents in the same order, options and seed: same bytes, for
 * any number of threads. Memory: the model, features of up to `spoolBytes`, and what {@link read} holds.
 * @throws CurationError `USAGE` for options that do not fit or a missing column; `BAD_INPUT` for an input that is damaged, or a
 * class without documents; `BAD_OUTPUT` if the file cannot be written.
 */
export async function trainQuality(options: TrainQualityOptions): Promise<TrainReport> {
  const start = performance.now();
  checkOptions(options);
  let documents = 0;
  let bytes = 0;
  const training: Training = {
    options,
    kernel: await createQualityKernel([]),
    seed: options.seed ?? 0,
    all: { positives: 0, negatives: 0 },
    heldOut: { positives: 0, negatives: 0 },
    bytes: 0,
    heldTexts: [],
    heldBytes: 0,
    report(pass, rows, more) {
      documents += rows;
      bytes += more;
      options.onEvent?.({ type: 'progress', pass, documents, bytes });
    },
  };
  const model = await trainKind(training);
  const heldOut = model.kind === 'perplexity' ? undefined : await measure(training, model);
  const { all } = training;
  const notes: ModelNotes = {
    kind: model.kind,
    seed: training.seed,
    positives: all.positives,
    negatives: all.negatives,
    bytes: training.bytes,
    ...(model.kind === 'linear' ? { epochs: epochsOf(options) } : {}),
    ...(heldOut === undefined ? {} : { heldOutAuc: heldOut.auc }),
  };
  const file = serializeModel(model, notes);
  options.signal?.throwIfAborted();
  await writeWhole(options.output, file);
  return {
    kind: model.kind,
    documents: all.positives + all.negatives,
    ...all,
    bytes: training.bytes,
    heldOut,
    seconds: (performance.now() - start) / 1000,
    output: options.output,
    modelBytes: file.byteLength,
  };
}

const epochsOf = ({ epochs = 5 }: TrainQualityOptions): number => epochs;

const patternsOf = (input: string | readonly string[] | undefined): readonly string[] =>
  typeof input === 'string' ? [input] : (input ?? []);

function checkOptions(options: TrainQualityOptions): void {
  const { kind, positive, negative, epochs, bits, seed } = options;
  const usage = (message: string): CurationError => new CurationError('USAGE', `train-quality: ${message}`);
  if (patternsOf(positive).length === 0)
    throw usage('--positive: expected inputs with good documents, found none');
  if (kind === 'perplexity') {
    if (patternsOf(negative).length > 0) {
      throw usage(
        '--negative has no meaning for a perplexity model, which learns from one kind of text; leave it out',
      );
    }
  } else if (patternsOf(negative).length === 0) {
    throw usage(`--negative: expected inputs for a ${kind} model to tell from the positive ones, found none`);
  }
  if ([...patternsOf(positive), ...patternsOf(negative)].includes('-')) {
    throw usage('inputs are read more than once, so standard input cannot be one; write it to a file first');
  }
  const checkWhole = (name: string, value: number | undefined, least: number, most: number): void => {
    if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) return;
    throw usage(`--${name}: expected a whole number from ${least} to ${most}, found ${value}`);
  };
  checkWhole('epochs', epochs, 1, 1000);
  checkWhole('bits', bits, LEAST_BITS, MOST_BITS);
  checkWhole('seed', seed, 0, 2 ** 32 - 1);
  if (kind !== 'linear' && (epochs ?? bits) !== undefined) {
    throw usage(
      `--${epochs === undefined ? 'bits' : 'epochs'} is for a linear model, found ${kind}; leave it out`,
    );
  }
}

async function trainKind(training: Training): Promise<QualityModel> {
  if (training.options.kind === 'linear') return trainLinear(training);
  return training.options.kind === 'importance' ? trainImportance(training) : trainPerplexity(training);
}

/** The text of inputs, batch by batch in order; a missing column is an error of usage. */
async function* textsOf(
  { options, report }: Training,
  isPositive: boolean,
  pass: TrainEvent['pass'],
): AsyncGenerator<TextColumn, void, undefined> {
  const input = patternsOf(isPositive ? options.positive : options.negative);
  const { inputFormat, onError, threads, memory, signal } = options;
  const batches = read({
    input,
    ...(inputFormat === undefined ? {} : { inputFormat }),
    ...(onError === undefined ? {} : { onError }),
    ...(threads === undefined ? {} : { threads }),
    ...(memory === undefined ? {} : { memory }),
    ...(signal === undefined ? {} : { signal }),
  });
  const name = options.textColumn ?? 'text';
  for await (const batch of batches) {
    const text = textColumn(batch, findTextColumn(batch.schema, name, input.join(', ')));
    report(pass, text.rowCount, text.offsets[text.rowCount]! - text.offsets[0]!);
    yield text;
  }
}

/** Reads both classes, and has `take` collect and `close` end every document. */
async function readBoth(
  training: Training,
  pass: TrainEvent['pass'],
  document: (bytes: Uint8Array, start: number, end: number, isPositive: boolean) => void,
): Promise<void> {
  for (const isPositive of training.options.kind === 'perplexity' ? [true] : [true, false]) {
    for await (const { bytes, offsets, rowCount } of textsOf(training, isPositive, pass)) {
      // offsets has rowCount + 1 entries.
      for (let row = 0; row < rowCount; row++) document(bytes, offsets[row]!, offsets[row + 1]!, isPositive);
    }
  }
}

/** Whether a document is held out: by a hash of its features, so that copies of a document are so together. */
function createHoldOut(seed: number): { readonly take: TakeFeatures; readonly isHeldOut: () => boolean } {
  let hash = seed;
  return {
    take(features) {
      for (const feature of features) hash = Math.imul(hash ^ feature, 0x9e3779b1) ^ (hash >>> 15);
    },
    isHeldOut() {
      let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
      mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
      hash = seed;
      return ((mixed ^ (mixed >>> 16)) >>> 0) % HELD_OUT_IN === 0;
    },
  };
}

function count(counts: Counts, isPositive: boolean): void {
  if (isPositive) counts.positives++;
  else counts.negatives++;
}

/** Notes a document that is held out. */
function hold(training: Training, bytes: Uint8Array, start: number, end: number, isPositive: boolean): void {
  count(training.heldOut, isPositive);
  training.heldBytes += end - start;
  if (training.heldBytes > mostBytes(training)) training.heldTexts = undefined;
  training.heldTexts?.push({ bytes: bytes.slice(start, end), isPositive });
}

const mostBytes = ({ options }: Training): number => options.spoolBytes ?? SPOOL_BYTES;

/** Whether enough documents are held out to measure; else all are learned from. */
const holdsOut = ({ heldOut }: Training): boolean =>
  heldOut.positives >= LEAST_HELD_OUT && heldOut.negatives >= LEAST_HELD_OUT;

/** @throws CurationError if a class has nothing to learn from. */
function checkClasses({ all, options }: Training): void {
  const isOneClass = options.kind === 'perplexity';
  const empty =
    all.positives === 0 ? 'positive' : !isOneClass && all.negatives === 0 ? 'negative' : undefined;
  if (empty === undefined) return;
  throw new CurationError(
    'BAD_INPUT',
    `${patternsOf(options[empty]).join(', ')}: expected ${empty} documents with words in the column "${options.textColumn ?? 'text'}", found none; add some`,
  );
}

async function trainLinear(training: Training): Promise<QualityModel> {
  const { options, kernel, seed, all, heldOut } = training;
  const bits = options.bits ?? 20;
  const most = mostBytes(training);
  const spool = new FeatureSpool(bits);
  const holdOut = createHoldOut(seed);
  let fits = true;
  const take: TakeFeatures = (features) => {
    spool.take(features);
    holdOut.take(features);
  };
  await readBoth(training, 'read', (bytes, start, end, isPositive) => {
    training.bytes += end - start;
    kernel.collect(bytes, start, end, take);
    const isHeldOut = holdOut.isHeldOut();
    if (!spool.close(isPositive, isHeldOut)) return;
    count(all, isPositive);
    if (isHeldOut) hold(training, bytes, start, end, isPositive);
    if (spool.byteLength > most) fits = false;
    if (!fits) spool.clear();
  });
  checkClasses(training);
  const isHolding = holdsOut(training);
  const trainer = new LinearTrainer({
    bits,
    seed,
    holdsOut: isHolding,
    positives: all.positives - (isHolding ? heldOut.positives : 0),
    negatives: all.negatives - (isHolding ? heldOut.negatives : 0),
  });
  let round = 0;
  for (let epoch = 0; epoch < epochsOf(options); epoch++) {
    if (fits) {
      options.signal?.throwIfAborted();
      trainer.train(spool, round++);
      continue;
    }
    const cursors = [
      new Cursor(textsOf(training, false, 'epoch')),
      new Cursor(textsOf(training, true, 'epoch')),
    ];
    for await (const [cursor, isPositive] of interleave(cursors, [all.negatives, all.positives])) {
      kernel.collect(cursor.bytes, cursor.start, cursor.end, take);
      spool.close(isPositive, holdOut.isHeldOut());
      if (spool.byteLength <= most) continue;
      trainer.train(spool, round++);
      spool.clear();
    }
    trainer.train(spool, round++);
    spool.clear();
  }
  return trainer.model();
}

/** Walks over documents without waiting for each. */
class Cursor {
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  end = 0;
  readonly #batches: AsyncGenerator<TextColumn, void, undefined>;
  #text: TextColumn | undefined;
  #row = 0;

  constructor(batches: AsyncGenerator<TextColumn, void, undefined>) {
    this.#batches = batches;
  }

  /** Moves to the next document of the batch at hand; false if there is none. */
  step(): boolean {
    const text = this.#text;
    if (text === undefined || this.#row === text.rowCount) return false;
    // #row < rowCount, and there is one offset more than rows.
    this.bytes = text.bytes;
    this.start = text.offsets[this.#row]!;
    this.end = text.offsets[++this.#row]!;
    return true;
  }

  /** Gets the next batch; false at the end. */
  async load(): Promise<boolean> {
    const { value } = await this.#batches.next();
    this.#text = value ?? undefined;
    this.#row = 0;
    return value !== undefined;
  }

  async close(): Promise<void> {
    await this.#batches.return();
  }
}

/** Documents of both classes, mixed evenly: next comes the class of which the smaller part was seen. */
async function* interleave(
  cursors: readonly Cursor[],
  totals: readonly number[],
): AsyncGenerator<readonly [Cursor, boolean], void, undefined> {
  const seen = [0, 0];
  const isOpen = [true, true];
  try {
    while (isOpen[0] === true || isOpen[1] === true) {
      // Both lists have two entries.
      const isBehind = seen[1]! * totals[0]! <= seen[0]! * totals[1]!;
      const at = isOpen[1] === true && (isBehind || isOpen[0] !== true) ? 1 : 0;
      const cursor = cursors[at]!;
      if (cursor.step()) {
        seen[at]!++;
        yield [cursor, at === 1];
      } else if (!(await cursor.load())) isOpen[at] = false;
    }
  } finally {
    for (const cursor of cursors) await cursor.close();
  }
}

async function trainImportance(training: Training): Promise<QualityModel> {
  const { kernel, seed, all } = training;
  const holdOut = createHoldOut(seed);
  // By class, learned from and held out. A document is counted once it is known which.
  const counts = [
    [new BucketCounts(), new BucketCounts()],
    [new BucketCounts(), new BucketCounts()],
  ] as const;
  let features = new Uint32Array(1 << 12);
  let length = 0;
  const take: TakeFeatures = (more) => {
    holdOut.take(more);
    if (length + more.length > features.length) {
      const larger = new Uint32Array(2 * (length + more.length));
      larger.set(features.subarray(0, length));
      features = larger;
    }
    features.set(more, length);
    length += more.length;
  };
  await readBoth(training, 'read', (bytes, start, end, isPositive) => {
    training.bytes += end - start;
    length = 0;
    kernel.collect(bytes, start, end, take);
    const isHeldOut = holdOut.isHeldOut();
    if (length === 0) return;
    count(all, isPositive);
    if (isHeldOut) hold(training, bytes, start, end, isPositive);
    counts[isPositive ? 1 : 0][isHeldOut ? 1 : 0].take(features.subarray(0, length));
  });
  checkClasses(training);
  if (!holdsOut(training)) for (const [learned, held] of counts) learned.merge(held);
  return fitImportance(counts[1][0], counts[0][0]);
}

async function trainPerplexity(training: Training): Promise<QualityModel> {
  const trainer = new PerplexityTrainer();
  await readBoth(training, 'read', (bytes, start, end) => {
    training.bytes += end - start;
    if (start === end) return;
    training.all.positives++;
    trainer.add(bytes, start, end);
  });
  checkClasses(training);
  return trainer.model();
}

/** Scores the documents that were held out. */
async function measure(training: Training, model: QualityModel): Promise<TrainReport['heldOut']> {
  if (!holdsOut(training)) return undefined;
  const { heldOut, seed } = training;
  const kernel = await createQualityKernel([model]);
  const holdOut = createHoldOut(seed);
  const scores = [new Float64Array(heldOut.negatives), new Float64Array(heldOut.positives)] as const;
  const filled = [0, 0];
  const into = new Float64Array(1);
  const score = (bytes: Uint8Array, start: number, end: number, isPositive: boolean): void => {
    kernel.score(bytes, start, end, into);
    const at = isPositive ? 1 : 0;
    scores[at][filled[at]!++] = into[0]!;
  };
  if (training.heldTexts === undefined) {
    await readBoth(training, 'measure', (bytes, start, end, isPositive) => {
      let hasFeatures = false;
      kernel.collect(bytes, start, end, (features) => {
        hasFeatures = true;
        holdOut.take(features);
      });
      // Documents without a word were not counted.
      if (holdOut.isHeldOut() && hasFeatures) score(bytes, start, end, isPositive);
    });
  } else {
    for (const { bytes, isPositive } of training.heldTexts) score(bytes, 0, bytes.length, isPositive);
  }
  return { ...areaUnderCurve(scores[1], scores[0]), ...heldOut };
}
