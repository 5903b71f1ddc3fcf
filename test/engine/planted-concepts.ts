import { seeded } from './support.ts';

/** A document whose concept is known. */
export interface PlantedDocument {
  readonly id: string;
  readonly text: string;
  /** Number of the concept that its words are of. */
  readonly planted: number;
  /** A column to balance by. */
  readonly lang: string;
}

export interface PlantOptions {
  /** Documents of each concept. */
  readonly sizes: readonly number[];
  readonly seed: number;
  /** Words of a document: from the first number on, below the second; short ones are commoner. Default 40 to 240. */
  readonly words?: readonly [number, number];
}

const SYLLABLES = [
  'ka',
  'lo',
  'mi',
  'tur',
  'ben',
  'sa',
  'ri',
  'on',
  'vel',
  'da',
  'fe',
  'gus',
  'pi',
  'wen',
  'zo',
  'ha',
];
const OWN_WORDS = 160;
const SHARED_WORDS = 240;
/** Of a document's words, those of its concept. */
const OWN_SHARE = 0.6;
const LANGUAGES = ['en', 'en', 'en', 'en', 'de', 'de', 'fr'];

/** Sizes by Zipf's law: `most` over rank, rounded up. */
export const zipfSizes = (count: number, most: number): number[] =>
  Array.from({ length: count }, (_, rank) => Math.ceil(most / (rank + 1)));

/** Different words, the same for the same seed; no word of one stem is one of another. */
function vocabulary(stem: string, count: number, seed: number): string[] {
  const random = seeded(seed);
  return Array.from({ length: count }, (_, i) => {
    const syllables = Array.from(
      { length: 1 + Math.floor(random() * 2) },
      () => SYLLABLES[Math.floor(random() * SYLLABLES.length)]!,
    );
    return `${stem}${syllables.join('')}${i.toString(36)}`;
  });
}

/** The words that tell a concept apart. */
const wordsOf = (concept: number): string[] =>
  vocabulary(
    `${SYLLABLES[concept % 16]!}${SYLLABLES[(concept * 7 + Math.floor(concept / 16)) % 16]!}x`,
    OWN_WORDS,
    1000 + concept,
  );

/**
 * Documents of known concepts, in random order. Each concept has words of its own; others are common to all. Both come as often as Zipf's law says.
 * No two documents are alike: each has its own draw of words.
 */
export function plantConcepts({
  sizes,
  seed,
  words: [least, most] = [40, 240],
}: PlantOptions): PlantedDocument[] {
  const random = seeded(seed);
  const shared = vocabulary('', SHARED_WORDS, 7);
  // A rank by Zipf's law, near enough: the logarithm of ranks is uniform.
  const draw = (words: readonly string[]): string => words[Math.floor(words.length ** random()) - 1]!;
  const documents = sizes.flatMap((size, planted) => {
    const own = wordsOf(planted);
    return Array.from({ length: size }, () => {
      const length = least + Math.floor(random() ** 2 * (most - least));
      const text = Array.from({ length }, () => draw(random() < OWN_SHARE ? own : shared)).join(' ');
      return { planted, text, lang: LANGUAGES[Math.floor(random() * LANGUAGES.length)]! };
    });
  });
  return shuffled(documents, seed + 1).map((one, i) => ({ id: `doc-${i}`, ...one }));
}

/** In another order (Fisher and Yates). */
export function shuffled<T>(values: readonly T[], seed: number): T[] {
  const random = seeded(seed);
  const order = [...values];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** Copies of documents, exact ones and ones that lack their last word, so that they are no longer than what they are copies of. */
export function floodOf(originals: readonly PlantedDocument[], copies: number): PlantedDocument[] {
  return Array.from({ length: copies }, (_, i) => {
    const original = originals[i % originals.length]!;
    const isExact = Math.floor(i / originals.length) % 2 === 0;
    const text = isExact ? original.text : original.text.slice(0, original.text.lastIndexOf(' '));
    return { ...original, id: `copy-${i}`, text };
  });
}

/** The same words in another order, a fifth of them left out: shares no run of words with its original, and says the same. */
export function paraphraseOf(original: PlantedDocument, seed: number): PlantedDocument {
  const words = shuffled(original.text.split(' '), seed);
  return {
    ...original,
    id: `${original.id}-again`,
    text: words.slice(0, Math.ceil(words.length * 0.8)).join(' '),
  };
}

/** Documents with a column `vector`: numbers about a direction of the concept, as far from it as the concept is loose. */
export function withVectors(
  documents: readonly PlantedDocument[],
  seed: number,
): (PlantedDocument & { readonly vector: readonly number[] })[] {
  const random = seeded(seed);
  const signed = (): number => 2 * random() - 1;
  const concepts = 1 + Math.max(...documents.map(({ planted }) => planted));
  const directions = Array.from({ length: concepts }, () => Array.from({ length: DIMENSIONS }, signed));
  return documents.map((one) => {
    const noise = 0.3 + 0.05 * one.planted;
    return { ...one, vector: directions[one.planted]!.map((value) => value + noise * signed()) };
  });
}

const DIMENSIONS = 24;
