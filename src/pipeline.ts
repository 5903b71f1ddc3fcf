import { Field, Float32, Utf8 } from 'apache-arrow';
import { calibrateSteps } from './calibrate.ts';
import { type FoundClusters, findClusters, isClustered } from './cluster.ts';
import { findTextColumn } from './columns/schema.ts';
import {
  type CurationOptions,
  type DuplicateOptions,
  duplicateConfig,
  engineConfig,
  UNKNOWN_DOCUMENTS,
} from './config.ts';
import { CurationError } from './errors.ts';
import { type ChainStep, resourceBytes } from './filters/chain.ts';
import type { Recipe, StepOptions } from './filters/filter.ts';
import { repeatedLines } from './filters/repeated-lines.ts';
import { checkDisk } from './flow/disk.ts';
import { type Inputs, openInputs } from './open.ts';
import type { Report } from './report.ts';
import { run, type Verb } from './run.ts';
import type { Analyzed } from './stages/analyze.ts';
import { createDeduplicator, type Deduplicator, deduplicatorByteLength } from './stages/deduplicate.ts';
import { ledgerSchema } from './stages/ledger.ts';
import { createRepeatedLines, type RepeatedLines, repeatedLinesByteLength } from './stages/repeated-lines.ts';
import { dedupStep, type PlannedStep, resolveOptions, stepDefinitions, stepNamed } from './steps.ts';
import { Twins, twinsByteLength, twinsDiskByteLength } from './twins.ts';
import { formatBytes } from './units.ts';
import type { Verdicts } from './verdicts.ts';

/** An estimate from a sample is raised by this before the index is sized. */
const ESTIMATE_MARGIN = 1.1;
/** A verdict is one byte. */
const MOST_REASONS = 255;

/**
 * Runs the steps of a recipe over the inputs in one ordered pass. Every document goes through the steps in their order until
 * one drops it; the deduplicator remembers only what came to it.
 *
 * Filters run in threads, the deduplicator decides on the main thread in document order. A filter that stands behind it
 * is run in the thread all the same, before it is known whether the document is a duplicate; its verdict counts only if it is none.
 * @throws CurationError; see `ErrorCode`.
 */
export async function runRecipe(
  verb: Report['verb'],
  recipe: Recipe,
  options: CurationOptions,
): Promise<Report> {
  const begunAt = performance.now();
  const steps = planSteps(recipe);
  const inputs = await openInputs(options);
  return run(await verbOf(verb, recipe, steps, inputs, options), options, begunAt);
}

/** @throws CurationError `USAGE` for a step that does not exist or stands where it cannot. */
function planSteps(recipe: Recipe): readonly PlannedStep[] {
  const steps = recipe.steps.map(({ use, ...given }, i) => {
    const definition = stepNamed(use);
    if (definition === undefined) {
      const names = stepDefinitions.map(({ name }) => name).join(', ');
      throw new CurationError('USAGE', `step ${i + 1}: no step "${use}"; there are ${names}`);
    }
    const options = resolveOptions(definition, given, (option) => `step ${i + 1} (${use}), ${option}`);
    return { definition, options };
  });
  if (steps.length === 0) {
    throw new CurationError(
      'USAGE',
      'a recipe needs at least one step; see sluice filter --help for their names',
    );
  }
  const last = steps.findIndex(({ definition }) => definition === repeatedLines);
  if (last >= 0 && last < steps.length - 1) {
    throw new CurationError(
      'USAGE',
      `step ${last + 1}: repeated-lines comes last, because what follows would judge lines it has yet to cut`,
    );
  }
  if (steps.filter(({ definition }) => definition === dedupStep).length > 1) {
    throw new CurationError(
      'USAGE',
      'dedup can stand once in a recipe; what it has seen, a second one would drop',
    );
  }
  return steps;
}

/** The recipe with every option of every step, as it is run. */
export function spellOut(recipe: Recipe): Recipe {
  return withSteps(recipe, planSteps(recipe));
}

