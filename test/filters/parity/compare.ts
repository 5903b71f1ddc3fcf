import type { ParityDocument } from './boundaries.ts';
import { bytesOf, textOf } from './bytes.ts';
import { type Datatrove, type DatatroveVerdict, openDatatrove } from './datatrove.ts';
import type { Comparison } from './jobs.ts';
import type { Judge, Outcome } from './judge.ts';

/** A document that the two disagree about, made as small as a disagreement could be found. */
interface Difference {
  readonly id: string;
  readonly text: string;
  readonly url: string | undefined;
  readonly theirs: string;
  readonly ours: string;
}

/** What came of one comparison. */
export interface Compared {
  documents: number;
  /** Documents for which datatrove raises: it divides by the number of words or lines. */
  withoutVerdict: number;
  dropped: number;
  edited: number;
  differing: number;
  /** The first of each kind. */
  readonly differences: Difference[];
}

/** Questions under way at a time. */
const AHEAD = 48;
/** Differences of a kind that are made small; smaller texts are looked for so many times. */
const SHOWN = 3;
const SHRINK_STEPS = 400;

/** A verdict in a few words: what is compared. */
const wordsOfTheirs = (verdict: DatatroveVerdict): string =>
  verdict === null
    ? 'passes'
    : verdict.text !== undefined
      ? `passes as ${JSON.stringify(verdict.text)}`
      : (verdict.reason ?? `raises ${verdict.error}`);

const wordsOfOurs = ({ reason, text }: Outcome, came: string): string => {
  if (reason !== undefined) return reason;
  const left = text === undefined ? came : textOf(text);
  return left === came ? 'passes' : `passes as ${JSON.stringify(left)}`;
};

/** Our verdict in the words of theirs, if an exception comes out too. */
function judged(judge: Judge, { text, url }: ParityDocument): string {
  try {
    return wordsOfOurs(judge.judge(bytesOf(text), url), text);
  } catch (error) {
    return `throws ${String(error)}`;
  }
}

/** Runs both over the documents, each comparison over those it is for. */
export async function compare(
  comparisons: readonly Comparison[],
  documents: Iterable<ParityDocument>,
): Promise<readonly Compared[]> {
  const results: Compared[] = comparisons.map(() => ({
    documents: 0,
    withoutVerdict: 0,
    dropped: 0,
    edited: 0,
    differing: 0,
    differences: [],
  }));
  const judges = await Promise.all(comparisons.map(({ open }) => open()));
  const datatrove = await openDatatrove(comparisons.map(({ theirs }) => theirs));
  try {
    const found = new Set<string>();
    for (const batch of batches(documents)) {
      const asked = batch.map(async (document) => {
        const chosen = comparisons.flatMap(({ isFor }, i) => (isFor(document.id) ? [i] : []));
        return { document, chosen, verdicts: await datatrove.ask(document, chosen) };
      });
      for (const { document, chosen, verdicts } of await Promise.all(asked)) {
        for (const [k, verdict] of verdicts.entries()) {
          const i = chosen[k]!;
          const result = results[i]!;
          const ours = judged(judges[i]!, document);
          const theirs = wordsOfTheirs(verdict);
          result.documents++;
          if (verdict?.error !== undefined) {
            result.withoutVerdict++;
            if (!ours.startsWith('throws')) continue;
          }
          if (verdict?.reason !== undefined) result.dropped++;
          if (verdict?.text !== undefined) result.edited++;
          if (ours === theirs) continue;
          result.differing++;
          const kind = `${i} ${kindOf(theirs)} ${kindOf(ours)}`;
          if (found.has(kind) || result.differences.length >= SHOWN) continue;
          found.add(kind);
          result.differences.push(await shrunken(document, judges[i]!, datatrove, i));
        }
      }
    }
  } finally {
    await datatrove.close();
  }
  return results;
}

/** Which disagreement it is, whatever the text. */
const kindOf = (words: string): string => words.split(' as ')[0]!;

function* batches(documents: Iterable<ParityDocument>): Generator<ParityDocument[], void, undefined> {
  let batch: ParityDocument[] = [];
  for (const document of documents) {
    // Pieces of characters that came to stand together may be a character now.
    batch.push({ ...document, text: textOf(bytesOf(document.text)) });
    if (batch.length < AHEAD) continue;
    yield batch;
    batch = [];
  }
  yield batch;
}

/** Takes away lines, then words, then characters, in ever smaller pieces, as long as the two still disagree in the same way. */
async function shrunken(
  document: ParityDocument,
  judge: Judge,
  datatrove: Datatrove,
  job: number,
): Promise<Difference> {
  const both = async (text: string): Promise<readonly [string, string]> => {
    const changed = { ...document, text };
    const [verdict] = await datatrove.ask(changed, [job]);
    return [wordsOfTheirs(verdict!), judged(judge, changed)];
  };
  let [theirs, ours] = await both(document.text);
  const kind = `${kindOf(theirs)} ${kindOf(ours)}`;
  let text = document.text;
  let steps = 0;
  for (const separator of [/(?<=\n)/, /(?<= )/, /(?:)/u]) {
    let pieces = text.split(separator);
    for (let size = pieces.length >> 1; size >= 1 && steps < SHRINK_STEPS; size >>= 1) {
      for (let at = 0; at < pieces.length && steps < SHRINK_STEPS; ) {
        const rest = [...pieces.slice(0, at), ...pieces.slice(at + size)];
        const smaller = textOf(bytesOf(rest.join('')));
        const [theirVerdict, ourVerdict] = await both(smaller);
        steps++;
        if (theirVerdict !== ourVerdict && `${kindOf(theirVerdict)} ${kindOf(ourVerdict)}` === kind) {
          pieces = rest;
          [text, theirs, ours] = [smaller, theirVerdict, ourVerdict];
        } else at += size;
      }
    }
  }
  return { id: document.id, text, url: document.url, theirs, ours };
}

/** Differences as a failing test shows them; empty where there are none. */
export function described({ differing, differences }: Compared): string {
  const shown = differences.map(
    ({ id, text, url, theirs, ours }) =>
      `${id}\n  text ${JSON.stringify(text)}${url === undefined ? '' : `\n  url ${JSON.stringify(url)}`}\n  datatrove: ${theirs}\n  sluice:    ${ours}`,
  );
  return differing === 0 ? '' : [`${differing} documents differ, among them`, ...shown].join('\n');
}
