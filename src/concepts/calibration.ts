import { kindOf, type UnicodeTables, unicodeTables } from '../kernels/unicode.ts';
import { cosine, type Vectors } from '../kernels/vectors/vectors.ts';
import { unitOf } from './draws.ts';

/** Threshold of redundancy without edits to learn it from: 1 - 0.05, the published one. */
export const PUBLISHED_THRESHOLD = 0.95;

/** With edits it is never below this. On 3000 questions to a bank, of 10 words, 19 of 20 pairs above have the same intent. */
const LEAST_THRESHOLD = 0.9;

/** Above this nothing but equal directions would be left, and the rounding of vectors decides. */
const MOST_THRESHOLD = 0.999;

/** Fewer edits say nothing of their lowest twentieth. */
const LEAST_EDITS = 20;

/** Share of edits that may fall below a threshold, and of pairs of different documents that may lie above the common one. */
const MISSED_EDITS = 0.05;
const LIKE_PAIRS = 0.01;

/** A threshold of redundancy, and what it was found from. */
export interface Calibration {
  /** Cosine, with three digits behind the point: what a report prints is the threshold itself. */
  readonly threshold: number;
  /**
   * What decided: `edits`, cosines of documents to light edits of them; `pairs`, cosines of different documents; `limits`, the least or the most that
   * it may be; `published` without enough edits.
   */
  readonly by: 'edits' | 'pairs' | 'limits' | 'published';
  /** Cosine that 95 % of the edits reach; NaN without enough of them. */
  readonly edits: number;
  /** Cosine that 1 % of the pairs of different documents of one concept exceed; NaN without pairs. */
  readonly pairs: number;
}

/**
 * The least cosine at which two documents say the same, found from the data and its encoder: that of nearly every document to a light edit of itself
 * ({@link editText}). Without edits it is the published one, or what is above nearly all pairs of different documents.
 *
 * With edits, pairs do not count: some of them say the same themselves, and a threshold above them would drop the less the more there is to drop.
 * Where pairs are too like each other, {@link conceptThresholds} sees to it, concept by concept.
 * @param edits cosines of documents to edits of them. 0 or less is none: the document was too short for an edit, or says nothing. Read only.
 * @param pairs cosines of different documents ({@link nullPairs}); read only.
 */
export function calibrateThreshold(edits: Float64Array, pairs: Float64Array): Calibration {
  const reached = reachedByMost(
    edits.filter((value) => value > 0),
    LEAST_EDITS,
  );
  const unlike = pairs.slice().sort();
  // The place lies below the length, as the share is below 1.
  const exceeded =
    unlike.length === 0 ? Number.NaN : unlike[unlike.length - 1 - Math.floor(unlike.length * LIKE_PAIRS)]!;
  const hasEdits = !Number.isNaN(reached);
  let by: Calibration['by'] = hasEdits ? 'limits' : 'published';
  let threshold = hasEdits ? LEAST_THRESHOLD : PUBLISHED_THRESHOLD;
  if (reached > threshold) [threshold, by] = [reached, 'edits'];
  if (!hasEdits && exceeded > threshold) [threshold, by] = [exceeded, 'pairs'];
  if (threshold > MOST_THRESHOLD) [threshold, by] = [MOST_THRESHOLD, 'limits'];
  return { threshold: threeDigits(threshold), by, edits: reached, pairs: exceeded };
}

/** What 95 % of these reach; NaN if there are fewer than `least`. Sorts them. */
function reachedByMost(values: Float64Array, least: number): number {
  // The place lies below the length, as the share is below 1.
  return values.length < least ? Number.NaN : values.sort()[Math.floor(values.length * MISSED_EDITS)]!;
}

/** Rounded up. */
const threeDigits = (cosine: number): number => Math.min(1, Math.ceil(cosine * 1000) / 1000);

