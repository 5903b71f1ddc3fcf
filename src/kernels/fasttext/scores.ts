import { dotRow } from './matrix.ts';
import type { FastTextModel } from './model.ts';
import type { TextReader } from './scalar.ts';

/** Scores of all labels for a text, from the mean of its rows. */
export interface Scorer {
  /** What follows is about this text; `hidden` is read until the next call. */
  begin(hidden: Float64Array): void;
  /** The label with the greatest score, or -1 when none has one. */
  best(): number;
  /** 0 for a label that fastText would not list. */
  scoreOf(label: number): number;
}

/** fastText adds this to every probability before it takes the logarithm, and its scores keep it. */
const EPSILON = 1e-5;
const LEAST_LOG = Math.log(EPSILON);
/** fastText looks sigmoids of one-against-all up in a table of this many steps, from -8 to 8. */
const SIGMOID_STEPS = 512;
const MOST_SIGMOID = 8;

/** Scores as fastText prints them: a probability plus 1e-5, and for `hs` the product of those on the way to the label. */
export function createScorer(model: FastTextModel, reader: TextReader): Scorer {
  return model.loss === 'hs' ? treeScorer(model) : flatScorer(model, reader);
}

function flatScorer({ loss, labels }: FastTextModel, reader: TextReader): Scorer {
  const scores = new Float64Array(labels.length);
  return {
    begin(hidden) {
      reader.dots(hidden, scores);
      if (loss === 'ova') {
        for (let label = 0; label < scores.length; label++)
          scores[label] = sigmoidStep(scores[label]!) + EPSILON;
        return;
      }
      let most = Number.NEGATIVE_INFINITY;
      for (let label = 0; label < scores.length; label++) most = Math.max(most, scores[label]!);
      let sum = 0;
      for (let label = 0; label < scores.length; label++) {
        scores[label] = Math.exp(scores[label]! - most);
        sum += scores[label]!;
      }
      for (let label = 0; label < scores.length; label++) scores[label] = scores[label]! / sum + EPSILON;
    },
    best() {
      let best = 0;
      for (let label = 1; label < scores.length; label++) if (scores[label]! > scores[best]!) best = label;
      return best;
    },
    scoreOf: (label) => scores[label]!,
  };
}

function sigmoidStep(value: number): number {
  if (value < -MOST_SIGMOID) return 0;
  if (value > MOST_SIGMOID) return 1;
  const step = Math.trunc(((value + MOST_SIGMOID) * SIGMOID_STEPS) / MOST_SIGMOID / 2);
  return 1 / (1 + Math.exp(MOST_SIGMOID - (step * 2 * MOST_SIGMOID) / SIGMOID_STEPS));
}

function treeScorer({ dim, labels, output, children }: FastTextModel): Scorer {
  const leafCount = labels.length;
  const root = 2 * leafCount - 2;
  const parents = new Int32Array(root + 1).fill(-1);
  for (let i = 0; i < children.length; i++) parents[children[i]!] = leafCount + (i >> 1);
  // Logarithm of the odds of an inner node, once it was asked for.
  const odds = new Float64Array(Math.max(0, leafCount - 1));
  const stack = new Int32Array(root + 2);
  const stackScores = new Float64Array(root + 2);
  const way = new Int32Array(root + 1);
  let vector: Float64Array = new Float64Array(0);

  /** Probability of the second child of an inner node. */
  function second(node: number): number {
    const index = node - leafCount;
    if (Number.isNaN(odds[index]!)) odds[index] = 1 / (1 + Math.exp(-dotRow(output, dim, index, vector)));
    return odds[index]!;
  }

  return {
    begin(hidden) {
      vector = hidden;
      odds.fill(Number.NaN);
    },
    best() {
      let best = -1;
      let bestScore = LEAST_LOG;
      let height = 1;
      stack[0] = root;
      stackScores[0] = 0;
      // A node is replaced by its two children, so no more than all nodes are ever on the stack.
      while (height > 0) {
        height--;
        const node = stack[height]!;
        const score = stackScores[height]!;
        if (score < bestScore || (score === bestScore && best >= 0)) continue;
        if (node < leafCount) {
          best = node;
          bestScore = score;
          continue;
        }
        const chance = second(node);
        const left = score + Math.log(1 - chance + EPSILON);
        const right = score + Math.log(chance + EPSILON);
        // The likelier child goes on top: what it leads to rules out most of the rest.
        const likelier = chance > 0.5 ? 1 : 0;
        const at = 2 * (node - leafCount);
        stack[height] = children[at + 1 - likelier]!;
        stackScores[height++] = likelier === 1 ? left : right;
        stack[height] = children[at + likelier]!;
        stackScores[height++] = likelier === 1 ? right : left;
      }
      return best;
    },
    scoreOf(label) {
      let length = 0;
      for (let node = label; node !== root; node = parents[node]!) way[length++] = node;
      let score = 0;
      let node = root;
      while (length > 0) {
        const next = way[--length]!;
        const chance = second(node);
        const isSecond = children[2 * (node - leafCount) + 1] === next;
        score += Math.log((isSecond ? chance : 1 - chance) + EPSILON);
        if (score < LEAST_LOG) return 0;
        node = next;
      }
      return Math.exp(score);
    },
  };
}
