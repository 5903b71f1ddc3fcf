import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { linesOf } from '../../engine/support.ts';
import type { ParityDocument } from './boundaries.ts';
import { draws } from './random.ts';

const SHARED = new URL('../../../../shared/data/', import.meta.url);

/** Files of real documents, and how many are drawn of each. */
const SOURCES: readonly (readonly [file: string, count: number])[] = [
  ['web/cc_en_head-0091.jsonl.gz', 100],
  ['web/data-juicer/data_mixture-data-redpajama-cc-2023-06-refined.jsonl.gz', 100],
  ['web/data-juicer/process_on_ray-data-demo-dataset.jsonl.gz', 100],
  ['quality/dclm-human-judgements.jsonl.gz', 250],
  ['corpora/anarchist-faq.jsonl.gz', 20],
  ['corpora/debian-copyright-files.jsonl.gz', 60],
  ['corpora/debian-handbook.jsonl.gz', 250],
  ['corpora/movie-reviews.jsonl.gz', 200],
  ['corpora/stackexchange-coffee.jsonl.gz', 200],
  ['corpora/tldr-pages.jsonl.gz', 500],
  ['corpora/us-speeches.jsonl.gz', 20],
  ['langid/lingua-sentences.jsonl.gz', 400],
  ['langid/udhr.jsonl.gz', 388],
  ['langid/xquad-paragraphs.jsonl.gz', 300],
  ['neardup/kafka-docs.docs.jsonl.gz', 60],
  ['neardup/license-texts.docs.jsonl.gz', 250],
  ['neardup/pep-revisions.docs.jsonl.gz', 120],
  ['neardup/react-native-docs.docs.jsonl.gz', 150],
  ['clusters/banking77.jsonl.gz', 100],
];
const WHOLE_TEXTS: readonly string[] = [
  'corpora/tinyshakespeare.txt.gz',
  'corpora/wikitext-2.test.txt.gz',
  'corpora/books/972.txt.gz',
  'corpora/debian-reference/debian-reference.ja.txt.gz',
  'corpora/debian-reference/debian-reference.zh-cn.txt.gz',
  'corpora/debian-reference/debian-reference.fr.txt.gz',
];
/** Longer documents are judged by their beginning: the other side needs seconds for a megabyte. */
const MOST_CHARACTERS = 30_000;

const unpacked = (name: string): string => gunzipSync(readFileSync(new URL(name, SHARED))).toString();

/** Documents of many kinds and languages, the same each time; cut at a character. */
export function* realDocuments(seed: number, share = 1): Generator<ParityDocument, void, undefined> {
  const random = draws(seed);
  for (const [name, count] of SOURCES) {
    const lines = linesOf(unpacked(name));
    const wanted = Math.max(1, Math.round(count * share));
    for (const line of random.shuffled(lines).slice(0, wanted)) {
      const { id, text, url } = JSON.parse(line) as { id?: string; text: string; url?: string };
      yield { id: `${name} ${id ?? ''}`, text: shortened(text), ...(url === undefined ? {} : { url }) };
    }
  }
  for (const name of WHOLE_TEXTS) {
    const characters = Array.from(unpacked(name));
    for (let i = 0; i < 6 * share; i++) {
      const at = random.below(characters.length);
      const text = characters.slice(at, at + random.between(100, MOST_CHARACTERS)).join('');
      yield { id: `${name} at ${at}`, text };
    }
  }
}

const shortened = (text: string): string =>
  text.length <= MOST_CHARACTERS ? text : Array.from(text).slice(0, MOST_CHARACTERS).join('');