/**
 * The threshold of each concept, never below the common one. An encoder does not know all concepts equally well: where it knows little (a rare language,
 * for example), all documents have nearly the same direction, and by a common threshold one would stand for all. There edits are nearer to their
 * documents, too, so a concept with edits enough has a threshold of its own. And where more than a quarter of a concept's own pairs are
 * above it even so, documents are not told apart at all: there it is 1, and only equal directions are redundant.
 *
 * A quarter of the pairs is what half of the documents make if they all say the same. Concepts with fewer than {@link LEAST_MEMBERS} documents in the
 * sample, or so few edits, are not judged by them.
 * @param concepts of each document, below `conceptCount`. As for {@link nullPairs}, the order of documents must be one of their own.
 * @param edits cosine of each document to its edit, as for {@link calibrateThreshold}; or none at all.
 * @param threshold the common one.
 */
export function conceptThresholds(
  vectors: Vectors,
  concepts: ArrayLike<number>,
  conceptCount: number,
  edits: Float64Array,
  threshold: number,
): Float64Array {
  const thresholds = new Float64Array(conceptCount).fill(threshold);
  const members = Array.from({ length: conceptCount }, (): number[] => []);
  for (let i = 0; i < vectors.count; i++) {
    if (vectors.squares[i]! > 0) members[concepts[i]!]!.push(i);
  }
  for (const [concept, documents] of members.entries()) {
    if (documents.length < LEAST_MEMBERS) continue;
    const own = Float64Array.from(documents, (document) => edits[document] ?? 0).filter((value) => value > 0);
    const reached = threeDigits(reachedByMost(own, LEAST_MEMBERS));
    // False for NaN.
    const least = reached > threshold ? reached : threshold;
    const pairs = nullPairs(vectors, concepts, concept, PAIRS_A_CONCEPT, documents);
    const alike = pairs.filter((value) => value >= least).length;
    thresholds[concept] = alike > pairs.length * MOST_ALIKE ? 1 : least;
  }
  return thresholds;
}

/** Fewer documents say little of how like those of a concept are. */
const LEAST_MEMBERS = 8;

/** Pairs of a concept that are looked at, and how many of them may be alike. */
const PAIRS_A_CONCEPT = 512;
const MOST_ALIKE = 0.25;

/**
 * Cosines of different documents of one concept, pairs chosen by hash, each pair of each concept as likely; all pairs if there are no more than
 * `mostPairs`. Documents that say nothing give none.
 * @param concepts of each document. The order of the documents decides which pairs are chosen: it must be one of their own, not that of arrival.
 * @param documents that are looked at; all, if left out.
 */
export function nullPairs(
  vectors: Vectors,
  concepts: ArrayLike<number>,
  seed: number,
  mostPairs: number,
  documents: readonly number[] = Array.from({ length: vectors.count }, (_, i) => i),
): Float64Array {
  const members = documents
    .filter((i) => vectors.squares[i]! > 0)
    .sort((i, j) => concepts[i]! - concepts[j]! || i - j);
  /** Where concepts begin among the members, and how many pairs there are before each. */
  const starts: number[] = [];
  const pairsBefore: number[] = [];
  let pairCount = 0;
  for (let start = 0, end = 0; start < members.length; start = end) {
    while (end < members.length && concepts[members[end]!] === concepts[members[start]!]) end++;
    starts.push(start);
    pairsBefore.push(pairCount);
    pairCount += ((end - start) * (end - start - 1)) / 2;
  }
  const cosines = new Float64Array(Math.min(pairCount, mostPairs));
  for (let at = 0; at < cosines.length; at++) {
    const pair = pairCount <= mostPairs ? at : Math.floor(unitOf(seed, 'pairs', at, 0) * pairCount);
    const group = lastAtMost(pairsBefore, pair);
    // Pairs of a concept are numbered (0, 1), (0, 2), (1, 2), (0, 3), ...: those before member `b` are b (b - 1) / 2.
    const inside = pair - pairsBefore[group]!;
    let b = Math.floor((1 + Math.sqrt(1 + 8 * inside)) / 2);
    if ((b * (b - 1)) / 2 > inside) b--;
    const a = inside - (b * (b - 1)) / 2;
    cosines[at] = cosine(vectors, members[starts[group]! + a]!, vectors, members[starts[group]! + b]!);
  }
  return cosines;
}