function withSteps(recipe: Recipe, steps: readonly PlannedStep[]): Recipe {
  return { ...recipe, steps: steps.map(({ definition, options }) => ({ use: definition.name, ...options })) };
}

/** A verb of filters alone, of which somebody else makes more; there may be none. */
export async function filterVerb(
  name: Report['verb'],
  recipe: Recipe,
  inputs: Inputs,
  options: CurationOptions,
): Promise<Verb> {
  return verbOf(name, recipe, recipe.steps.length === 0 ? [] : planSteps(recipe), inputs, options);
}

async function verbOf(
  name: Report['verb'],
  recipe: Recipe,
  planned: readonly PlannedStep[],
  inputs: Inputs,
  options: CurationOptions,
): Promise<Verb> {
  if (planned.some(({ definition, options: own }) => definition === dedupStep && own['twins'] === true)) {
    refuseStream(options);
  }
  const path = inputs.sources[0]?.path ?? '-';
  const textIndex = findTextColumn(inputs.schema, options.textColumn ?? 'text', path);
  const reasons = [...new Set(planned.flatMap(({ definition, options: own }) => definition.reasons(own)))];
  if (reasons.length > MOST_REASONS) {
    throw new CurationError(
      'USAGE',
      `a recipe can give at most ${MOST_REASONS} reasons, this one ${reasons.length}`,
    );
  }
  const numbersOf = ({ definition, options: own }: PlannedStep): number[] =>
    definition.reasons(own).map((reason) => reasons.indexOf(reason) + 1);

  const chainOf = (part: readonly PlannedStep[]): Promise<ChainStep[]> =>
    Promise.all(
      part.map(async (step) => ({
        use: step.definition.name,
        options: step.options,
        resources: (await step.definition.load?.(step.options)) ?? {},
        columnIndex: columnOf(step, inputs, path),
        reasonNumbers: numbersOf(step),
      })),
    );
  const { steps, calibrations } = await calibrateSteps(planned, recipe.words, options, chainOf, textIndex);
  const at = steps.findIndex(({ definition }) => definition === dedupStep);
  const dedup = steps[at];
  const repeated = steps.find(({ definition }) => definition === repeatedLines);
  const own = steps.slice(0, repeated === undefined ? undefined : -1);
  const before = await chainOf(at < 0 ? own : own.slice(0, at));
  const after = await chainOf(at < 0 ? [] : own.slice(at + 1));
  const chain = [...before, ...after];
  const addedFields = steps.flatMap(({ definition, options: own }) =>
    own['score_only'] === true
      ? (definition.columns?.(own) ?? []).map(
          (column) => new Field(column.name, column.kind === 'score' ? new Float32() : new Utf8(), true),
        )
      : [],
  );
  const index = dedup && indexOf(dedup.options, inputs);
  const clusters =
    index !== undefined && isClustered(index)
      ? await findClusters(index.parameters, index.clusters, before, recipe.words, textIndex, options)
      : undefined;
  const { memoryBytes } = engineConfig(options);
  const twinsConfig = index?.twins;
  const diskBytes =
    twinsConfig === undefined || inputs.documents === undefined
      ? undefined
      : twinsDiskByteLength(inputs.documents, index!.parameters!.bands);
  if (diskBytes !== undefined) await checkDisk(twinsConfig!.workDirectory, diskBytes, '--twins');
  return {
    name,
    inputs,
    textIndex,
    idIndex: findIdColumn(inputs, options.idColumn, path),
    // What the hashes tell is known by now where documents were brought together.
    signatures: index === undefined || clusters !== undefined ? 'none' : (index.parameters ?? 'exact'),
    examination:
      chain.length === 0 && repeated === undefined
        ? undefined
        : {
            words: recipe.words,
            before,
            after,
            repeatedLines: repeated?.options,
            keepsDropped: options.keepRejects ?? false,
            writesValues: addedFields.length > 0,
          },
    addedFields,
    indexBytes:
      (index === undefined ? 0 : (clusters?.documents.byteLength ?? deduplicatorByteLength(index))) +
      (twinsConfig === undefined ? 0 : twinsByteLength(memoryBytes)) +
      (repeated === undefined ? 0 : repeatedLinesByteLength(repeated.options)),
    diskBytes,
    resourceBytes: resourceBytes(chain),
    reasons,
    beside: {
      noteColumns: clusters === undefined ? [] : [{ name: CLUSTER_SIZE, words: undefined }],
      ledger: ledgerSchema,
      rejects: options.keepRejects ?? false,
      samples: false,
    },
    ...(clusters === undefined ? {} : { locate: clusters.locate }),
    recipe: withSteps(recipe, steps),
    createJudge(plan) {
      const twins = twinsConfig && new Twins(index!.parameters!.bands, twinsConfig, memoryBytes);
      const deduplicator =
        index &&
        (clusters === undefined
          ? firstWins(createDeduplicator(index), index.parameters === undefined, twins)
          : bestWins(clusters));
      const duplicateNumbers = dedup === undefined ? [] : numbersOf(dedup);
      const lines = repeated && createRepeatedLines(repeated.options);
      const lineNumbers = repeated === undefined ? [] : numbersOf(repeated);
      return {
        async judge(analyzed, firstOrdinal) {
          const found = await deduplicator?.decide(analyzed, firstOrdinal);
          const decided = combine(analyzed, found, duplicateNumbers);
          const verdicts = lines === undefined ? decided : cutRepeated(analyzed, decided, lines, lineNumbers);
          if (deduplicator !== undefined && deduplicator.byteLength > plan.indexBytes) {
            throw new CurationError(
              'MEMORY',
              `more documents than expected: the index has grown to ${formatBytes(deduplicator.byteLength)} and --memory leaves ${formatBytes(plan.indexBytes)} for it; raise --memory or state --expected-documents`,
            );
          }
          return verdicts;
        },
        report: () => ({
          ...(calibrations.length === 0 ? {} : { calibrations }),
          ...deduplicator?.report(),
          ...(lines === undefined ? {} : { repeatedLines: lines.report() }),
        }),
        hindsight: twins,
      };
    },
  };
}

