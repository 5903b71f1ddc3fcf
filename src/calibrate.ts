import { type CurationOptions, engineConfig } from './config.ts';
import { type ChainStep, resourceBytes } from './filters/chain.ts';
import type { Resources, WordRule } from './filters/filter.ts';
import { quality } from './filters/quality.ts';
import { calibrate, measuringOptions, needsCalibration, sketchFor } from './filters/quality-measure.ts';
import { openInputs, refuseStandardInput } from './open.ts';
import type { Calibration } from './report.ts';
import { passingOf, scan } from './scan.ts';
import type { PlannedStep } from './steps.ts';

const PROGRESS_MS = 100;

/** Steps whose thresholds are numbers, and what was measured for them. */
export interface CalibratedSteps {
  readonly steps: readonly PlannedStep[];
  readonly calibrations: readonly Calibration[];
}

/**
 * Where a step keeps a share of the documents, reads the inputs once more before the run and turns the share into a threshold.
 * Measured are the documents that pass the filters before it; deduplication is not done in this pass, so duplicates count as often
 * as they come. Constant memory: a histogram of scores and a sample (kernels/quality/quantile-sketch.ts).
 * @param chainOf makes filters of a run out of steps.
 * @throws CurationError `USAGE` for standard input, which cannot be read twice.
 */
export async function calibrateSteps(
  steps: readonly PlannedStep[],
  words: WordRule,
  options: CurationOptions,
  chainOf: (steps: readonly PlannedStep[]) => Promise<readonly ChainStep[]>,
  textIndex: number,
): Promise<CalibratedSteps> {
  const calibrated: PlannedStep[] = [];
  const calibrations: Calibration[] = [];
  for (const step of steps) {
    if (step.definition !== quality || !needsCalibration(step.options)) {
      calibrated.push(step);
      continue;
    }
    const measuring = { ...step, options: measuringOptions(step.options) };
    const before = calibrated.filter(({ definition }) => 'create' in definition);
    const chain = await chainOf([...before, measuring]);
    const sketch = sketchFor(step.options);
    const documents = await measure(chain, words, options, textIndex, (hash, scores) => {
      sketch.add(hash[0], hash[1], scores);
    });
    const found = calibrate(step.options, sketch, chain.at(-1)!.resources);
    calibrated.push({ ...step, options: found.options });
    calibrations.push({ step: step.definition.name, documents, error: found.error });
  }
  return { steps: calibrated, calibrations };
}

/** One pass over the inputs for the scores of the last step of the chain alone. */
async function measure(
  chain: readonly ChainStep[],
  words: WordRule,
  options: CurationOptions,
  textIndex: number,
  take: (hash: readonly [number, number], scores: Float64Array) => void,
): Promise<number> {
  const config = engineConfig(options);
  const inputs = await openInputs(options);
  refuseStandardInput(inputs, {
    needs: 'a share of the documents',
    instead: '--quality-threshold or --quality-calibration instead',
  });
  const request = {
    ...(options.onError === undefined ? {} : { onError: options.onError }),
    textIndex,
    signatures: 'exact',
    examination: passingOf(chain, words),
    resourceBytes: resourceBytes(chain),
  } as const;
  const startedAt = performance.now();
  let reportedAt = 0;
  let read = 0;
  let passed = 0;
  let textBytes = 0;
  config.onEvent?.({ type: 'measure', documentsExpected: inputs.documents });
  const width = scoresOf(chain.at(-1)!.resources);
  const scores = new Float64Array(width);
  for await (const { outcomes, signatures, textLengths, rowCount } of scan(inputs, request, config)) {
    const { reasons, values } = outcomes[0]!;
    // Filters before may find values too; those of the last step come last.
    const own = values.slice(-width);
    const { contentHashes } = signatures!;
    for (let row = 0; row < rowCount; row++) {
      textBytes += textLengths[row]!;
      if (reasons[row] !== 0) continue;
      for (let i = 0; i < width; i++) scores[i] = own[i]![row]!;
      // Copies of a text must not enter the sample together or not at all, so the place of a document is mixed in.
      const place = read + row;
      take(
        [
          (contentHashes[2 * row]! ^ Math.imul(place, 0x9e3779b1)) >>> 0,
          (contentHashes[2 * row + 1]! ^ Math.imul(place, 0x85ebca77)) >>> 0,
        ],
        scores,
      );
      passed++;
    }
    read += rowCount;
    const now = performance.now();
    if (now - reportedAt >= PROGRESS_MS) {
      reportedAt = now;
      config.onEvent?.({
        type: 'progress',
        progress: {
          documentsRead: read,
          documentsKept: passed,
          documentsExpected: inputs.documents,
          textBytes,
          bytesWritten: 0,
          seconds: (now - startedAt) / 1000,
        },
      });
    }
  }
  return passed;
}

function scoresOf(resources: Resources): number {
  return (resources['models'] as readonly unknown[]).length;
}
