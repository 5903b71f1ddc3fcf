import { displayName, formatAmount, listOf } from '../page/words.ts';
import { formatCount } from '../units.ts';
import type { ConceptReport, CurationReport, FunnelName } from './curation.ts';

/** What became of a concept: its share of the tokens before, and of the tokens written. */
export interface Change {
  readonly concept: ConceptReport;
  readonly before: number;
  readonly after: number;
  /** `after - before`: how much of the whole it gained. */
  readonly shift: number;
  /** `level` within a hundredth of what it was. */
  readonly direction: 'up' | 'down' | 'level';
}

/** What concepts may be put in order by. */
export type ConceptSort = 'size' | 'kept' | 'complexity' | 'change';

/** Every concept of a curation, by number. */
export function changesOf({ concepts }: CurationReport): Change[] {
  const tokens = sum(concepts.map((one) => one.tokens));
  const written = sum(concepts.map(({ writtenTokens }) => writtenTokens));
  return concepts.map((concept) => {
    const before = tokens > 0 ? known(concept.tokens) / tokens : 0;
    const after = written > 0 ? known(concept.writtenTokens) / written : 0;
    const shift = after - before;
    const direction = Math.abs(shift) <= before / 100 ? 'level' : shift > 0 ? 'up' : 'down';
    return { concept, before, after, shift, direction };
  });
}

/** The largest first; equal ones by number. `change` is by how much of the whole was gained or lost. */
export function sortChanges(changes: readonly Change[], sort: ConceptSort): Change[] {
  const keys: Readonly<Record<ConceptSort, (change: Change) => number>> = {
    size: ({ concept }) => known(concept.tokens),
    kept: ({ concept }) => known(concept.writtenTokens),
    complexity: ({ concept }) => known(concept.complexity),
    change: ({ shift }) => Math.abs(shift),
  };
  const key = keys[sort];
  return changes.toSorted((a, b) => key(b) - key(a) || a.concept.concept - b.concept.concept);
}

const MOST_NAMES = 6;
const LONGEST_NAME = 40;

/** "kernel, driver, module", or "concept 17" where nothing was found. Not escaped. */
export function conceptName({ concept, names }: ConceptReport, most: number = MOST_NAMES): string {
  return names.length === 0
    ? `concept ${concept}`
    : names
        .slice(0, most)
        .map((name) => cutText(displayName(name), LONGEST_NAME))
        .join(', ');
}

/** A text in one line of so many characters at most, without what would move a cursor or turn the direction of text. Not escaped. */
export function snippet(text: string, most: number): string {
  // A character has two units at most: what lies further is cut off anyway.
  const flat = displayName(
    text
      .slice(0, 8 * most)
      .replace(/\s+/gu, ' ')
      .trim(),
  );
  return cutText(flat, most, text.length > 8 * most);
}

/** So many code points of a text, with an ellipsis where there were more. */
function cutText(text: string, most: number, isCut = false): string {
  const characters = Array.from(text);
  return characters.length <= most && !isCut
    ? text
    : `${characters
        .slice(0, most - 1)
        .join('')
        .trimEnd()}…`;
}

/** "12.3 %", "0.042 %"; "0 %" for none. */
export function formatShare(share: number): string {
  if (!Number.isFinite(share)) return 'unknown';
  const percent = 100 * share;
  return `${percent === 0 ? '0' : percent < 0.001 ? '< 0.001' : String(Number(percent.toPrecision(3)))} %`;
}

/** "× 2.31"; "gone" where nothing is left, "new" where nothing was. */
export function formatRatio({ before, after }: Change): string {
  if (after === 0) return 'gone';
  if (before === 0) return 'new';
  return `× ${formatNumber(after / before)}`;
}

/** A number in three digits. */
export function formatNumber(value: number): string {
  return typeof value === 'number' && Number.isFinite(value)
    ? String(Number(value.toPrecision(3)))
    : 'unknown';
}

/** An amount with a decimal prefix. */
export function formatSize(value: number): string {
  return typeof value === 'number' && Number.isFinite(value) ? formatAmount(value) : 'unknown';
}

/** A count with all its digits. */
export function formatAll(value: number): string {
  return typeof value === 'number' && Number.isFinite(value) ? formatCount(value) : 'unknown';
}

/** What is left after a step of the funnel. */
export const FUNNEL_WORDS: Readonly<Record<FunnelName, string>> = {
  read: 'Read',
  filters: 'Passed the filters',
  'exact duplicates': 'No exact duplicate',
  'near duplicates': 'No near duplicate',
  'semantic duplicates': 'No semantic duplicate',
  outliers: 'No outlier',
  quotas: 'Chosen for a quota',
  repeats: 'Written, repeats counted',
};

