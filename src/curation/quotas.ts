import { shares } from '../concepts/complexity.ts';
import { type Epochs, projectedEpochs, seenEpochs } from '../concepts/epochs.ts';
import { naturalBudgets, temperatureBudgets, uniMax } from '../concepts/mixing.ts';
import { exp, ln } from '../concepts/portable-math.ts';
import { sumOf } from '../concepts/quotas.ts';
import type { CurateConfig } from './options.ts';

/** Repeats that are nearly as good as new text (Muennighoff et al. 2023); allowed where nobody said how many. */
const USUAL_EPOCHS = 4;

/** How a budget is spent on cells: of each group the concepts, one after another. */
export interface SharedOut {
  /** How often the documents of each cell are seen. */
  readonly epochs: Float64Array;
  /** Of each concept, over all groups: what it asks for, as a share of the budget. */
  readonly shares: Float64Array;
  /** The cut of the first group that has one. */
  readonly lambda: number;
  /** How often a document is written at most. */
  readonly mostEpochs: number;
}

/**
 * Shares a budget out among groups, and in each among its concepts. A concept asks in proportion to its size to the power `sizeExponent`, and to
 * exp(complexity / temperature). With an exponent of 0 size does not matter, as in density-based pruning (Abbas et al. 2024), with 1 and a
 * high temperature all is as it was.
 * @param complexity of each concept.
 * @param cellBytes bytes of each cell's documents.
 */
export function shareOut(
  complexity: Float64Array,
  cellBytes: Float64Array,
  budgetBytes: number,
  groupCount: number,
  config: CurateConfig,
): SharedOut {
  const concepts = complexity.length;
  const { floor, balance, balanceExponent, sizeExponent, temperature } = config;
  const cellsOf = (group: number): Float64Array =>
    cellBytes.subarray(group * concepts, (group + 1) * concepts);
  const groups = Array.from({ length: groupCount }, (_, group) => group);
  const sizes = Float64Array.from(groups, (group) => sumOf(cellsOf(group)));
  const unique = sumOf(sizes);
  // Repeats only where the budget cannot be met without: at equal tokens new text is worth more.
  const needed = unique === 0 ? 1 : Math.min(USUAL_EPOCHS, Math.max(1, Math.ceil(budgetBytes / unique)));
  const mostEpochs = config.mostEpochs ?? needed;
  const budget = Math.min(budgetBytes, mostEpochs * unique);
  const budgets =
    balance === 'unimax'
      ? uniMax(sizes, budget, mostEpochs)
      : balance === 'temperature'
        ? temperatureBudgets(sizes, budget, balanceExponent, mostEpochs)
        : naturalBudgets(sizes, budget, mostEpochs);
  const appeal = shares(complexity, temperature);
  const asked = (tokens: Float64Array): Float64Array => {
    // Relative to the largest, so that no power overflows.
    const largest = tokens.reduce((most, size) => Math.max(most, size), 0);
    const parts = appeal.map((share, concept) => {
      const size = tokens[concept]!;
      return size === 0 ? 0 : share * exp(sizeExponent * ln(size / largest));
    });
    const sum = sumOf(parts);
    return sum === 0 ? parts : parts.map((part) => part / sum);
  };
  const solver = config.quota === 'projection' ? projectedEpochs : seenEpochs;
  const epochs = new Float64Array(cellBytes.length);
  let first: Epochs | undefined;
  for (const group of groups) {
    const tokens = cellsOf(group);
    if (sizes[group] === 0) continue;
    const found = solver({ shares: asked(tokens), tokens, budget: budgets[group]!, mostEpochs, floor });
    first ??= found;
    epochs.set(found.epochs, group * concepts);
  }
  const all = Float64Array.from({ length: concepts }, (_, concept) =>
    groups.reduce((sum, group) => sum + cellsOf(group)[concept]!, 0),
  );
  return { epochs, shares: asked(all), lambda: first?.lambda ?? 0, mostEpochs };
}
