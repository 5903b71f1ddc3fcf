import { CurationError } from '../errors.ts';
import { hasPhrase, PhraseSetBuilder } from '../kernels/phrases/set.ts';
import { advance, buildPhraseTrie, type PhraseTrie } from '../kernels/phrases/trie.ts';
import type { Document, Evidence, Filter, FilterDefinition, Resources, StepOptions } from './filter.ts';
import { readPhraseFile, readPhrases, strip } from './phrase-file.ts';

/**
 * Drops documents by where they come from, with the rules and in the order of `URLFilter` of datatrove 0.10 (pipeline/filters/url_filter.py):
 *
 * | reason | when |
 * | --- | --- |
 * | `domain` | the registered domain (`example.co.uk`) is in a domain list |
 * | `subdomain` | the whole host is in a domain list; `b.example.com` there does not catch `a.b.example.com` |
 * | `url` | the URL, character by character, is in a URL list |
 * | `hard_blacklisted` | one of its words is banned; words are what stands between characters that are not a-z, A-Z, 0-9, case counts |
 * | `soft_blacklisted` | at least `soft_word_threshold` different words are in a soft list |
 * | `blacklisted_subword` | its letters and digits in lower case, all else taken out, contain a banned subword |
 *
 * Entries of word lists lose all but letters and digits and are lower-cased, so a word with a capital in a URL is never one of them. Lines that begin
 * with `#` are comments. The host is found as tldextract finds it (no scheme needed; user, port and a final dot ignored), and its registered domain by
 * the ICANN part of the Public Suffix List as of tldts 7.5.4; an IP address has none.
 *
 * Different from there:
 * - A document without a URL passes; there it ends the run.
 * - Blank lines, and entries without a letter or digit in word lists, do not count; there one blank line bans every URL of an IP address, or every URL
 *   that ends in a separator.
 * - Hosts, and entries of domain lists, are lower-cased; there a capital in either keeps them apart.
 * - The lists that come with datatrove do not come with Sluice; they can be given as files.
 *
 * Domain, URL and word lists are kept as 64-bit hashes, 12 bytes an entry: a URL that is in none of four million entries is taken for one of them once
 * in 10^12 times. Subwords are kept as they are.
 */
export const url: FilterDefinition = {
  name: 'url',
  summary: 'drops documents by lists of domains, URLs and words in URLs',
  options: {
    column: {
      kind: 'text',
      default: 'url',
      flag: 'url-column',
      value: 'COLUMN',
      help: 'column with the URL of each document',
    },
    extra_domains: {
      kind: 'texts',
      flag: 'url-extra-domains',
      value: 'DOMAINS',
      help: 'banned registered domains and hosts',
    },
    domain_files: {
      kind: 'paths',
      flag: 'url-domain-files',
      value: 'FILES',
      help: 'lists of banned registered domains and hosts, one a line',
    },
    extra_urls: { kind: 'texts', flag: 'url-extra-urls', value: 'URLS', help: 'banned URLs' },
    url_files: {
      kind: 'paths',
      flag: 'url-files',
      value: 'FILES',
      help: 'lists of banned URLs, one a line',
    },
    banned_words: {
      kind: 'texts',
      flag: 'url-banned-words',
      value: 'WORDS',
      help: 'words that no URL may have',
    },
    banned_word_files: {
      kind: 'paths',
      flag: 'url-banned-word-files',
      value: 'FILES',
      help: 'lists of words that no URL may have, one a line',
    },
    soft_banned_words: {
      kind: 'texts',
      flag: 'url-soft-banned-words',
      value: 'WORDS',
      help: 'words of which a URL may have a few',
    },
    soft_banned_word_files: {
      kind: 'paths',
      flag: 'url-soft-banned-word-files',
      value: 'FILES',
      help: 'lists of words of which a URL may have a few, one a line',
    },
    soft_word_threshold: {
      kind: 'count',
      default: 2,
      least: 1,
      flag: 'url-soft-word-threshold',
      help: 'from how many different soft banned words on a document is dropped',
    },
    banned_subwords: {
      kind: 'texts',
      flag: 'url-banned-subwords',
      value: 'TEXTS',
      help: 'letters and digits that may stand nowhere in a URL',
    },
    banned_subword_files: {
      kind: 'paths',
      flag: 'url-banned-subword-files',
      value: 'FILES',
      help: 'lists of letters and digits that may stand nowhere in a URL, one a line',
    },
  },
  reasons: () => [
    'domain',
    'subdomain',
    'url',
    'hard_blacklisted',
    'soft_blacklisted',
    'blacklisted_subword',
  ],
  column: (options) => options['column'] as string,
  load: loadLists,
  create: createUrlFilter,
};

/** Each list by its name among the resources, and the options it is made of: entries themselves, and files of entries. */
const LISTS = {
  domains: {
    texts: 'extra_domains',
    files: 'domain_files',
    entryOf: (line: string) => strip(line).toLowerCase(),
  },
  urls: { texts: 'extra_urls', files: 'url_files', entryOf: strip },
  words: { texts: 'banned_words', files: 'banned_word_files', entryOf: lettersOf },
  softWords: { texts: 'soft_banned_words', files: 'soft_banned_word_files', entryOf: lettersOf },
  subwords: { texts: 'banned_subwords', files: 'banned_subword_files', entryOf: lettersOf },
} as const;

