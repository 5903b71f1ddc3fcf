import type {
  ArmInfo,
  Comparison,
  Curve,
  Interval,
  Multiplier,
  Proof,
  ProxyInfo,
} from '../../src/proof/proof.ts';

/** A law L(T) = E + B T^-beta from which an example takes its losses. */
interface Law {
  readonly E: number;
  readonly B: number;
  readonly beta: number;
}

/** What {@link exampleProof} makes a proof of. */
export interface Example {
  readonly arms: readonly Pick<ArmInfo, 'name' | 'role'>[];
  readonly sets: readonly string[];
  readonly pairs: readonly (readonly [arm: string, against: string])[];
  readonly proxies: readonly ProxyInfo[];
  /** Bytes of text that an arm is worth more, as a factor on its tokens; and what a set adds to its loss. */
  readonly worth: Readonly<Record<string, number>>;
  readonly penalty: Readonly<Record<string, number>>;
  readonly tokens: number;
  /** Half the width of the interval of a loss; a quarter of it is that of a difference. */
  readonly spread: number;
}

/** A curated set against raw text and two controls; worse on one of four held-out sets. */
export const SMALL: Example = {
  arms: [
    { name: 'raw', role: 'baseline' },
    { name: 'clean', role: 'curated' },
    { name: 'random', role: 'random' },
    { name: 'shuffled', role: 'shuffled' },
  ],
  sets: ['wiki', 'news', 'forums', 'textbooks'],
  pairs: [
    ['clean', 'raw'],
    ['random', 'raw'],
    ['shuffled', 'raw'],
  ],
  proxies: [
    { name: 'ngram', label: 'byte 5-gram', parameters: [] },
    { name: 'log-linear', label: 'hashed log-linear byte model', parameters: [65536, 262144, 1048576] },
  ],
  worth: { clean: 2.3, random: 1.01, shuffled: 0.99 },
  penalty: { 'clean on forums': 0.16 },
  tokens: 2 ** 25,
  spread: 0.012,
};

/** A recipe and what each of its steps is worth. */
export const ABLATION: Example = {
  ...SMALL,
  arms: [
    { name: 'raw', role: 'baseline' },
    { name: 'recipe', role: 'recipe' },
    { name: 'without dedup', role: 'without' },
    { name: 'without gopher-quality', role: 'without' },
    { name: 'without language', role: 'without' },
    { name: 'random', role: 'random' },
    { name: 'shuffled', role: 'shuffled' },
  ],
  pairs: [
    ['recipe', 'raw'],
    ['recipe', 'without dedup'],
    ['recipe', 'without gopher-quality'],
    ['recipe', 'without language'],
    ['without dedup', 'raw'],
    ['without gopher-quality', 'raw'],
    ['without language', 'raw'],
    ['random', 'raw'],
    ['shuffled', 'raw'],
  ],
  worth: {
    recipe: 2.1,
    'without dedup': 1.5,
    'without gopher-quality': 1.9,
    'without language': 2.11,
    random: 1.01,
    shuffled: 0.99,
  },
  penalty: {},
};

/** Ten arms with names of many lengths. */
export const MANY: Example = {
  ...SMALL,
  arms: [
    ...SMALL.arms,
    { name: 'c4', role: 'arm' },
    { name: 'gopher rules, then exact duplicates, then near duplicates', role: 'arm' },
    { name: '網頁資料集二零二六', role: 'arm' },
    { name: 'MMMMMMMMMMMMMMMMMMMMMMMM', role: 'arm' },
    { name: 'e', role: 'arm' },
    { name: '/data/crawl/2026-07/part-00000-of-01000/filtered/deduplicated', role: 'arm' },
  ],
  pairs: [
    ...SMALL.pairs,
    ['c4', 'raw'],
    ['gopher rules, then exact duplicates, then near duplicates', 'raw'],
    ['網頁資料集二零二六', 'raw'],
    ['MMMMMMMMMMMMMMMMMMMMMMMM', 'raw'],
    ['e', 'raw'],
    ['/data/crawl/2026-07/part-00000-of-01000/filtered/deduplicated', 'raw'],
  ],
  worth: { ...SMALL.worth, c4: 1.4, e: 0.5, MMMMMMMMMMMMMMMMMMMMMMMM: 14, 網頁資料集二零二六: 1.41 },
};

