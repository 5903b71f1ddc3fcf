/** What one model said of the held-out documents, at each budget. */
export interface Measurement {
  readonly arm: string;
  readonly proxy: string;
  /** Parameters of the model; undefined where the size follows from the data. */
  readonly parameters: number | undefined;
  /** Number of the seed, from 0. */
  readonly seed: number;
  /** For each budget, ascending: bits of each document of all held-out sets, in their order. */
  readonly bits: readonly Float64Array[];
  /** For each budget: what the model held, n-grams or parameters. */
  readonly sizes: readonly number[];
}

/** Everything that was measured, from which all numbers of a proof follow. */
export interface Measurements {
  /** Tokens of each budget, ascending. */
  readonly budgets: readonly number[];
  readonly seeds: number;
  /** Held-out sets in order; `bytes` of each of their documents. */
  readonly sets: readonly { readonly name: string; readonly bytes: Uint32Array }[];
  readonly models: readonly Measurement[];
}
