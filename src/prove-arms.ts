import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { TextColumn } from './columns/text-column.ts';
import { CurationError } from './errors.ts';
import { explainWriteError } from './flow/atomic-file.ts';
import { planMemory } from './flow/memory.ts';
import { Contamination } from './proof/contamination.ts';
import { CopyCounts, copiesOf } from './proof/copies.ts';
import type { ArmInfo, HeldOutInfo } from './proof/proof.ts';
import { buildHeldOut, DocumentSample, type HeldOutSets, type Sample, sampleBytes } from './proof/sample.ts';
import { MOST_TOKENS, type Paths, type ProveConfig, type ProveOptions } from './prove-options.ts';
import { SAMPLES, TextReader } from './prove-texts.ts';
import { formatBytes } from './units.ts';

/** A set of documents to train on, before anything of it was read. */
export interface ArmSource {
  readonly name: string;
  readonly role: ArmInfo['role'];
  readonly input: Paths;
}

/** An arm with its samples on disk. */
export interface SampledArm {
  readonly info: ArmInfo;
  /** Files of symbols, one for each seed, and the symbols each has at least. */
  readonly paths: readonly string[];
  readonly symbols: number;
}

/** Everything that is read: what to train on, and what to measure on that no arm has. */
export interface ProofData {
  /** The baseline, what is compared with it in the order given, then the controls. */
  readonly arms: readonly SampledArm[];
  readonly heldOut: HeldOutSets;
  readonly heldOutInfo: readonly HeldOutInfo[];
}

/** Samples of different purposes are drawn apart. */
const STREAM = { arm: 0, heldOut: 1, random: 2, shuffled: 3 } as const;

/** Samples that are taken of the baseline in one pass, for each seed: itself and two controls. */
const BASELINE_TAKINGS = 3;

/**
 * Says at once that samples will not fit: the baseline, which has the most of them, is read last.
 * @throws CurationError `MEMORY`.
 */
export function checkMemory(config: ProveConfig): void {
  spareMemory(config, BASELINE_TAKINGS * config.seeds * sampleBytes(sampledTokens(config)));
}

/** What is left of `--memory` while something is read of which so much is held. */
function spareMemory({ engine }: ProveConfig, resourceBytes: number): number {
  // Without an index all that is left is room for it to grow.
  return planMemory({ ...engine, indexBytes: 0, batchBytes: 0, resourceBytes, resources: SAMPLES })
    .indexBytes;
}

/** Which T will be is known when all arms were read. */
function sampledTokens({ tokens }: ProveConfig): number {
  return tokens ?? MOST_TOKENS;
}

/**
 * Reads held-out sets and arms, each once. Of every arm as many samples are written to `folder` as there are seeds; a held-out document
 * that any arm has, exactly or nearly, is left out of what is measured.
 */
export async function readProofData(
  sources: readonly ArmSource[],
  options: ProveOptions,
  config: ProveConfig,
  folder: string,
): Promise<ProofData> {
  const texts = new TextReader(config, options);
  try {
    return await readAll(sources, { options, config, folder, texts });
  } finally {
    await texts.close();
  }
}

interface Reading {
  readonly options: ProveOptions;
  readonly config: ProveConfig;
  readonly folder: string;
  readonly texts: TextReader;
}

async function readAll(sources: readonly ArmSource[], reading: Reading): Promise<ProofData> {
  const sets = await readHeldOut(reading);
  const all = buildHeldOut(sets.map(({ sample }) => sample));
  const contamination = new Contamination(await reading.texts.sign(textsOf(all)));
  const heldBytes =
    contamination.byteLength + all.symbols.length + sets.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const reader = { ...reading, contamination, heldBytes };
  const [baseline] = sources;
  const compared: SampledArm[] = [];
  // The baseline comes last: how often one of its documents is taken for a control follows from what was curated.
  const copies = new CopyCounts();
  for (const [number, source] of sources.entries()) {
    if (source === baseline) continue;
    const counts = compared.length === 0 ? copies : undefined;
    const taking = { source, stream: STREAM.arm };
    compared.push(...(await readArm(reader, number, source, [taking], counts)));
  }
  const histogram = copies.histogram();
  const control = (role: 'random' | 'shuffled'): ArmSource => ({ name: role, role, input: baseline!.input });
  const [first, ...controls] = await readArm(reader, 0, baseline!, [
    { source: baseline!, stream: STREAM.arm },
    { source: control('random'), stream: STREAM.random },
    {
      source: control('shuffled'),
      stream: STREAM.shuffled,
      copiesOf: (seed: number, ordinal: number) => copiesOf(seed, ordinal, histogram),
    },
  ]);
  const { isExact, isNear } = contamination;
  const isRemoved = (document: number): boolean => isExact(document) || isNear(document);
  const samples = sets.map(({ sample }) => sample);
  let document = 0;
  const heldOutInfo = sets.map(({ name, input, sample }): HeldOutInfo => {
    const removed = { exact: 0, near: 0 };
    let documents = 0;
    let bytes = 0;
    for (let index = 0; index < sample.wholeCount; index++, document++) {
      if (isExact(document)) removed.exact++;
      else if (isNear(document)) removed.near++;
      else {
        documents++;
        bytes += sample.lengthOf(index);
      }
    }
    return { name, input, documents, bytes, removed, unused: sample.documents - sample.wholeCount };
  });
  const empty = heldOutInfo.find(({ documents }) => documents === 0);
  if (empty !== undefined) {
    const { exact, near } = empty.removed;
    throw new CurationError(
      'BAD_INPUT',
      `${empty.input.join(', ')}: nothing is left of the held-out set "${empty.name}": ${exact + near} of its documents are in an arm, too, and ${empty.unused} are larger than what is measured; choose documents that nothing was trained on, of at most --heldout-bytes`,
    );
  }
  return { arms: [first!, ...compared, ...controls], heldOut: buildHeldOut(samples, isRemoved), heldOutInfo };
}

