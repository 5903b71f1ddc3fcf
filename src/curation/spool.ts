import { join } from 'node:path';
import { textColumn } from '../columns/text.ts';
import type { TextColumn } from '../columns/text-column.ts';
import { restore } from '../columns/wire.ts';
import { planColumn } from '../encoders/column.ts';
import type { EncoderPlan } from '../encoders/encoder.ts';
import type { Encoding } from '../encoders/encoding.ts';
import { CurationError } from '../errors.ts';
import type { RecordSpool } from '../flow/record-spool.ts';
import { type Inputs, openInputs } from '../open.ts';
import { read } from '../read.ts';
import { decodedSchema, scan } from '../scan.ts';
import type { Analyzed } from '../stages/analyze.ts';
import { type CurateColumns, findColumns } from './checks.ts';
import { DocumentReader, type Measured, type SpooledDocuments } from './measure.ts';
import type { CurateConfig, CurateOptions } from './options.ts';
import { encoderBytes } from './sizes.ts';

const PROGRESS_MS = 100;

/** Rows that wait, opened as inputs, and what is known of them. */
interface WaitingRows {
  readonly inputs: Inputs;
  readonly documents: RecordSpool;
}

/** All rows that wait. */
export interface Spool extends CurateColumns, WaitingRows {
  readonly sample: WaitingRows;
}

/** Opens what `measure` wrote. */
export async function openSpool(
  measured: Measured,
  options: CurateOptions,
  config: CurateConfig,
): Promise<Spool> {
  const { documents, sample } = measured;
  const inputs = await openInputs({ input: pathsOf(measured), inputFormat: 'arrow' });
  const sampled = await openInputs({ input: sample.paths, inputFormat: 'arrow' });
  return {
    inputs,
    documents,
    sample: { inputs: sampled, documents: sample.documents },
    ...findColumns(inputs, options, config),
  };
}

/** What the lengths of vectors in a column are is told by the first of them. */
export async function planVectors(
  measured: Measured,
  { vectorColumn, engine }: CurateConfig,
): Promise<EncoderPlan> {
  const { signal } = engine;
  const input = pathsOf(measured);
  const options = {
    input,
    inputFormat: 'arrow',
    threads: 1,
    ...(signal === undefined ? {} : { signal }),
  } as const;
  for await (const batch of read(options)) {
    const plan = planColumn(batch, vectorColumn);
    if (plan !== undefined) return plan;
  }
  throw new CurationError('BAD_INPUT', `column "${vectorColumn}": expected vectors, found none but nulls`);
}

function pathsOf({ spool, folder }: Measured): string[] {
  return spool.map(({ path }) => join(folder, path));
}

/** A batch of the spool with what is known of its rows. */
export interface SpooledBatch {
  readonly analyzed: Analyzed;
  /** Number of its first document in the spool. */
  readonly firstIndex: number;
  readonly documents: SpooledDocuments;
  /** Valid until the next batch is asked for. */
  readonly text: TextColumn;
}

/** What a reading of the spool is for. */
export interface SpoolReading {
  /** Which rows are read. */
  readonly of: WaitingRows;
  readonly encoding: Encoding;
  /** Whether the words of the column of groups are wanted, as ids of the batches. */
  readonly withGroups: boolean;
  /** For who watches. */
  readonly doing: string;
  /** Bytes that are held besides; they count towards `--memory`. */
  readonly resourceBytes: number;
}

/** Reads rows that wait once, in order: their texts, and what the threads make of them. */
export async function* readSpool(
  { textIndex, vectorIndex, groupIndex }: Spool,
  { clusters }: Measured,
  { engine }: CurateConfig,
  { of: { inputs, documents }, encoding, withGroups, doing, resourceBytes }: SpoolReading,
): AsyncGenerator<SpooledBatch, void, undefined> {
  const groups = withGroups ? groupIndex : -1;
  const columns = [...new Set([textIndex, vectorIndex, groups])].filter((index) => index >= 0);
  const request = {
    textIndex,
    columns,
    idIndex: columns.indexOf(groups),
    signatures: encoding.cutoff === undefined ? ('none' as const) : ('exact' as const),
    examination: undefined,
    encoding,
    resourceBytes:
      resourceBytes +
      clusters.byteLength +
      (encoding.by === 'features' ? 0 : encoderBytes(encoding.by, encoding.tree, engine.threads)),
  };
  const schema = decodedSchema(inputs, request);
  const reader = new DocumentReader(documents);
  const startedAt = performance.now();
  let reportedAt = 0;
  let firstIndex = 0;
  let bytes = 0;
  try {
    for await (const analyzed of scan(inputs, request, engine)) {
      const { placement, slab, rowCount } = analyzed;
      const text = textColumn(restore(schema, placement, new Uint8Array(slab.buffer)), 0);
      yield { analyzed, firstIndex, documents: await reader.take(rowCount), text };
      firstIndex += rowCount;
      bytes += text.offsets[rowCount]! - text.offsets[0]!;
      const now = performance.now();
      if (now - reportedAt < PROGRESS_MS) continue;
      reportedAt = now;
      const share = Math.min(1, firstIndex / documents.count);
      const seconds = (now - startedAt) / 1000;
      engine.onEvent?.({ type: 'work', work: { doing, share, documents: firstIndex, bytes, seconds } });
    }
  } finally {
    await reader.close();
  }
}
