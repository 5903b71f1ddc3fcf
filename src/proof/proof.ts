/** A number with the range that holds it at the stated confidence. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * A ratio that is read off two curves. Where one of them ends before the other's loss is reached, only a bound is known: `above` says the true ratio is
 * larger than `value`, `below` that it is smaller. `low` and `high` may lie at such a bound, too.
 */
export interface Multiplier extends Interval {
  readonly bound: 'none' | 'above' | 'below';
}

/** What stands in for a large model. Every number is true under one proxy only and is shown with its `label`. */
export interface ProxyInfo {
  /** `ngram` or `log-linear`. */
  readonly name: string;
  /** For people: "byte 5-gram", "hashed log-linear byte model". */
  readonly label: string;
  /** Numbers of parameters that were trained, ascending; empty where the size follows from the data. */
  readonly parameters: readonly number[];
}

/** Documents that models were trained on. */
export interface ArmInfo {
  readonly name: string;
  /**
   * `random` and `shuffled` are controls made of the baseline: documents chosen by hash alone, and documents that get, by hash, the number of copies
   * that curation gave to others. `recipe` is what a recipe makes of the baseline, `without` the same less one step.
   */
  readonly role: 'baseline' | 'curated' | 'arm' | 'recipe' | 'without' | 'random' | 'shuffled';
  /** Where its documents were read; for what was made of the baseline, the baseline. */
  readonly input: readonly string[];
  /** Documents and UTF-8 bytes of all there is, of which each seed takes `tokens` bytes. */
  readonly documents: number;
  readonly bytes: number;
}

/** Documents that models were measured on. */
export interface HeldOutInfo {
  readonly name: string;
  readonly input: readonly string[];
  /** Documents and bytes that were measured. */
  readonly documents: number;
  readonly bytes: number;
  /** Documents left out because an arm has them: with equal bytes, or with a common band of their MinHash signatures. */
  readonly removed: { readonly exact: number; readonly near: number };
  /** Documents left out because the set is larger than what is measured of it; chosen by hash. */
  readonly unused: number;
}

/** Loss over tokens: bits per byte, the mean over held-out sets (each counts alike) and seeds. */
export interface Curve {
  readonly arm: string;
  readonly proxy: string;
  /** Parameters of the model; undefined where the size follows from the data. */
  readonly parameters: number | undefined;
  /** Name of a held-out set; undefined is the mean over all. */
  readonly set: string | undefined;
  readonly points: readonly { readonly tokens: number; readonly loss: Interval; readonly size: number }[];
  /** L(T) = E + B * T^-beta, fitted to the points. */
  readonly fit: { readonly E: number; readonly B: number; readonly beta: number };
}

/** One arm against another under one proxy. */
export interface Comparison {
  readonly arm: string;
  readonly against: string;
  readonly proxy: string;
  /** Compute multiplier: tokens `against` needs over tokens `arm` needs to reach the loss of the worse of both at all tokens. */
  readonly faster: Multiplier;
  /** Loss of `against` less that of `arm` at equal tokens, bits per byte: above 0 is better. */
  readonly better: Interval;
  /**
   * Size of the model on `against` over size of the model on `arm` at the loss of the worse of both: parameters at all tokens, or for n-grams the
   * distinct n-grams held where the curves have that loss. Undefined where an arm was not measured at two sizes or more, or where of n-grams only a bound
   * is known that does not tell which side needs fewer.
   */
  readonly smaller: Multiplier | undefined;
  /** The same for each held-out set, in their order. */
  readonly sets: readonly {
    readonly name: string;
    readonly loss: Interval;
    readonly lossAgainst: Interval;
    readonly better: Interval;
  }[];
}

/** What `prove.json` holds. `version` changes when a field changes its meaning or goes. */
export interface Proof {
  readonly version: 1;
  readonly verb: 'prove';
  readonly setup: {
    /** Bytes every arm was trained on at most: T. A byte is a token here. */
    readonly tokens: number;
    /** T/8, T/4, T/2, T. */
    readonly budgets: readonly number[];
    readonly seeds: number;
    readonly seed: number;
    /** Of the intervals: 0.95. */
    readonly confidence: number;
    /** Resamples of the bootstrap. */
    readonly replicates: number;
  };
  readonly proxies: readonly ProxyInfo[];
  readonly arms: readonly ArmInfo[];
  readonly heldOut: readonly HeldOutInfo[];
  /** Held-out sets on which an arm is worse, its interval clear of 0; said before everything else. */
  readonly worse: readonly {
    readonly arm: string;
    readonly against: string;
    readonly proxy: string;
    readonly set: string;
    readonly better: Interval;
  }[];
  readonly comparisons: readonly Comparison[];
  readonly curves: readonly Curve[];
  /** Loss at all tokens over the number of parameters, for proxies whose size is chosen. */
  readonly sizes: readonly {
    readonly arm: string;
    readonly proxy: string;
    readonly points: readonly { readonly parameters: number; readonly loss: Interval }[];
  }[];
  /** What whoever reads the numbers has to know: controls that do not cover 1, too few held-out sets, small arms. */
  readonly cautions: readonly string[];
}