interface HeldOutSample {
  readonly name: string;
  readonly input: readonly string[];
  readonly sample: Sample;
  /** Memory the sample holds. */
  readonly byteLength: number;
}

async function readHeldOut({ options, config, texts }: Reading): Promise<readonly HeldOutSample[]> {
  const sets: HeldOutSample[] = [];
  let heldBytes = 0;
  for (const [name, paths] of Object.entries(options.heldOut)) {
    const { seed, heldOutBytes: byteLimit } = config;
    const sample = new DocumentSample({ byteLimit, seed, stream: STREAM.heldOut, isWhole: true });
    const resourceBytes = heldBytes + sampleBytes(byteLimit);
    await texts.read(name, paths, resourceBytes, (text, ordinal) => addAll(sample, text, ordinal));
    const { byteLength } = sample;
    heldBytes += byteLength;
    sets.push({ name, input: listOf(paths), sample: sample.finish(), byteLength });
  }
  return sets;
}

/** Documents without their ends, which are not of their text. */
function textsOf({ symbols, offsets }: HeldOutSets): TextColumn {
  const rowCount = offsets.length - 1;
  const bytes = new Uint8Array(symbols.length - rowCount);
  const starts = new Int32Array(rowCount + 1);
  // There is one offset more than documents.
  for (let row = 0; row < rowCount; row++) {
    const text = symbols.subarray(offsets[row]!, offsets[row + 1]! - 1);
    bytes.set(text, starts[row]!);
    starts[row + 1] = starts[row]! + text.length;
  }
  return { bytes, offsets: starts, rowCount };
}

/** A way to take samples of an arm. */
interface Taking {
  readonly source: ArmSource;
  readonly stream: number;
  /** How many times a document is taken; once unless given. */
  readonly copiesOf?: (seed: number, ordinal: number) => number;
}

interface ArmReader extends Reading {
  readonly contamination: Contamination;
  /** Memory that held-out documents take meanwhile. */
  readonly heldBytes: number;
}

async function readArm(
  { config, folder, texts, contamination, heldBytes }: ArmReader,
  number: number,
  { name, input }: ArmSource,
  takings: readonly Taking[],
  copies?: CopyCounts,
): Promise<readonly SampledArm[]> {
  const { seeds, seed } = config;
  const byteLimit = sampledTokens(config);
  const samples = takings.map(({ stream }) =>
    Array.from({ length: seeds }, (_, i) => new DocumentSample({ byteLimit, seed: seed + i, stream })),
  );
  const planned = takings.length * seeds * sampleBytes(byteLimit);
  const resourceBytes = planned + heldBytes;
  // Very small documents take more for where they lie than for their text.
  const most = planned + spareMemory(config, resourceBytes);
  await texts.read(name, input, resourceBytes, (text, ordinal, signatures) => {
    contamination.check(signatures);
    copies?.add(signatures.contentHashes);
    for (const [i, taking] of takings.entries()) {
      for (const [j, sample] of samples[i]!.entries()) {
        if (taking.copiesOf === undefined) addAll(sample, text, ordinal);
        else addCopies(sample, text, ordinal, (one) => taking.copiesOf!(seed + j, one));
      }
    }
    const taken = samples.flat().reduce((sum, { byteLength }) => sum + byteLength, 0);
    if (taken > most) {
      throw new CurationError(
        'MEMORY',
        `the arm "${name}": its documents are so small that samples of it take more than the ${formatBytes(most)} that --memory leaves for them; raise --memory or ${SAMPLES.cure}`,
      );
    }
  });
  const arms: SampledArm[] = [];
  for (const [i, { source }] of takings.entries()) {
    const paths: string[] = [];
    let symbols = Number.POSITIVE_INFINITY;
    let counts = { documents: 0, bytes: 0 };
    for (const [j, taken] of samples[i]!.entries()) {
      const sample = taken.finish();
      counts = { documents: sample.documents, bytes: sample.bytes };
      symbols = Math.min(symbols, sample.symbols);
      const path = join(folder, `${number}-${i}-${j}.symbols`);
      await writeSpool(path, sample);
      paths.push(path);
    }
    const info = { name: source.name, role: source.role, input: listOf(source.input), ...counts };
    arms.push({ info, paths, symbols });
  }
  return arms;
}

async function writeSpool(path: string, sample: Sample): Promise<void> {
  const file = await open(path, 'wx').catch(explainWriteError(path));
  try {
    for (const chunk of sample.chunks()) await file.writeFile(chunk).catch(explainWriteError(path));
  } finally {
    await file.close();
  }
}

/** Adds every document of a batch, of which `ordinal` is the number of the first. */
function addAll(sample: DocumentSample, { bytes, offsets, rowCount }: TextColumn, ordinal: number): void {
  // There is one offset more than rows.
  for (let row = 0; row < rowCount; row++) sample.add(ordinal + row, bytes, offsets[row]!, offsets[row + 1]!);
}

function addCopies(
  sample: DocumentSample,
  { bytes, offsets, rowCount }: TextColumn,
  ordinal: number,
  copiesOf: (ordinal: number) => number,
): void {
  // There is one offset more than rows.
  for (let row = 0; row < rowCount; row++) {
    sample.add(ordinal + row, bytes, offsets[row]!, offsets[row + 1]!, copiesOf(ordinal + row));
  }
}

function listOf(paths: Paths): readonly string[] {
  return typeof paths === 'string' ? [paths] : paths;
}