/** Twins are named in the ledger, and a stream has none. */
function refuseStream({ output }: CurationOptions): void {
  if (typeof output === 'string' && output !== '-') return;
  throw new CurationError(
    'USAGE',
    '--twins: expected a directory to write to, because twins are named in the ledger, found a stream; use -o DIR',
  );
}

/** Column of kept documents: how many documents they stand for, themselves included. */
const CLUSTER_SIZE = 'cluster_size';

/** What decides about duplicates, whichever way. */
interface Duplicates {
  readonly byteLength: number;
  decide(analyzed: Analyzed, firstOrdinal: number): Verdicts | Promise<Verdicts>;
  report(): Pick<Report, 'nearDuplicate' | 'clusters'>;
}

function firstWins(deduplicator: Deduplicator, isExactOnly: boolean, twins: Twins | undefined): Duplicates {
  return {
    get byteLength() {
      return deduplicator.byteLength + (twins?.byteLength ?? 0);
    },
    async decide({ signatures, outcomes }, firstOrdinal) {
      const skip = outcomes[0]?.reasons;
      const found = deduplicator.commit(signatures!, firstOrdinal, skip);
      await twins?.add(signatures!, found.verdicts, skip);
      return found;
    },
    report: () => (isExactOnly ? {} : { nearDuplicate: { ...deduplicator.report(), ...twins?.report() } }),
  };
}

function bestWins({ documents, report }: FoundClusters): Duplicates {
  return {
    byteLength: documents.byteLength,
    decide({ rowCount }, firstOrdinal) {
      const verdicts = new Uint8Array(rowCount);
      const twins = new Float64Array(rowCount);
      const notes = new Uint32Array(rowCount);
      for (let row = 0; row < rowCount; row++) {
        verdicts[row] = documents.verdictOf(firstOrdinal + row);
        twins[row] = documents.twinOf(firstOrdinal + row);
        notes[row] = documents.clusterSizeOf(firstOrdinal + row);
      }
      return { verdicts, twins, evidence: undefined, cuts: undefined, notes: [notes] };
    },
    report: () => ({ clusters: report }),
  };
}

