import { describe, expect, test } from 'vitest';
import { createFastText } from '../../../src/kernels/fasttext/fasttext.ts';
import { expectations, modelBytes, parseBytes } from './models.ts';

/** fastText rounds to 32 bits with each addition and we do not; the scores were written with seven digits. */
const TOLERANCE = 1e-4;

describe('what fastText predicted', () => {
  for (const { model, predictions } of expectations) {
    for (const unpackedBytes of model.endsWith('.ftz') ? [1 << 26, 0] : [1 << 26]) {
      test(`${model}: labels and scores of every text, ${unpackedBytes === 0 ? 'rows as codes' : 'rows as floats'}`, async () => {
        const fastText = createFastText(await parseBytes(modelBytes(model), unpackedBytes));
        for (const { text, best } of predictions) {
          const bytes = Buffer.from(text);
          const isKnown = fastText.read(bytes, 0, bytes.length);
          expect(isKnown).toBe(best.length > 0);
          // Among equal ones, which are frequent with the sigmoids of ova, fastText takes the last and we the first.
          const [first, second] = best;
          const isTie = first !== undefined && second !== undefined && first[1] - second[1] < 2 * TOLERANCE;
          const found = isKnown ? `__label__${fastText.labels[fastText.best()]}` : undefined;
          expect.soft([first?.[0], ...(isTie ? [second[0]] : [])], text).toContain(found);
          for (const [label, score] of best) {
            const position = fastText.labels.indexOf(label.slice('__label__'.length));
            expect
              .soft(Math.abs(fastText.scoreOf(position) - score), `${text}: ${label}`)
              .toBeLessThan(TOLERANCE);
          }
        }
      });
    }
  }
});
