import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Data } from 'apache-arrow';
import { afterAll, expect, test } from 'vitest';
import { openArrow } from '../../../src/formats/arrow/source.ts';
import { type PyarrowFile, pyarrowFile } from './read-pyarrow-files.ts';
import { chunked, readRows, type Value } from './read-values.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-arrow-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const long = 'longer than twelve bytes, so out of line';
const expected: Record<PyarrowFile, Value[][]> = {
  types: [
    ['a', '00', ['12', '13'], 'x', ['p', 'q'], ['0', '1']],
    [null, '', null, null, null, ['1', 'one']],
    [long, null, ['10', '11'], null, [], ['0', '2']],
    ['βeta', Buffer.from(long).toString('hex').toUpperCase(), ['13'], null, ['r'], ['1', 'two']],
    [`${long} twice`, 'FF', ['11', '12', '13'], 'z', ['p'], ['1', null]],
  ],
  deltasFile: [['a'], ['b'], [null], ['a'], ['c'], [null], ['a'], ['d'], [null]],
  deltasStream: [
    ['a'],
    ['b'],
    [null],
    ['a'],
    ['c'],
    [null],
    ['a'],
    ['d'],
    [null],
    ['other'],
    ['new'],
    ['new'],
  ],
  lz4: [0, 1, 2].flatMap(() => [['compressed '.repeat(20)], [null], ['text']]),
  legacy: [0, 1, 2].flatMap(() => [['compressed '.repeat(20)], [null], ['text']]),
};

test.each(Object.keys(expected) as PyarrowFile[])('reads what pyarrow wrote: %s', async (name) => {
  const path = join(folder, name);
  const bytes = pyarrowFile(name);
  writeFileSync(path, bytes);
  for (const options of [{}, { morselBytes: 1, byteLimit: 1 }]) {
    expect((await readRows(await openArrow(path), options)).rows).toEqual(expected[name]);
    const piped = await openArrow('-', chunked(bytes, [3, 100]));
    expect((await readRows(piped, options)).rows).toEqual(expected[name]);
  }
});

test('views and run ends are told as what they hold, 64-bit offsets as they are', async () => {
  const path = join(folder, 'types');
  writeFileSync(path, pyarrowFile('types'));
  const { schema } = await openArrow(path);
  expect(schema.fields.slice(0, 5).map((field) => String(field.type))).toEqual([
    'Utf8',
    'Binary',
    'List<Int32>',
    'Utf8',
    'LargeList<LargeUtf8>',
  ]);
});

/** Buffers that one view covers whole: who holds such a column may transfer it to another thread. */
function wholeBuffers(data: Data): ArrayBuffer[] {
  const views = [data.values, data.valueOffsets, data.nullBitmap] as (Uint8Array<ArrayBuffer> | undefined)[];
  const own = views.filter((view) => view !== undefined && view.byteLength === view.buffer.byteLength);
  return [...own.map((view) => view!.buffer), ...data.children.flatMap(wholeBuffers)];
}

test.each(Object.keys(expected) as PyarrowFile[])(
  'the next piece is whole though buffers of the last were given away: %s',
  async (name) => {
    const path = join(folder, name);
    writeFileSync(path, pyarrowFile(name));
    let last: ArrayBuffer[] = [];
    const giveAway = (): void => {
      structuredClone(null, { transfer: [...new Set(last)].filter((buffer) => buffer.byteLength > 0) });
    };
    const { rows, pieces } = await readRows(await openArrow(path), {
      byteLimit: 1,
      onDecoded: ({ batch }) => {
        giveAway();
        last = wholeBuffers(batch.data);
      },
    });
    expect(pieces).toBeGreaterThan(1);
    expect(rows).toEqual(expected[name]);
  },
);