/** Verdicts of filters, of the deduplicator and of filters again: for each document the first one that drops it. */
function combine(
  { outcomes, rowCount }: Analyzed,
  found: Verdicts | undefined,
  duplicateNumbers: readonly number[],
): Verdicts {
  const [before, after] = outcomes;
  if (before === undefined || after === undefined) {
    return found ?? nothingDecided(rowCount);
  }
  const { reasons: verdicts, statistics, thresholds, edited } = before;
  const isMeasured = new Uint8Array(rowCount);
  const details = new Map([...before.details, ...after.details]);
  for (let row = 0; row < rowCount; row++) {
    if (verdicts[row] !== 0) {
      isMeasured[row] = 1;
      continue;
    }
    const duplicate = found?.verdicts[row] ?? 0;
    if (duplicate !== 0) {
      verdicts[row] = duplicateNumbers[duplicate - 1]!;
      continue;
    }
    edited[row]! |= after.edited[row]!;
    if (after.reasons[row] === 0) continue;
    verdicts[row] = after.reasons[row]!;
    isMeasured[row] = 1;
    statistics[row] = after.statistics[row]!;
    thresholds[row] = after.thresholds[row]!;
  }
  // Nothing that is dropped was changed.
  for (let row = 0; row < rowCount; row++) if (verdicts[row] !== 0) edited[row] = 0;
  const evidence = { statistics, thresholds, isMeasured, details, edited };
  return { verdicts, twins: found?.twins, evidence, cuts: undefined, notes: found?.notes };
}

function nothingDecided(rowCount: number): Verdicts {
  return { verdicts: new Uint8Array(rowCount), twins: undefined, evidence: undefined, cuts: undefined };
}

/** Takes repeated lines out of what the other steps kept, in place. */
function cutRepeated(
  { units }: Analyzed,
  decided: Verdicts,
  lines: RepeatedLines,
  numbers: readonly number[],
): Verdicts {
  const { verdicts, evidence } = decided;
  const found = lines.judge(units!, verdicts);
  for (const row of found.cuts.rows) evidence!.edited[row] = 1;
  for (let row = 0; row < verdicts.length; row++) {
    const verdict = found.verdicts[row]!;
    if (verdicts[row] !== 0 || verdict === 0) continue;
    verdicts[row] = numbers[verdict - 1]!;
    evidence!.edited[row] = 0;
    evidence!.isMeasured[row] = 1;
    evidence!.statistics[row] = found.statistics[row]!;
    evidence!.thresholds[row] = found.thresholds[row]!;
  }
  return { ...decided, cuts: found.cuts.rows.length === 0 ? undefined : found.cuts };
}

function indexOf(options: StepOptions, inputs: Inputs) {
  const camel = Object.entries(options).map(([name, value]) => [
    name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
    value,
  ]);
  const config = duplicateConfig(Object.fromEntries(camel) as DuplicateOptions);
  const margin = inputs.isDocumentsExact ? 1 : ESTIMATE_MARGIN;
  const estimate = inputs.documents === undefined ? UNKNOWN_DOCUMENTS : Math.ceil(inputs.documents * margin);
  return { ...config, expectedDocuments: config.expectedDocuments ?? Math.max(1, estimate) };
}

function columnOf({ definition, options }: PlannedStep, inputs: Inputs, path: string): number {
  const name = definition.column?.(options);
  return name === undefined ? -1 : findTextColumn(inputs.schema, name, path);
}

function findIdColumn({ schema }: Inputs, idColumn: string | undefined, path: string): number {
  const idName = idColumn ?? 'id';
  const index = schema.fields.findIndex(({ name }) => name === idName);
  if (idColumn !== undefined && index < 0) {
    const names = schema.fields.map(({ name }) => name).join(', ');
    throw new CurationError('USAGE', `--id-column ${idName}: ${path} has no such column; there are ${names}`);
  }
  return index;
}
