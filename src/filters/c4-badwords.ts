import { CurationError } from '../errors.ts';
import { finish } from '../kernels/lanes.ts';
import { type PhraseFinder, substringFinder } from '../kernels/phrases/finders.ts';
import { buildFlankedList, createFlankedFinders, type FlankedList } from '../kernels/phrases/simd.ts';
import { unicodeTables } from '../kernels/unicode.ts';
import { xxh64 } from '../kernels/xxh64.ts';
import type { Document, Evidence, Filter, FilterDefinition, Resources, StepOptions } from './filter.ts';
import { readPhrases, strip } from './phrase-file.ts';

/**
 * Drops documents that hold a phrase of the "List of Dirty, Naughty, Obscene, and Otherwise Bad Words" (LDNOOBW, CC-BY-4.0), as the filter of
 * C4 in datatrove 0.10 does (`C4BadWordsFilter` of pipeline/filters/c4_filters.py): the phrase stands between characters that are no word
 * characters of Python's `\w`; for Japanese, Thai and Chinese, which are written without spaces, anywhere.
 *
 * The lists are those of the package naughty-words 1.2.0. datatrove takes LDNOOBW at revision 5faf2ba4 for all languages but English: the package
 * is that revision for Arabic (by its hash) and has as many entries in English and Chinese; the others were not compared. For English it takes revision 25e679f0, which lacks 26 of the 403 entries; they are left out here too, and then both lists are equal.
 *
 * Different from there:
 * - A document in a language without a list is kept. There it is an error that ends the run, or kept if one says so; here what is in a document
 *   never ends a run. A default language without a list is refused.
 * - Which documents with a phrase `keep_fraction` keeps is drawn from a hash of their text, so it depends on nothing but text and seed.
 * - A list of your own is lower-cased and its blank lines do not count.
 */
export const c4Badwords: FilterDefinition = {
  name: 'c4-badwords',
  summary: 'drops documents with a phrase of the lists of bad words that C4 uses',
  options: {
    default_language: {
      kind: 'text',
      default: 'en',
      flag: 'badwords-default-language',
      value: 'CODE',
      help: 'language of documents that have none of their own',
    },
    language_column: {
      kind: 'text',
      flag: 'badwords-language-column',
      value: 'COLUMN',
      help: "column with each document's language, such as en or zh; without it all are of the default language",
    },
    list: {
      kind: 'path',
      flag: 'badwords-list',
      value: 'FILE',
      help: 'a list of your own for all languages, UTF-8, one phrase a line',
    },
    keep_fraction: {
      kind: 'rate',
      default: 0,
      least: 0,
      most: 1,
      flag: 'badwords-keep-fraction',
      help: 'share of documents with a bad word that is kept all the same',
    },
    seed: {
      kind: 'count',
      default: 0,
      least: 0,
      most: 2 ** 32 - 1,
      flag: 'badwords-seed',
      help: 'another seed keeps other documents',
    },
  },
  reasons: () => ['document_removed_with_badwords'],
  column: (options) => textOf(options, 'language_column'),
  load: loadLists,
  create: createBadwords,
};

/** Entries of the English list that came after the revision which datatrove, and C4 itself, use. */
const LATER_ENGLISH: ReadonlySet<string> = new Set(
  `bangbus,beastiality,cialis,cumshot,cumshots,fag,gangbang,horny,livesex,masturbating,masturbation,mong,nsfw,nutten,pikey,sexcam,sexual,sexuality,
sexually,spastic,thumbzilla,viagra,voyeurweb,voyuer,whore,worldsex`.split(/,\s*/),
);

/** Not looked for in any language, as in datatrove: parts of too many ordinary words of Japanese and Chinese. */
const ALLOWED: ReadonlySet<string> = new Set(['sm', 'グロ', '女の子', '性']);

/** Languages written without spaces. */
const UNSPACED: ReadonlySet<string> = new Set(['ja', 'th', 'zh']);

