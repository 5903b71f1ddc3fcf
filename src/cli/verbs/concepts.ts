import { conceptsTable } from '../../concepts/summary.ts';
import { type ConceptSort, changesOf, sortChanges } from '../../concepts/words.ts';
import { conceptsOf } from '../../concepts-of.ts';
import { CurationError } from '../../errors.ts';
import type { LoadedVerb } from '../verb.ts';

const SORTS: readonly ConceptSort[] = ['size', 'kept', 'complexity', 'change'];
/** Where the output is no terminal. */
const WIDTH = 120;

export const conceptsVerb: LoadedVerb = {
  options: {
    sort: { kind: SORTS, value: 'BY', help: 'size, kept, complexity or change; default size' },
    top: { kind: 'count', value: 'N', help: 'concepts shown; default 30' },
    json: { kind: 'flag', help: 'as a JSON array, all that the report has of each' },
    help: { kind: 'flag', short: 'h', help: 'this text' },
  },
  about:
    'DIR: the output directory of sluice curate. Change is by how much of the whole a concept gained or lost; ↑ and ↓ say how much larger or smaller its share is.',
  examples: ['sluice concepts curated', 'sluice concepts curated --sort change --top 100'],
  needs: { input: true, out: false },
  async run([directory, ...others], values) {
    if (others.length > 0)
      throw new CurationError('USAGE', `expected one directory, found ${others.length + 1}`);
    const curation = await conceptsOf(directory!);
    const sort = (values['sort'] as ConceptSort | undefined) ?? 'size';
    const top = (values['top'] as number | undefined) ?? 30;
    const first = sortChanges(changesOf(curation), sort).slice(0, top);
    const lines =
      values['json'] === true
        ? [jsonText(first.map(({ concept }) => concept))]
        : conceptsTable(curation, { sort, top, width: process.stdout.columns ?? WIDTH });
    process.stdout.write(lines.map((line) => `${line}\n`).join(''));
    return '';
  },
};

/** JSON that a terminal may show: what documents say is escaped where it could move the cursor or turn the direction of text. */
function jsonText(value: unknown): string {
  return JSON.stringify(value, undefined, 2).replace(
    /[\u007f-\u009f\u2028\u2029]|\p{Bidi_Control}/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
