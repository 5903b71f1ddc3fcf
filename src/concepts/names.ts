import { kindOf, type UnicodeTables, unicodeTables } from '../kernels/unicode.ts';
import { ln } from './portable-math.ts';
import { eachTerm, runOf } from './terms.ts';

/** A document that stands for its concept. */
export interface NamedDocument {
  readonly concept: number;
  readonly text: string;
}

/** Weight of the prior, in documents. */
const PRIOR = 1;
/** Of the sketch of all terms: most counters in each of two rows. */
const MOST_COUNTERS = 2 ** 21;
/** A spaceless term grows while so many of the documents that have it have the longer one, and no further than so many characters. */
const GROWS_AT = 0.75;
const LONGEST_GROWN = 12;

/**
 * The most specific terms of each concept, the best first, from a few short documents of each. A term counts by the share of the concept's documents
 * that have it, times the logarithm of how much larger that is than the share elsewhere: class-based tf-idf (Grootendorst 2022) over documents in
 * place of occurrences, so that no document speaks louder than others, with the informative prior of Monroe, Colaresi and Quinn (2008,
 * section 3.3). Their z-score would put frequent words first, as of rare ones it is never sure. A term must be in 2 documents of its concept, where there are so many.
 *
 * Terms are words, and pairs of characters where a script has no spaces, which grow to what most documents with them have around them. They
 * are counted in lower case and shown as they are written most often. Numbers, single letters and parts of a better term are no names. The answer
 * depends on neither the order of the documents nor the machine: all tables are of one version of Unicode but for lower case and marks.
 * The terms are text of the documents: data, to be escaped where it is shown.
 *
 * Memory: the documents, and at most 16 MiB in which all terms are counted; a term that meets others in both rows of it counts as less specific than it is.
 * @param documents read once. About a dozen for each concept, up to 1.5 KB each, are enough.
 * @param concepts how many there are; one without documents gets no terms.
 */
export function nameConcepts(
  documents: Iterable<NamedDocument>,
  concepts: number,
  { terms = 4 }: { readonly terms?: number } = {},
): string[][] {
  const tables = unicodeTables();
  const texts = Array.from({ length: concepts }, (): string[] => []);
  let units = 0;
  for (const { concept, text } of documents) {
    const own = texts[concept];
    if (own === undefined) {
      throw new RangeError(`concept ${concept}: expected a number below ${concepts}`);
    }
    own.push(text);
    units += text.length;
  }
  const all = new TermSketch(units);
  for (const text of texts.flat()) all.add(termsIn(text, tables));
  return texts.map((own) => termsOf(own, tables, all, terms));
}

/** Terms of a document in lower case, each once; pairs are marked by a space before them. */
function termsIn(text: string, tables: UnicodeTables): Set<string> {
  const found = new Set<string>();
  eachTerm(text, tables, (start, end, isPair) => {
    found.add(isPair ? ` ${text.slice(start, end)}` : text.slice(start, end).toLowerCase());
  });
  return found;
}

interface Candidate {
  readonly term: string;
  readonly score: number;
}

function termsOf(texts: readonly string[], tables: UnicodeTables, all: TermSketch, wanted: number): string[] {
  const tallies = new Map<string, number>();
  for (const text of texts) {
    for (const term of termsIn(text, tables)) tallies.set(term, (tallies.get(term) ?? 0) + 1);
  }
  const least = Math.min(2, texts.length);
  const candidates: Candidate[] = [];
  for (const [term, documents] of tallies) {
    if (documents < least || !isName(term)) continue;
    const score = (logRatio(documents, texts.length, all.count(term), all.total) * documents) / texts.length;
    if (score > 0) candidates.push({ term, score });
  }
  const best = firstOf(candidates, 16 * wanted);
  const chosen = choose(best, texts, tables, wanted);
  return chosen.length < wanted && best.length < candidates.length
    ? choose(firstOf(candidates, candidates.length), texts, tables, wanted)
    : chosen;
}

/** The best candidates in order: at least so many, as equal ones are not parted. */
function firstOf(candidates: readonly Candidate[], most: number): Candidate[] {
  const scores = Float64Array.from(candidates, ({ score }) => score).sort();
  const least = scores[Math.max(0, scores.length - most)] ?? 0;
  return candidates
    .filter(({ score }) => score >= least)
    .sort((a, b) => b.score - a.score || compareCodePoints(a.term, b.term));
}

/** Logarithm of how much likelier a document of the concept has a term than one of another concept; the prior is what all documents say. */
function logRatio(documents: number, of: number, everywhere: number, ofAll: number): number {
  const prior = (PRIOR * everywhere) / ofAll;
  const elsewhere = Math.max(0, everywhere - documents);
  const others = ofAll - of;
  // The concept is all there is: nothing is more specific than anything else.
  if (others === 0) return 1;
  return ln((documents + prior) / (of + PRIOR)) - ln((elsewhere + prior) / (others + PRIOR));
}

/** Whether a term says anything by itself: it has a letter, and is no single one. */
function isName(term: string): boolean {
  return /\p{L}/u.test(term) && !/^.\p{M}*$/u.test(term);
}

