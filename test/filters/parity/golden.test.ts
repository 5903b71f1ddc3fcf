import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ParityDocument } from './boundaries.ts';
import { bytesOf } from './bytes.ts';
import { openDatatrove, python } from './datatrove.ts';
import {
  EDITED,
  type Golden,
  type GoldenVerdicts,
  goldenDocuments,
  HASH_DIGITS,
  hashOfAll,
  PASSES,
  RAISES,
  reasonLetter,
  shortHash,
} from './golden.ts';
import { COMPARISONS, type Comparison } from './jobs.ts';
import { filledOptions } from './judge.ts';

const file = new URL('./golden.json.gz', import.meta.url);
/** Set beside SLUICE_TEST_PYTHON, the file is written anew. */
const isWriting = process.env['SLUICE_WRITE_GOLDEN'] !== undefined && python !== undefined;

describe('generated documents, beside stored verdicts of datatrove', () => {
  let documents: ParityDocument[] = [];
  let golden: Golden;
  beforeAll(async () => {
    documents = goldenDocuments();
    if (isWriting) writeFileSync(file, gzipSync(JSON.stringify(await made(documents)), { level: 9 }));
    golden = JSON.parse(gunzipSync(readFileSync(file)).toString()) as Golden;
  }, 600_000);

  test('the generator makes the documents that the verdicts are about', () => {
    expect(documents.length).toBe(golden.documents);
    expect(hashOfAll(documents)).toBe(golden.texts);
  });

  test.each(COMPARISONS.map((comparison) => [comparison.name, comparison] as const))(
    '%s says what datatrove said, and leaves the same text',
    async (name, comparison) => {
      const verdicts = golden.comparisons[name]!;
      expect(await differing(comparison, verdicts, documents)).toStrictEqual([]);
      // Every reason of the filter is among them, or a check could be missing without notice.
      const { definition } = await comparison.open();
      if (name === definition.name) {
        const reasons = definition.reasons(filledOptions(definition, {}));
        expect(verdicts.reasons.toSorted()).toStrictEqual(reasons.toSorted());
      }
    },
  );
});

async function differing(
  comparison: Comparison,
  { reasons, verdicts, texts }: GoldenVerdicts,
  documents: readonly ParityDocument[],
): Promise<object[]> {
  const judge = await comparison.open();
  const differences: object[] = [];
  let at = 0;
  let judged = 0;
  for (const { id, text, url } of documents) {
    if (!comparison.isFor(id)) continue;
    const bytes = bytesOf(text);
    const outcome = judge.judge(bytes, url);
    const letter = verdicts[judged++]!;
    if (letter === RAISES) continue;
    const theirText = letter === EDITED ? texts.slice(at, (at += HASH_DIGITS)) : shortHash(bytes);
    const theirs = reasons[letter.charCodeAt(0) - 0x61] ?? `passes as ${theirText}`;
    const ours = outcome.reason ?? `passes as ${shortHash(outcome.text ?? bytes)}`;
    if (ours !== theirs && differences.length < 5)
      differences.push({ id, text: text.slice(0, 300), theirs, ours });
  }
  return differences;
}

/** Asks datatrove. */
async function made(documents: readonly ParityDocument[]): Promise<Golden> {
  const datatrove = await openDatatrove(COMPARISONS.map(({ theirs }) => theirs));
  const found = COMPARISONS.map(() => ({
    reasons: [] as string[],
    letters: [] as string[],
    texts: [] as string[],
  }));
  for (const document of documents) {
    const jobs = COMPARISONS.flatMap(({ isFor }, i) => (isFor(document.id) ? [i] : []));
    for (const [k, verdict] of (await datatrove.ask(document, jobs)).entries()) {
      const { reasons, letters, texts } = found[jobs[k]!]!;
      if (verdict === null) letters.push(PASSES);
      else if (verdict.error !== undefined) letters.push(RAISES);
      else if (verdict.text !== undefined) {
        letters.push(EDITED);
        texts.push(shortHash(bytesOf(verdict.text)));
      } else {
        if (!reasons.includes(verdict.reason)) reasons.push(verdict.reason);
        letters.push(reasonLetter(reasons.indexOf(verdict.reason)));
      }
    }
  }
  await datatrove.close();
  const comparisons = found.map(({ reasons, letters, texts }, i) => [
    COMPARISONS[i]!.name,
    { reasons, verdicts: letters.join(''), texts: texts.join('') },
  ]);
  return {
    datatrove: '0.10.0',
    documents: documents.length,
    texts: hashOfAll(documents),
    comparisons: Object.fromEntries(comparisons),
  };
}
