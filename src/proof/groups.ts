import type { ArmInfo, Comparison, Curve, Proof, ProxyInfo } from './proof.ts';

/** The comparisons of a proof by the question each answers. Every comparison is in exactly one list, in its order in the proof. */
export interface Groups {
  /** Is the curated set worth more? All that no other list takes. */
  readonly compared: readonly Comparison[];
  /** Does the measurement find a difference where there is none? What was chosen or repeated by hash alone. */
  readonly controls: readonly Comparison[];
  /** What is a step worth? The whole recipe against the recipe without it. */
  readonly steps: readonly Comparison[];
  /** What is left of the recipe without a step, against the baseline. */
  readonly without: readonly Comparison[];
}

/** Sorts the comparisons of a proof by the roles of what was compared. */
export function groupComparisons(proof: Proof): Groups {
  const roles = new Map(proof.arms.map(({ name, role }) => [name, role]));
  const compared: Comparison[] = [];
  const controls: Comparison[] = [];
  const steps: Comparison[] = [];
  const without: Comparison[] = [];
  for (const comparison of proof.comparisons) {
    const role = roles.get(comparison.arm);
    if (role === 'random' || role === 'shuffled') controls.push(comparison);
    else if (roles.get(comparison.against) === 'without') steps.push(comparison);
    else if (role === 'without') without.push(comparison);
    else compared.push(comparison);
  }
  return { compared, controls, steps, without };
}

/** Whether the documents of an arm were drawn by hash alone, so that nothing may come of it. */
export function isControl({ role }: ArmInfo): boolean {
  return role === 'random' || role === 'shuffled';
}

/** The name of what others are compared with; undefined where there is none. */
export function baselineName(proof: Proof): string | undefined {
  return proof.arms.find(({ role }) => role === 'baseline')?.name;
}

/** What is known of a proxy. One that is not listed goes by its name. */
export function proxyInfo(proof: Proof, name: string): ProxyInfo {
  return proof.proxies.find((proxy) => proxy.name === name) ?? { name, label: name, parameters: [] };
}

/**
 * Curves of one proxy on one held-out set (undefined: the mean over all), one an arm, in the order of the arms. Of a proxy with several
 * sizes they are those of the largest model, which is the one that is compared at equal tokens.
 */
export function curvesOf(proof: Proof, proxy: string, set: string | undefined): Curve[] {
  return proof.arms.flatMap(({ name }) => {
    const found = proof.curves.filter(
      (curve) => curve.arm === name && curve.proxy === proxy && curve.set === set,
    );
    const largest = Math.max(...found.map(({ parameters }) => parameters ?? 0));
    return found.filter(({ parameters }) => (parameters ?? 0) === largest).slice(0, 1);
  });
}

/** Items that share a key, in the order in which the keys first come. */
export function groupBy<T>(items: readonly T[], key: (item: T) => string): [string, T[]][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group === undefined) groups.set(key(item), [item]);
    else group.push(item);
  }
  return [...groups];
}