/** A proof as a run would have made it, each number following from the laws of the example. */
export function exampleProof(example: Example = SMALL): Proof {
  const { arms, sets, pairs, proxies, tokens, spread } = example;
  const budgets = [tokens / 8, tokens / 4, tokens / 2, tokens];
  const around = (value: number, half: number, skew = 0.1): Interval => ({
    value,
    low: value - half * (1 + skew),
    high: value + half * (1 - skew),
  });
  const law = (proxy: ProxyInfo, parameters: number | undefined, set: number | undefined): Law => ({
    E:
      1.2 +
      (proxy.parameters.length > 0 ? 0.25 : 0) +
      (parameters === undefined ? 0 : 12 * parameters ** -0.35),
    B: 21 * (1 + (set === undefined ? 0 : 0.06 * (set - (sets.length - 1) / 2))),
    beta: proxy.parameters.length > 0 ? 0.16 : 0.19,
  });
  const penaltyOf = (arm: string, set: number | undefined): number =>
    set === undefined
      ? sets.reduce((sum, name) => sum + (example.penalty[`${arm} on ${name}`] ?? 0), 0) /
        Math.max(1, sets.length)
      : (example.penalty[`${arm} on ${sets[set]}`] ?? 0);
  const lawOf = (
    arm: string,
    proxy: ProxyInfo,
    parameters: number | undefined,
    set: number | undefined,
  ): Law => {
    const { E, B, beta } = law(proxy, parameters, set);
    return {
      E: E + penaltyOf(arm, set),
      B: B * (example.worth[arm] ?? 1) ** -(beta * (proxy.parameters.length > 0 ? 0.7 : 1)),
      beta,
    };
  };
  const lossOf = ({ E, B, beta }: Law, at: number): number => E + B * at ** -beta;
  const sizeOf = (at: number): number => 40 * at ** 0.62;
  const largestOf = ({ parameters }: ProxyInfo): number | undefined => parameters.at(-1);

  const curves = proxies.flatMap((proxy) =>
    arms.flatMap(({ name: arm }) =>
      [undefined, ...sets.keys()].map((set): Curve => {
        const fit = lawOf(arm, proxy, largestOf(proxy), set);
        return {
          arm,
          proxy: proxy.name,
          parameters: largestOf(proxy),
          set: set === undefined ? undefined : sets[set]!,
          points: budgets.map((budget, at) => ({
            tokens: budget,
            // The points lie a little beside the curve, as measured ones do.
            loss: around(lossOf(fit, budget) + (at % 2 === 0 ? 1 : -1) * spread * 0.15, spread),
            size: largestOf(proxy) ?? sizeOf(budget),
          })),
          fit,
        };
      }),
    ),
  );
  const ratio = (value: number, most: number): Multiplier => {
    const within = Math.min(most, Math.max(1 / most, value));
    return {
      value: within,
      low: Math.max(1 / most, within * (value > most ? 0.9 : 1 - 6 * spread)),
      high: Math.min(most, within * (1 + 7 * spread)),
      bound: value > most ? 'above' : value < 1 / most ? 'below' : 'none',
    };
  };
  const comparisons = pairs.flatMap(([arm, against]) =>
    proxies.map((proxy): Comparison => {
      const own = lawOf(arm, proxy, largestOf(proxy), undefined);
      const other = lawOf(against, proxy, largestOf(proxy), undefined);
      const [end, endAgainst] = [lossOf(own, tokens), lossOf(other, tokens)];
      const needs = ({ E, B, beta }: Law, loss: number): number => (B / (loss - E)) ** (1 / beta);
      const faster = end <= endAgainst ? tokens / needs(own, endAgainst) : needs(other, end) / tokens;
      return {
        arm,
        against,
        proxy: proxy.name,
        faster: ratio(faster, 8),
        better: around(endAgainst - end, spread / 4),
        smaller:
          proxy.parameters.length === 1
            ? undefined
            : ratio(faster ** 0.62, proxy.parameters.length > 0 ? 16 : 8 ** 0.62),
        sets: sets.map((name, set) => {
          const loss = lossOf(lawOf(arm, proxy, largestOf(proxy), set), tokens);
          const lossAgainst = lossOf(lawOf(against, proxy, largestOf(proxy), set), tokens);
          return {
            name,
            loss: around(loss, spread),
            lossAgainst: around(lossAgainst, spread),
            better: around(lossAgainst - loss, spread / 2),
          };
        }),
      };
    }),
  );
  return {
    version: 1,
    verb: 'prove',
    setup: { tokens, budgets, seeds: 3, seed: 0, confidence: 0.95, replicates: 1000 },
    proxies,
    arms: arms.map(({ name, role }, at) => ({
      name,
      role,
      input: [role === 'curated' ? 'clean/' : role === 'arm' ? `${name}/` : 'raw/'],
      documents: 48_211 - at * 3977,
      bytes: 188_402_113 - at * 11_300_007,
    })),
    heldOut: sets.map((name, at) => ({
      name,
      input: [`heldout/${name}.jsonl`],
      documents: 812 - at * 57,
      bytes: 2_097_003 - at * 88_123,
      removed: { exact: 3 + at, near: 11 * at },
      unused: at === 1 ? 1422 : 0,
    })),
    worse: comparisons.flatMap(({ arm, against, proxy, sets: own }) =>
      own
        .filter(({ better }) => better.high < 0)
        .map(({ name, better }) => ({ arm, against, proxy, set: name, better })),
    ),
    comparisons,
    curves,
    sizes: proxies
      .filter(({ parameters }) => parameters.length > 0)
      .flatMap((proxy) =>
        arms.map(({ name: arm }) => ({
          arm,
          proxy: proxy.name,
          points: proxy.parameters.map((parameters) => ({
            parameters,
            loss: around(lossOf(lawOf(arm, proxy, parameters, undefined), tokens), spread),
          })),
        })),
      ),
    cautions: [
      'Arm "clean" has 1.2 times the tokens it is trained on, so its three samples share most of their documents.',
    ],
  };
}
