import { beforeAll, describe, expect, test } from 'vitest';
import { type Compared, compare, described } from './compare.ts';
import { python } from './datatrove.ts';
import { generatedDocuments } from './documents.ts';
import { COMPARISONS } from './jobs.ts';

describe.skipIf(python === undefined)('generated documents, beside datatrove', () => {
  let compared: readonly Compared[] = [];
  beforeAll(async () => {
    compared = await compare(COMPARISONS, generatedDocuments(20_26, 1500));
  }, 600_000);

  test.each(COMPARISONS.map(({ name }, i) => [name, i] as const))('%s says what datatrove says', (_, i) => {
    const { documents, dropped, edited } = compared[i]!;
    expect(documents).toBeGreaterThan(30);
    expect(dropped + edited).toBeGreaterThan(5);
    expect(described(compared[i]!)).toBe('');
  });
});
