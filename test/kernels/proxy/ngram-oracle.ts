import { DOCUMENT_END, type HeldOut } from '../../../src/kernels/proxy/proxy.ts';

/** Documents without their ends as a stream of symbols. */
export function joined(documents: readonly (readonly number[])[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(documents.flatMap((document) => [...document, DOCUMENT_END]));
}

export function heldOutOf(documents: readonly (readonly number[])[]): HeldOut {
  const offsets = [0];
  for (const document of documents) offsets.push(offsets.at(-1)! + document.length + 1);
  return { symbols: joined(documents), offsets: Uint32Array.from(offsets) };
}

export function bytesOf(text: string): number[] {
  return [...Buffer.from(text)];
}

const START = '<s>';

/** Interpolated modified Kneser-Ney straight from the formulas, n-grams as strings in maps; slow. */
export class KneserNeyOracle {
  readonly #order: number;
  readonly #vocabulary: number;
  /** By order, from 1: n-grams to what takes the place of their count. */
  readonly counts: Map<string, number>[] = [];
  readonly discounts: number[][] = [];
  /** By order: for a history, the counts of all that follows it. */
  readonly #following: Map<string, number[]>[] = [];

  /** @param stream documents, each with its end; the last may lack it. */
  constructor(stream: Uint8Array, order: number, vocabulary = 256) {
    this.#order = order;
    this.#vocabulary = vocabulary;
    const occurrences = Array.from({ length: order + 1 }, () => new Map<string, number>());
    for (const words of documentsOf(stream)) {
      for (let length = 1; length <= order; length++) {
        for (let i = 0; i + length <= words.length; i++) {
          const ngram = words.slice(i, i + length).join(' ');
          if (ngram !== START) occurrences[length]!.set(ngram, (occurrences[length]!.get(ngram) ?? 0) + 1);
        }
      }
    }
    for (let length = 1; length <= order; length++) {
      const before = new Map<string, number>();
      for (const longer of occurrences[length + 1]?.keys() ?? []) {
        const ngram = longer.slice(longer.indexOf(' ') + 1);
        before.set(ngram, (before.get(ngram) ?? 0) + 1);
      }
      const counts = new Map<string, number>();
      for (const [ngram, occurred] of occurrences[length]!) {
        counts.set(ngram, length === order || ngram.startsWith(START) ? occurred : before.get(ngram)!);
      }
      this.counts[length] = counts;
      this.discounts[length] = discountsOf([...counts.values()]);
      const following = new Map<string, number[]>();
      for (const [ngram, count] of counts) {
        const history = ngram.slice(0, Math.max(0, ngram.lastIndexOf(' ')));
        following.set(history, [...(following.get(history) ?? []), count]);
      }
      this.#following[length] = following;
    }
  }

  get size(): number {
    return this.counts.reduce((sum, { size }) => sum + size, 0);
  }

  probability(words: readonly string[]): number {
    const length = words.length;
    if (length === 0) return 1 / this.#vocabulary;
    const lower = this.probability(words.slice(1));
    const following = this.#following[length]!.get(words.slice(0, -1).join(' '));
    if (following === undefined) return lower;
    const discounts = this.discounts[length]!;
    const sum = following.reduce((total, count) => total + count, 0);
    let freed = 0;
    for (const count of following) freed += discounts[Math.min(count, 3)]!;
    const count = this.counts[length]!.get(words.join(' ')) ?? 0;
    return Math.max(count - discounts[Math.min(count, 3)]!, 0) / sum + (freed / sum) * lower;
  }

  /** Bits of each document, in the order of the stream; an empty one costs none. */
  bits(heldOut: HeldOut): number[] {
    return Array.from({ length: heldOut.offsets.length - 1 }, (_, document) => {
      const [words] = documentsOf(
        heldOut.symbols.subarray(heldOut.offsets[document]!, heldOut.offsets[document + 1]!),
      );
      let bits = 0;
      for (let i = 1; i < (words?.length ?? 0); i++) {
        bits -= Math.log2(this.probability(words!.slice(Math.max(0, i + 1 - this.#order), i + 1)));
      }
      return bits;
    });
  }
}

function documentsOf(stream: Uint8Array): string[][] {
  const documents: string[][] = [];
  let words = [START];
  for (const symbol of stream) {
    if (symbol !== DOCUMENT_END) words.push(`${symbol}`);
    else {
      if (words.length > 1) documents.push([...words, '</s>']);
      words = [START];
    }
  }
  if (words.length > 1) documents.push(words);
  return documents;
}

/** By count: 0, 1, 2, 3 and more. */
function discountsOf(counts: readonly number[]): number[] {
  const n = [0, 1, 2, 3, 4].map((count) => counts.filter((each) => each === count).length);
  const y = n[1]! / (n[1]! + 2 * n[2]!);
  const discounts = [1, 2, 3].map((k) => k - ((k + 1) * y * n[k + 1]!) / n[k]!);
  return discounts.every((discount, i) => discount > 0 && discount <= i + 1)
    ? [0, ...discounts]
    : [0, 0.5, 1, 1.5];
}
