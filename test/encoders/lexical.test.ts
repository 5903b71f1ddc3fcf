import { Schema } from 'apache-arrow';
import { expect, test } from 'vitest';
import { makeBatch } from '../../src/columns/batch.ts';
import { createLexicalEncoder } from '../../src/encoders/lexical.ts';
import { createLexicalKernel } from '../../src/kernels/lexical/kernel.ts';
import { columnOf } from '../kernels/lexical/columns.ts';

test('the encoder gives what its kernel gives, of all rows', async () => {
  const model = {
    dimensions: 32,
    bucketBits: 12,
    weights: new Uint16Array(2 ** 12).fill(1000),
    map: undefined,
  };
  const text = columnOf(['a few words', '', 'other words', 'a few words']);
  const encoder = createLexicalEncoder(model);
  expect(encoder.dimensions).toBe(32);
  const vectors = await encoder.embed(makeBatch(new Schema([]), 4, []), text);
  expect(vectors).toEqual(createLexicalKernel(model, 'scalar').embed(text));
  expect(vectors.values.slice(0, 32)).toEqual(vectors.values.slice(96));
  expect(vectors.squares[1]).toBe(0);
});
