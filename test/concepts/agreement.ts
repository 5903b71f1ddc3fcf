/** How often each pair of labels occurs, and each label by itself. */
function contingency(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
): { pairs: Map<string, number>; ofA: Map<number, number>; ofB: Map<number, number> } {
  if (a.length !== b.length) throw new RangeError(`${a.length} labels and ${b.length}`);
  const pairs = new Map<string, number>();
  const ofA = new Map<number, number>();
  const ofB = new Map<number, number>();
  for (let i = 0; i < a.length; i++) {
    const pair = `${a[i]} ${b[i]}`;
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
    ofA.set(a[i]!, (ofA.get(a[i]!) ?? 0) + 1);
    ofB.set(b[i]!, (ofB.get(b[i]!) ?? 0) + 1);
  }
  return { pairs, ofA, ofB };
}

const pairsWithin = (counts: Map<unknown, number>): number =>
  [...counts.values()].reduce((sum, count) => sum + (count * (count - 1)) / 2, 0);

/**
 * Agreement of two groupings of the same things, whatever the groups are called: 1 if they are the same, 0 on average for groupings of these sizes
 * that have nothing to do with each other (Hubert and Arabie 1985, equation 5). 1 where chance leaves nothing to tell: all in one group, or each alone, in both.
 */
export function adjustedRandIndex(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const { pairs, ofA, ofB } = contingency(a, b);
  const together = pairsWithin(pairs);
  const inA = pairsWithin(ofA);
  const inB = pairsWithin(ofB);
  const all = (a.length * (a.length - 1)) / 2;
  const expected = all === 0 ? 0 : (inA * inB) / all;
  const most = (inA + inB) / 2;
  return most === expected ? 1 : (together - expected) / (most - expected);
}

/** Share of the things that have the commonest known label of the group they were found in; 1 for no things. */
export function purity(found: ArrayLike<number>, known: ArrayLike<number>): number {
  const { pairs } = contingency(found, known);
  const most = new Map<string, number>();
  for (const [pair, count] of pairs) {
    const group = pair.split(' ')[0]!;
    most.set(group, Math.max(most.get(group) ?? 0, count));
  }
  return found.length === 0 ? 1 : [...most.values()].reduce((a, b) => a + b, 0) / found.length;
}
