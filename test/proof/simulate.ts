import type { Measurement, Measurements } from '../../src/proof/measurements.ts';

/** A repeatable stream of normal numbers (mulberry32 and Box-Muller), not the one that is under test. */
export function normals(seed: number): () => number {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** An arm whose true losses are known. */
export interface Planted {
  readonly name: string;
  /** Loss after `tokens` on a set, over all documents and seeds that might have been. */
  readonly loss: (tokens: number, set: number, parameters: number | undefined) => number;
  /** Times the noise of training of the others; default 1. */
  readonly spread?: number;
}

/** What is measured, and by how much chance moves it. */
export interface Experiment {
  readonly random: () => number;
  readonly arms: readonly Planted[];
  readonly seeds: number;
  /** Documents of each set. */
  readonly documents: readonly number[];
  readonly budgets?: readonly number[];
  readonly proxy?: string;
  readonly parameters?: readonly (number | undefined)[];
  /** Standard deviations: of how hard a document is, relative to the loss and the same for all; of what is its own with one arm; of a seed, in bits per byte. */
  readonly hardness?: number;
  readonly taste?: number;
  readonly training?: number;
}

export const BUDGETS: readonly number[] = [1e6, 2e6, 4e6, 8e6];

/** Measurements as they might come out, by the law that the bootstrap stands on: documents are draws, seeds are draws, arms are trained apart. */
export function simulate(experiment: Experiment): Measurements {
  const { random, arms, seeds, documents, budgets = BUDGETS, proxy = 'ngram' } = experiment;
  const { parameters = [undefined], hardness = 0.3, taste = 0.05, training = 0.004 } = experiment;
  const sets = documents.map((count, set) => ({
    name: `set ${set}`,
    bytes: Uint32Array.from({ length: count }, () => Math.ceil(300 * Math.exp(0.7 * random()))),
  }));
  const hard = documents.map((count) => Float64Array.from({ length: count }, () => hardness * random()));
  const models = arms.flatMap((arm) => {
    const tastes = documents.map((count) => Float64Array.from({ length: count }, () => taste * random()));
    return Array.from({ length: seeds }, (_, seed) => {
      const noise = training * (arm.spread ?? 1);
      const common = noise * random();
      const ofSets = documents.map(() => 0.5 * noise * random());
      return parameters.map((size): Measurement => {
        const bits = budgets.map((tokens) => {
          const own = 0.3 * noise * random();
          // Few tokens leave more to chance.
          const scale = (tokens / budgets.at(-1)!) ** -0.2;
          return Float64Array.from(
            sets.flatMap(({ bytes }, set) => {
              const loss = arm.loss(tokens, set, size);
              const moved = scale * (common + ofSets[set]! + own);
              return Array.from(
                bytes,
                (count, at) => count * (loss * (1 + hard[set]![at]! + tastes[set]![at]!) + moved),
              );
            }),
          );
        });
        const sizes = budgets.map((tokens) => size ?? Math.round(10 * tokens ** 0.8));
        return { arm: arm.name, proxy, parameters: size, seed, bits, sizes };
      });
    }).flat();
  });
  return { budgets, seeds, sets, models };
}

/** A curve of a typical byte model; `times` is by how much fewer tokens it needs. */
export function powerLaw(times = 1, more = 0): (tokens: number, set: number) => number {
  return (tokens, set) => 1.2 + 0.1 * set + more + 25 * (times * tokens) ** -0.25;
}
