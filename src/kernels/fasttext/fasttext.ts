import type { FastTextModel } from './model.ts';
import { createScalarReader } from './scalar.ts';
import { createScorer } from './scores.ts';
import { createSimdReader } from './simd.ts';

/** A model at work in one thread: `read` a text, then ask. Not reentrant. */
export interface FastText {
  /** Without `__label__`. */
  readonly labels: readonly string[];
  /**
   * Takes in the text `bytes[start .. end)`, UTF-8 or not, white space as it is; line feeds count as spaces, so that a
   * document is one line. Linear time.
   * @returns false when the model knows nothing of it: then no label has a score.
   */
  read(bytes: Uint8Array, start: number, end: number): boolean;
  /** Position in `labels` of the best one for the text read last, or -1 for none. */
  best(): number;
  /**
   * What fastText gives a label for the text read last: a probability plus 1e-5, which can so be above 1. 0 where
   * fastText would not list the label.
   */
  scoreOf(label: number): number;
}

/** A model to classify texts with. Same labels as fastText's `predict`, scores within 1e-4 (it adds up in 32 bits). */
export function createFastText(model: FastTextModel, twin: 'simd' | 'scalar' = 'simd'): FastText {
  const reader = (twin === 'simd' ? createSimdReader(model) : undefined) ?? createScalarReader(model);
  const scorer = createScorer(model, reader);
  const hidden = new Float64Array(model.dim);
  let isKnown = false;
  return {
    labels: model.labels,
    read(bytes, start, end) {
      const rowCount = reader.read(bytes, start, end, hidden);
      isKnown = rowCount > 0;
      if (!isKnown) return false;
      for (let i = 0; i < hidden.length; i++) hidden[i]! /= rowCount;
      scorer.begin(hidden);
      return true;
    },
    best: () => (isKnown ? scorer.best() : -1),
    scoreOf: (label) => (isKnown ? scorer.scoreOf(label) : 0),
  };
}
