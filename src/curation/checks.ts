import { addNoteFields, type NoteColumn } from '../columns/notes.ts';
import { findTextColumn } from '../columns/schema.ts';
import { outputFormat } from '../config.ts';
import { findVectors } from '../encoders/column.ts';
import { checkOnnxModel } from '../encoders/onnx.ts';
import { loadStaticModel } from '../encoders/static.ts';
import { CurationError } from '../errors.ts';
import { checkOutput } from '../formats/encoders.ts';
import type { Inputs } from '../open.ts';
import { checkTarget } from '../output.ts';
import { refuseTaken } from '../run.ts';
import type { CurateConfig, CurateOptions } from './options.ts';
import { MOST_GROUPS, tableBytes } from './sizes.ts';

export const CONCEPT = 'concept';

/** Columns behind those of the inputs: how many documents one stands for, itself included, and its concept. */
export const NOTE_COLUMNS: readonly NoteColumn[] = [
  { name: 'cluster_size', words: undefined },
  { name: CONCEPT, words: undefined },
];

/** Positions of columns among those of the inputs; -1 where there is none. */
export interface CurateColumns {
  readonly textIndex: number;
  readonly vectorIndex: number;
  /** Of what documents are grouped by, or reported by. */
  readonly groupIndex: number;
}

/** @throws CurationError `USAGE` for a column that there is not. */
export function findColumns(inputs: Inputs, options: CurateOptions, config: CurateConfig): CurateColumns {
  const { balanceBy, encoder, vectorColumn } = config;
  return {
    textIndex: findTextColumn(inputs.schema, options.textColumn ?? 'text', 'the inputs'),
    vectorIndex: encoder === 'column' ? columnOf(inputs, '--vector-column', vectorColumn) : -1,
    groupIndex:
      balanceBy === undefined || balanceBy === 'source'
        ? (LANGUAGE_COLUMNS.map((name) => positionOf(inputs, name)).find((index) => index >= 0) ?? -1)
        : columnOf(inputs, '--balance-by', balanceBy),
  };
}

/**
 * Says what is wrong with columns, models, output format and output directory before anything is read, as the writing would say it at the end.
 * @returns bytes of the model of documents that threads share.
 * @throws CurationError as the writing does.
 */
export async function checkBefore(
  inputs: Inputs,
  options: CurateOptions,
  config: CurateConfig,
): Promise<number> {
  const { vectorIndex } = findColumns(inputs, options, config);
  const { sources } = inputs;
  if (config.balanceBy === 'source' && sources.length > MOST_GROUPS) {
    throw new CurationError(
      'USAGE',
      `--balance-by source: expected at most ${MOST_GROUPS} inputs, found ${sources.length}; balance by a column that says where documents are from`,
    );
  }
  if (vectorIndex >= 0) findVectors(inputs.schema, config.vectorColumn);
  const modelBytes = config.encoder === 'static' ? tableBytes(await loadStaticModel(config.encoderModel)) : 0;
  if (config.encoder === 'onnx') await checkOnnxModel(config.encoderModel);
  const added = NOTE_COLUMNS.map(({ name }) => name);
  refuseTaken(inputs.schema, added);
  checkOutput(outputFormat(options), addNoteFields(inputs.schema, NOTE_COLUMNS));
  await checkTarget(
    options,
    sources.map(({ path }) => path),
  );
  return modelBytes;
}

/** A column of one of these names is reported on. */
const LANGUAGE_COLUMNS = ['language', 'lang'];

function positionOf({ schema }: Inputs, name: string): number {
  return schema.fields.findIndex((field) => field.name === name);
}

function columnOf(inputs: Inputs, flag: string, name: string): number {
  const index = positionOf(inputs, name);
  if (index >= 0) return index;
  const names = inputs.schema.fields.map((field) => field.name).join(', ');
  throw new CurationError('USAGE', `${flag} ${name}: the inputs have no such column; there are ${names}`);
}
