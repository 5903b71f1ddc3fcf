import { beforeAll, describe, expect, test } from 'vitest';
import { hasSharedData } from '../../engine/support.ts';
import { type Compared, compare, described } from './compare.ts';
import { python } from './datatrove.ts';
import { withMutations } from './documents.ts';
import { TEXT_COMPARISONS } from './jobs.ts';
import { realDocuments } from './real.ts';

describe.skipIf(python === undefined || !hasSharedData)('real documents, beside datatrove', () => {
  let compared: readonly Compared[] = [];
  beforeAll(async () => {
    compared = await compare(TEXT_COMPARISONS, withMutations(realDocuments(1), 2, 1));
  }, 900_000);

  test.each(TEXT_COMPARISONS.map(({ name }, i) => [name, i] as const))(
    '%s says what datatrove says',
    (_, i) => {
      const { documents, withoutVerdict } = compared[i]!;
      expect(documents - withoutVerdict).toBeGreaterThan(500);
      expect(described(compared[i]!)).toBe('');
    },
  );
});