/** The best terms, none of which is a part of a better one, nor the beginning of one with an ending to it. */
function choose(
  candidates: readonly Candidate[],
  texts: readonly string[],
  tables: UnicodeTables,
  wanted: number,
): string[] {
  const chosen: string[] = [];
  const shown: string[] = [];
  for (const { term } of candidates) {
    if (chosen.length >= wanted) break;
    const isPair = term.startsWith(' ');
    const own = isPair ? grown(term.slice(1), texts, tables) : term;
    if (chosen.some((other) => other.includes(own) || (other.length >= 4 && own.startsWith(other)))) continue;
    chosen.push(own);
    shown.push(isPair ? own : surfaceOf(own, texts, tables));
  }
  return shown;
}

/** The form in which a word stands most often; of equally frequent ones the first by code points. */
function surfaceOf(word: string, texts: readonly string[], tables: UnicodeTables): string {
  const forms = new Map<string, number>();
  for (const text of texts) {
    eachTerm(text, tables, (start, end, isPair) => {
      // Lower case is as long, but for the capital dotted I.
      if (isPair || (end - start !== word.length && !word.includes('\u0307'))) return;
      const form = text.slice(start, end);
      if (form.toLowerCase() === word) forms.set(form, (forms.get(form) ?? 0) + 1);
    });
  }
  return mostFrequent(forms)?.[0] ?? word;
}

/** A spaceless term with what stands around it in most of the documents that have it. */
function grown(pair: string, texts: readonly string[], tables: UnicodeTables): string {
  const own = texts.filter((text) => text.includes(pair));
  const run = runOf(pair.codePointAt(0)!);
  const fits = (code: number): boolean =>
    kindOf(tables, code) === 2
      ? runOf(code) === run
      : code >= 0x300 && /\p{M}/u.test(String.fromCodePoint(code));
  let term = pair;
  for (const side of [1, -1] as const) {
    while (Array.from(term).length < LONGEST_GROWN) {
      const counts = new Map<string, number>();
      for (const text of own) {
        for (const longer of longerOnes(text, term, side, fits))
          counts.set(longer, (counts.get(longer) ?? 0) + 1);
      }
      const best = mostFrequent(counts);
      if (best === undefined || best[1] < Math.max(GROWS_AT * own.length, 1)) break;
      term = best[0];
    }
  }
  return term;
}

/** A term with the character after it, or before it, for each place of a text; each once. */
function longerOnes(text: string, term: string, side: 1 | -1, fits: (code: number) => boolean): Set<string> {
  const found = new Set<string>();
  for (let at = text.indexOf(term); at >= 0; at = text.indexOf(term, at + 1)) {
    const code = side > 0 ? text.codePointAt(at + term.length) : codePointBefore(text, at);
    if (code === undefined || !fits(code)) continue;
    const character = String.fromCodePoint(code);
    found.add(side > 0 ? term + character : character + term);
  }
  return found;
}

function codePointBefore(text: string, at: number): number | undefined {
  if (at === 0) return undefined;
  const low = text.charCodeAt(at - 1);
  const isPair = low >= 0xdc00 && low <= 0xdfff && at > 1;
  return text.codePointAt(isPair ? at - 2 : at - 1);
}

function mostFrequent(counts: ReadonlyMap<string, number>): [string, number] | undefined {
  let best: [string, number] | undefined;
  for (const entry of counts) {
    if (
      best === undefined ||
      entry[1] > best[1] ||
      (entry[1] === best[1] && compareCodePoints(entry[0], best[0]) < 0)
    ) {
      best = entry;
    }
  }
  return best;
}

/** Order of two texts by their code points; that of UTF-16 units differs above U+FFFF. */
export function compareCodePoints(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  if (at === a.length || at === b.length) return a.length - b.length;
  return rank(a.charCodeAt(at)) - rank(b.charCodeAt(at));
}

/** Of a UTF-16 unit among others: those of surrogates come last. */
function rank(unit: number): number {
  return unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/** Counts of all terms in constant memory: never too low, and too high only where a term meets others in both rows (Cormode and Muthukrishnan 2005). */
class TermSketch {
  total = 0;
  readonly #row: number;
  readonly #counters: Uint32Array;

  /** @param units UTF-16 units of all documents; they have fewer terms. */
  constructor(units: number) {
    let row = 16;
    while (row < units && row < MOST_COUNTERS) row *= 2;
    this.#row = row;
    this.#counters = new Uint32Array(2 * row);
  }

  add(terms: ReadonlySet<string>): void {
    for (const term of terms) {
      const hash = hashOf(term);
      this.#counters[mixed(hash) & (this.#row - 1)]!++;
      this.#counters[this.#row + (mixed(hash ^ SECOND_ROW) & (this.#row - 1))]!++;
    }
    this.total++;
  }

  count(term: string): number {
    const hash = hashOf(term);
    return Math.min(
      this.#counters[mixed(hash) & (this.#row - 1)]!,
      this.#counters[this.#row + (mixed(hash ^ SECOND_ROW) & (this.#row - 1))]!,
    );
  }
}

const SECOND_ROW = 0x9747b28c;

/** FNV-1a over UTF-16 units. */
function hashOf(term: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < term.length; at++) hash = Math.imul(hash ^ term.charCodeAt(at), 0x01000193);
  return hash;
}

/** The finalizer of MurmurHash3 (Appleby). */
function mixed(word: number): number {
  let hash = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