type List = (typeof LISTS)[keyof typeof LISTS];

/** Without all that is not an ASCII letter or digit, in lower case. */
function lettersOf(text: string): string {
  return text.replace(/[^a-zA-Z0-9]+/g, '').toLowerCase();
}

function textsOf(options: StepOptions, name: string): readonly string[] {
  return (options[name] ?? []) as readonly string[];
}

async function loadLists(options: StepOptions): Promise<Resources> {
  const names = Object.values(LISTS).flatMap(({ texts, files }) => [texts, files]);
  if (names.every((name) => textsOf(options, name).length === 0))
    throw new CurationError('USAGE', `url: expected at least one of ${names.join(', ')}, found none of them`);
  const subwords = await phrasesOf(options, LISTS.subwords);
  return {
    domains: await setOf(options, LISTS.domains),
    urls: await setOf(options, LISTS.urls),
    words: await setOf(options, LISTS.words),
    softWords: await setOf(options, LISTS.softWords),
    subwords,
    subwordTrie: buildPhraseTrie(subwords),
  };
}

const isComment = (line: string): boolean => line.startsWith('#');

/** A list as hashes; undefined if it is empty. */
async function setOf(
  options: StepOptions,
  { texts, files, entryOf }: List,
): Promise<Uint32Array | undefined> {
  const builder = new PhraseSetBuilder();
  const encoder = new Encoder();
  const take = (line: string): void => {
    if (isComment(line)) return;
    const entry = entryOf(line);
    if (entry !== '') builder.add(encoder.bytes, 0, encoder.encode(entry));
  };
  for (const text of textsOf(options, texts)) take(text);
  for (const path of textsOf(options, files)) await readPhraseFile(path, take);
  return builder.count === 0 ? undefined : builder.finish();
}

/** A list as it is, each entry once. */
async function phrasesOf(options: StepOptions, { texts, files, entryOf }: List): Promise<readonly string[]> {
  const entry = (line: string): string => (isComment(line) ? '' : entryOf(line));
  const phrases = new Set(textsOf(options, texts).map(entry));
  for (const path of textsOf(options, files))
    for (const phrase of await readPhrases(path, entry)) phrases.add(phrase);
  phrases.delete('');
  return [...phrases];
}

/** Strings as UTF-8, in memory that is used again. */
class Encoder {
  bytes: Uint8Array = new Uint8Array(4096);
  private readonly encoder = new TextEncoder();

  /** Puts the text into `bytes`, from 0, and returns its length. */
  encode(text: string): number {
    // A UTF-16 code unit becomes three bytes at most.
    if (this.bytes.length < 3 * text.length) this.bytes = new Uint8Array(3 * text.length);
    return this.encoder.encodeInto(text, this.bytes).written;
  }
}

async function createUrlFilter(
  options: StepOptions,
  { resources }: { readonly resources: Resources },
): Promise<Filter> {
  // The suffix list is large, and most runs have no use for it.
  const { hostOf, registeredDomainOf } = await import('./url-host.ts');
  const domains = resources['domains'] as Uint32Array | undefined;
  const urls = resources['urls'] as Uint32Array | undefined;
  const words = resources['words'] as Uint32Array | undefined;
  const softWords = resources['softWords'] as Uint32Array | undefined;
  const subwords = resources['subwords'] as readonly string[];
  const subwordTrie = resources['subwordTrie'] as PhraseTrie;
  const threshold = options['soft_word_threshold'] as number;
  const encoder = new Encoder();
  const evidence: Evidence = { statistic: NaN, threshold: NaN, detail: undefined };

  function isIn(set: Uint32Array | undefined, text: string): boolean {
    if (set === undefined) return false;
    const length = encoder.encode(text);
    return hasPhrase(set, encoder.bytes, 0, length);
  }

  function drop(reason: number, detail: string, statistic = NaN, limit = NaN): number {
    evidence.statistic = statistic;
    evidence.threshold = limit;
    evidence.detail = detail;
    return reason;
  }

  function judge({ column }: Document): number {
    if (column === undefined || column === '') return 0;
    if (domains !== undefined) {
      const host = hostOf(column);
      const domain = registeredDomainOf(host);
      if (domain !== '') {
        if (isIn(domains, domain)) return drop(1, domain);
        if (isIn(domains, host)) return drop(2, host);
      }
    }
    if (isIn(urls, column)) return drop(3, column);
    if (words !== undefined || softWords !== undefined) {
      const soft = new Set<string>();
      for (const word of new Set(column.split(/[^a-zA-Z0-9]+/))) {
        if (word === '') continue;
        if (isIn(words, word)) return drop(4, word);
        if (isIn(softWords, word)) soft.add(word);
      }
      if (soft.size >= threshold) return drop(5, [...soft].join(', '), soft.size, threshold);
    }
    if (subwords.length > 0) {
      const found = subwordIn(lettersOf(column));
      if (found !== 0) return drop(6, subwords[found - 1]!);
    }
    return 0;
  }

  function subwordIn(letters: string): number {
    let state = 0;
    for (let at = 0; at < letters.length; at++) {
      state = advance(subwordTrie, state, letters.charCodeAt(at));
      const found = subwordTrie.found[state]!;
      if (found !== 0) return found;
    }
    return 0;
  }

  return { judge, evidence };
}