/** How concepts were found, a sentence each. */
export function methodSentences({ encoder, redundancy, concepts, bytesPerToken }: CurationReport): string[] {
  const encoders: Readonly<Record<CurationReport['encoder']['name'], string>> = {
    lexical: 'the words and parts of words that a document has, weighted by how rare they are',
    static: 'the mean of the vectors of its words from a table that was given',
    column: 'the vector that its row brought along in a column',
    onnx: 'what a neural encoder that was given makes of it',
  };
  const forms: Readonly<Record<CurationReport['redundancy']['form'], string>> = {
    leaders:
      'A document was dropped where one that is kept, of the same concept, has a cosine of at least {t} to it',
    published:
      'A document was dropped where one before it, of the same concept, dropped or not, has a cosine of at least {t} to it (SemDeDup as published)',
    off: 'Semantic duplicates were not looked for',
  };
  const how =
    redundancy.source === 'calibrated' ? 'a threshold calibrated on this data' : 'a threshold that was given';
  const dropped = `${forms[redundancy.form].replace('{t}', formatNumber(redundancy.threshold))}${
    redundancy.form === 'off' ? '.' : `, ${how}: ${formatAll(redundancy.dropped)} documents.`
  }`;
  return [
    `Each document is a vector of ${formatAll(encoder.dimensions)} numbers: ${encoders[encoder.name]}.`,
    `A sample of ${formatAll(encoder.sample)} documents, chosen by the hash of what they say, was clustered (spherical k-means, a tree of two levels); each of the others went to the nearest centre. That gave ${formatAll(concepts.length)} concepts that have documents.`,
    'The names of a concept are the words that most of a few of its documents have and few documents of other concepts do. They are a hint, not a label: nobody chose them.',
    dropped,
    `A token is an estimate throughout: ${formatNumber(bytesPerToken)} bytes of UTF-8.`,
  ];
}

/** How the budget was shared out, a sentence each. */
export function ruleSentences({ rule, budgetTokens }: CurationReport): string[] {
  const fills: Readonly<Record<CurationReport['rule']['fill'], string>> = {
    quality: 'those of the highest quality first',
    hard: 'those furthest from its centre first',
    easy: 'those nearest to its centre first',
    random: 'in an order drawn by hash',
  };
  const balance =
    rule.balance === undefined
      ? []
      : [
          `Before the concepts, the budget was shared out by ${snippet(rule.balance.by, 60)} (${rule.balance.rule === 'unimax' ? 'UniMax: as evenly as the most repeats allow' : rule.balance.rule === 'temperature' ? 'a temperature that lifts the small ones' : 'in proportion to what there is'}).`,
        ];
  return [
    'The complexity of a concept is how far its documents lie from its centre, times how far its centre lies from the nearest others: one that is broad and apart teaches more than one that says the same again.',
    ...balance,
    `Its share of the ${formatSize(budgetTokens)} tokens is proportional to its tokens to the power of ${formatNumber(rule.sizeExponent)} (1 leaves all as it was, 0 makes concepts alike), and to exp(complexity / ${formatNumber(rule.temperature)}); the smaller the temperature, the more complex concepts gain.`,
    rule.quota === 'projection'
      ? 'Quotas are the nearest to these shares that its bounds allow (density-based pruning): what full concepts leave is spread evenly over the others.'
      : 'Quotas keep the ratios of these shares: what full concepts leave goes to the others in proportion.',
    `No concept falls below ${formatNumber(rule.floor)} times what it would get if all documents counted alike, and none is seen more than ${formatNumber(rule.mostEpochs)} times.`,
    `The cut lies at ${formatNumber(rule.lambda)}: a concept of this value is seen once, one above it more often, one below in part.`,
    `Within a concept the quota was filled with whole documents, ${fills[rule.fill]}.`,
  ];
}

/** "2 inputs", with the first few of them. */
export function inputsText(inputs: readonly { readonly path: string }[]): string {
  const shown = inputs.slice(0, 3).map(({ path }) => snippet(path, 80));
  const more = inputs.length - shown.length;
  return inputs.length === 0
    ? 'no input'
    : listOf(more > 0 ? [...shown, `${formatCount(more)} more`] : shown);
}

function known(value: number): number {
  return Number.isFinite(value) ? value : 0;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + known(value), 0);
}