/** Place of the last number that is at most `value`; the first is, and they ascend. */
function lastAtMost(numbers: readonly number[], value: number): number {
  let low = 0;
  let high = numbers.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (numbers[middle]! <= value) low = middle;
    else high = middle;
  }
  return low;
}

/** A shorter text has no light edit: one word of ten can turn what it says. */
export const LEAST_EDITED_WORDS = 32;

/** Of each so many words an edit leaves out one. */
const WORDS_A_GAP = 5;

/** Characters of scripts without spaces that count as one word. */
const WORD_CHARACTERS = 4;

let tables: UnicodeTables | undefined;

/**
 * A light edit of `bytes[start .. end)`: one of each five words is left out, chosen by a hash of their place and the length of the text, so
 * that a text has one edit wherever it comes up. A word ends behind the white space (ASCII's, and the ideographic space) that follows it; in
 * scripts written without spaces, behind four characters. What the text says stays nearly all, and hardly a run of five words.
 * @returns fresh memory; empty for a text of fewer than {@link LEAST_EDITED_WORDS} words.
 */
export function editText(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const kept = new Uint8Array(end - start);
  let length = 0;
  let words = 0;
  for (let from = start; from < end; words++) {
    const to = wordEnd(bytes, from, end);
    const unit = unitOf(end - start, 'edit', Math.floor(words / WORDS_A_GAP), 0);
    if (words % WORDS_A_GAP !== Math.floor(unit * WORDS_A_GAP)) {
      kept.set(bytes.subarray(from, to), length);
      length += to - from;
    }
    from = to;
  }
  return kept.subarray(0, words < LEAST_EDITED_WORDS ? 0 : length);
}

/** Where the word ends that begins at `from`, the white space behind it included; white space at the beginning is a part of it. */
function wordEnd(bytes: Uint8Array, from: number, end: number): number {
  tables ??= unicodeTables();
  let characters = 0;
  let isSpaced = false;
  let isText = false;
  let at = from;
  while (at < end) {
    const width = characterBytes(bytes, at, end);
    const codePoint = codePointAt(bytes, at, width);
    if (isSpace(codePoint)) isSpaced = isText;
    else {
      if (isSpaced) break;
      const isUnspaced = codePoint >= 0x800 && kindOf(tables, codePoint) === 2;
      // Between scripts a word ends, too.
      if (isUnspaced ? characters === WORD_CHARACTERS || (isText && characters === 0) : characters > 0) break;
      if (isUnspaced) characters++;
      isText = true;
    }
    at += width;
  }
  return at;
}

const isSpace = (codePoint: number): boolean =>
  codePoint === 0x20 || (codePoint >= 0x09 && codePoint <= 0x0d) || codePoint === 0x3000;

/** Bytes of the character at `at`, as far as they are there: a lead byte and those that continue it. */
function characterBytes(bytes: Uint8Array, at: number, end: number): number {
  const lead = bytes[at]!;
  const most = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  let width = 1;
  while (width < most && at + width < end && (bytes[at + width]! & 0xc0) === 0x80) width++;
  return width;
}

/** Code point of so many bytes; what is no UTF-8 gives any number, without harm. */
function codePointAt(bytes: Uint8Array, at: number, width: number): number {
  if (width === 1) return bytes[at]!;
  let codePoint = bytes[at]! & (0x7f >> width);
  for (let i = 1; i < width; i++) codePoint = (codePoint << 6) | (bytes[at + i]! & 0x3f);
  return codePoint;
}
