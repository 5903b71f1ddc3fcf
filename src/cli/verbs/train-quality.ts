import { type EngineOptions, given } from '../../config.ts';
import { CurationError } from '../../errors.ts';
import { type TrainEvent, type TrainReport, trainQuality } from '../../train-quality.ts';
import { formatBytes, formatCount, formatSeconds } from '../../units.ts';
import type { OptionValues } from '../options.ts';
import { engine, readOptions } from '../shared-options.ts';
import type { LoadedVerb } from '../verb.ts';

const KINDS = ['linear', 'importance', 'perplexity'] as const;
const LINE_EVERY_MS = 100;

export const trainQualityVerb: LoadedVerb = {
  options: {
    positive: { kind: 'paths', help: 'good documents: files, directories or globs (required)' },
    negative: { kind: 'paths', help: 'raw or bad documents (required, but for perplexity)' },
    out: { kind: 'path', short: 'o', help: 'file to write the model to (required)' },
    kind: {
      kind: KINDS,
      help: 'linear: tells positives from negatives (default); importance: DSIR weight of its words; perplexity: bits per byte under the positives',
    },
    epochs: { kind: 'count', help: 'how often linear goes through all documents; default 5' },
    bits: { kind: 'count', help: 'linear has 2 to this many weights; default 20' },
    seed: { kind: 'count', help: 'changes what is held out and the order; default 0' },
    'text-column': { kind: 'text', value: 'NAME', help: 'column that is learned from; default text' },
    'input-format': {
      kind: ['parquet', 'jsonl', 'json', 'arrow'],
      help: 'default: by the first bytes, else by the name',
    },
    'on-error': { kind: ['fail', 'skip'], help: 'at a damaged row: stop (default), or leave it out' },
    ...engine,
  },
  about:
    'Learns a model for sluice filter --quality-model. A tenth of the documents is held out to say how well it tells them apart.',
  examples: [
    'sluice train-quality --positive good.parquet --negative pool.parquet -o quality.model',
    'sluice filter dump/*.parquet -o clean --quality-model quality.model --keep-top 0.1',
  ],
  needs: { input: false, out: true },
  whenInterrupted: 'nothing was written',
  async run(positionals, values, { signal, onEvent }) {
    if (positionals.length > 0) {
      throw new CurationError(
        'USAGE',
        `expected options only, found "${positionals[0]}"; name inputs with --positive and --negative`,
      );
    }
    const { positive, negative } = values;
    if (!Array.isArray(positive)) {
      throw new CurationError(
        'USAGE',
        'expected --positive FILES, good documents; see sluice train-quality --help',
      );
    }
    const report = await trainQuality({
      ...readOptions(values),
      ...given<object>({
        seed: number(values, 'seed'),
        epochs: number(values, 'epochs'),
        bits: number(values, 'bits'),
        textColumn: values['text-column'],
        signal,
      }),
      kind: (values['kind'] ?? 'linear') as (typeof KINDS)[number],
      positive: positive as readonly string[],
      ...(Array.isArray(negative) ? { negative: negative as readonly string[] } : {}),
      output: values['out'] as string,
      onEvent: watch(onEvent),
    });
    return summarize(report);
  },
};

function number(values: OptionValues, name: string): number | undefined {
  return values[name] as number | undefined;
}

function summarize(report: TrainReport): string {
  const { kind, documents, positives, negatives, bytes, heldOut, seconds, output, modelBytes } = report;
  const lines = [
    `Trained a ${kind} model in ${formatSeconds(seconds)}, ${(bytes / seconds / 1e6).toFixed(0)} MB/s of text`,
    `  documents     ${formatCount(documents)}${kind === 'perplexity' ? '' : `, ${formatCount(positives)} positive and ${formatCount(negatives)} negative`}`,
    heldOut === undefined
      ? '  held out      too few documents to measure'
      : `  held out      AUC ${heldOut.auc.toFixed(3)} (95 % interval ${heldOut.low.toFixed(3)} to ${heldOut.high.toFixed(3)}) on ${formatCount(heldOut.positives + heldOut.negatives)} documents it did not learn from`,
    `  written to    ${output} (${formatBytes(modelBytes)})`,
  ];
  if (kind === 'perplexity') lines.splice(2, 1);
  return `${lines.join('\n')}\n`;
}

const DOING: Readonly<Record<TrainEvent['pass'], string>> = {
  read: 'reading',
  epoch: 'learning',
  measure: 'measuring',
};

/** Training for the status line, at most ten times a second. */
function watch(onEvent: EngineOptions['onEvent']): (event: TrainEvent) => void {
  const startedAt = performance.now();
  let shownAt = startedAt;
  return ({ pass, documents, bytes }) => {
    const now = performance.now();
    if (now - shownAt < LINE_EVERY_MS) return;
    shownAt = now;
    const seconds = (now - startedAt) / 1000;
    onEvent?.({ type: 'work', work: { doing: DOING[pass], share: undefined, documents, bytes, seconds } });
  };
}