interface LanguageList {
  readonly phrases: readonly string[];
  readonly list: FlankedList;
}

function textOf(options: StepOptions, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

async function loadLists(options: StepOptions): Promise<Resources> {
  const path = textOf(options, 'list');
  if (path !== undefined) {
    const phrases = await readPhrases(path, (line) => strip(line).toLowerCase());
    if (phrases.length === 0)
      throw new CurationError('BAD_INPUT', `${path}: expected one phrase a line, found none`);
    return { own: listOf(phrases), lists: [] };
  }
  // Only where it is needed: no thread reads it.
  const { default: all } = await import('naughty-words');
  const wanted = textOf(options, 'default_language') ?? 'en';
  if (!Object.hasOwn(all, wanted))
    throw new CurationError(
      'USAGE',
      `default_language: expected one of ${Object.keys(all).join(', ')}, found ${wanted}; for another language give a list of your own`,
    );
  const isMixed = textOf(options, 'language_column') !== undefined;
  const lists = Object.entries(all)
    .filter(([language]) => isMixed || language === wanted)
    .map(([language, entries]) => [language, listOf(namedPhrases(language, entries))]);
  return { own: undefined, lists };
}

function namedPhrases(language: string, entries: readonly string[]): readonly string[] {
  const phrases = new Set(entries.map(strip));
  for (const phrase of ALLOWED) phrases.delete(phrase);
  if (language === 'en') for (const phrase of LATER_ENGLISH) phrases.delete(phrase);
  return [...phrases];
}

function listOf(phrases: readonly string[]): LanguageList {
  return { phrases, list: buildFlankedList(phrases, unicodeTables()) };
}

/** A list ready to look for, in the way its language wants. */
interface Search {
  readonly finder: PhraseFinder;
  readonly phrases: readonly string[];
}

async function createBadwords(
  options: StepOptions,
  { resources }: { readonly resources: Resources },
): Promise<Filter> {
  const own = resources['own'] as LanguageList | undefined;
  const lists = new Map(resources['lists'] as readonly (readonly [string, LanguageList])[]);
  const defaultLanguage = textOf(options, 'default_language') ?? 'en';
  const keepFraction = options['keep_fraction'] as number;
  const seed = options['seed'] as number;
  const tables = unicodeTables();
  const flankedFinder = await createFlankedFinders(tables);
  const searches = new Map<string, Search | undefined>();
  const hash = new Uint32Array(2);
  const evidence: Evidence = { statistic: NaN, threshold: NaN, detail: undefined };

  /** Made when its language is first met; a language without a list has none. */
  function searchIn(language: string): Search | undefined {
    const isUnspaced = UNSPACED.has(language);
    // With a list of one's own there are two ways to look for it, however many languages a column may name.
    const key = own === undefined ? language : String(isUnspaced);
    const known = searches.get(key);
    if (known !== undefined) return known;
    const chosen = own ?? lists.get(language);
    if (chosen === undefined) return undefined;
    const { list } = chosen;
    const finder = isUnspaced ? substringFinder(list.trie, tables) : flankedFinder(list);
    const search = { finder, phrases: chosen.phrases };
    searches.set(key, search);
    return search;
  }

  /** From 0 to 1, by the text and the seed alone. */
  function drawOf({ bytes, start, end }: Document): number {
    xxh64(bytes, start, end, hash, 0);
    // Twice: after one round neighbouring seeds would keep nearly the same documents.
    const once = finish((hash[0]! ^ Math.imul(seed, 0x9e3779b1)) >>> 0, hash[1]!);
    return finish(once, hash[0]!) / 2 ** 32;
  }

  function judge(document: Document): number {
    const search = searchIn(document.column ?? defaultLanguage);
    if (search === undefined) return 0;
    const found = search.finder.find(document.bytes, document.start, document.end);
    if (found < 0) return 0;
    if (keepFraction > 0 && drawOf(document) < keepFraction) return 0;
    evidence.detail = search.phrases[found];
    return 1;
  }

  return { judge, evidence };
}
