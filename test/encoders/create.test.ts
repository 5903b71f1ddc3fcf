import { Field, FixedSizeList, Float32, Schema, vectorFromArray } from 'apache-arrow';
import { expect, test } from 'vitest';
import { makeBatch } from '../../src/columns/batch.ts';
import { createEncoder } from '../../src/encoders/create.ts';
import { loadStaticModel } from '../../src/encoders/static.ts';
import { useFolder } from '../engine/support.ts';
import { columnOf, oracle, writeModel } from './static-models.ts';

const at = useFolder();

test('makes a static encoder of a folder, the same as of the model that threads share', async () => {
  const folder = await writeModel(at('model'));
  // As a thread receives it.
  const model = structuredClone(await loadStaticModel(folder));
  const batch = makeBatch(new Schema([]), 0, []);
  const own = await createEncoder({ kind: 'static', folder });
  const shared = await createEncoder({ kind: 'static', folder, model });
  const expected = await own.embed(batch, columnOf(oracle.texts));
  expect(await shared.embed(batch, columnOf(oracle.texts))).toEqual(expected);
  expect(expected.squares.some((square) => square > 0)).toBe(true);
});

test('makes an encoder of a column', async () => {
  const type = new FixedSizeList(2, new Field('item', new Float32()));
  const data = vectorFromArray([[3, -6]], type).data[0]!;
  const batch = makeBatch(new Schema([new Field('v', type)]), 1, [data]);
  const encoder = await createEncoder({ kind: 'column', column: 'v', length: 2, dimensions: 16 });
  const { values } = await encoder.embed(batch, columnOf(['']));
  expect([...values.subarray(0, 3)]).toEqual([64, -127, 0]);
});

test('an encoder in ONNX needs its folder', async () => {
  await expect(createEncoder({ kind: 'onnx', folder: at('none') })).rejects.toMatchObject({ code: 'USAGE' });
});
