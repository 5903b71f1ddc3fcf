import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CurationError } from '../../../src/errors.ts';
import { openJsonArray } from '../../../src/formats/json/source.ts';
import {
  chunksOf,
  normalForm,
  type ReadOptions,
  type ReadRows,
  readAll,
  wholeRow,
} from '../jsonl/read-rows.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'json-array-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function readText(
  text: string | Uint8Array,
  chunkBytes = 1 << 20,
  options?: ReadOptions,
): Promise<ReadRows> {
  return await readAll(await openJsonArray('x.json', chunksOf(Buffer.from(text), chunkBytes)), options);
}

async function failure(text: string | Uint8Array, chunkBytes?: number): Promise<string> {
  const error: unknown = await readText(text, chunkBytes).catch((thrown: unknown) => thrown);
  if (!(error instanceof CurationError)) throw new Error('expected a CurationError', { cause: error });
  return `${error.code} ${error.message}`;
}

test('elements become rows as JSON.parse reads them, for any chunks and morsels', async () => {
  const objects = fc.array(
    fc.dictionary(fc.constantFrom('a', 'b', 'c"\n', 'text'), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 }),
    { maxLength: 8 },
  );
  await fc.assert(
    fc.asyncProperty(
      objects,
      fc.integer({ min: 1, max: 300 }),
      fc.nat(2),
      async (rows, chunkBytes, indent) => {
        const text = JSON.stringify(rows, null, indent);
        const { rows: read } = await readText(text, chunkBytes, { morselBytes: chunkBytes });
        expect(read.map((row) => normalForm(wholeRow(row)))).toEqual(
          (JSON.parse(text) as unknown[]).map(normalForm),
        );
      },
    ),
    { numRuns: 120 },
  );
});

test('keeps the digits of numbers, the last of equal keys, and a field named __proto__', async () => {
  const { rows } = await readText(
    '[{"n":9223372036854775807,"__proto__":{"x":1},"a":1,"a":2,"big":123456789012345678901234567890,"f":1.10}]',
  );
  expect(rows).toHaveLength(1);
  expect(rows[0]).toMatchObject({ n: 9223372036854775807n, a: 2n, f: 1.1 });
  expect(rows[0]!['_rest']).toBe('{"big":123456789012345678901234567890}');
  expect(Object.entries(rows[0]!['__proto__'] as object)).toEqual([['x', 1n]]);
});

test('takes a single object for one row, and an empty array for none', async () => {
  expect((await readText('\ufeff {"a": {"b": [1]}}\n')).rows).toEqual([{ a: { b: [1n] }, _rest: null }]);
  expect((await readText(' [ ] ')).rows).toEqual([]);
});

test('reads a gzipped file again for each call of morsels, and estimates its rows', async () => {
  const path = join(folder, 'a.json.gz');
  const rows = Array.from({ length: 500 }, (_, id) => ({ id, text: `text ${id}` }));
  writeFileSync(path, gzipSync(JSON.stringify(rows)));
  const source = await openJsonArray(path);
  expect([source.rowCount, source.isRowCountExact]).toEqual([500, false]);
  for (const morselBytes of [1000, 100_000]) {
    const read = await readAll(source, { morselBytes, columns: ['text'] });
    expect(read.rows.map((row) => row['text'])).toEqual(rows.map((row) => row.text));
  }
});

test('an element that is no object is a damaged row; the others are read', async () => {
  const { rows, rejects } = await readText('[{"a":1},[2],"x",{"a":3}]', 5, { onError: 'skip' });
  expect(rows.map((row) => row['a'])).toEqual([1n, 3n]);
  expect(rejects.map(({ before, message }) => [before, message])).toEqual([
    [1, 'x.json: element 1, byte 1: expected a JSON object, found \'[\', in "[2]"'],
    [1, 'x.json: element 2, byte 1: expected a JSON object, found \'"\', in ""x""'],
  ]);
  expect(await failure('[{"a":1},7]')).toMatch(
    /^BAD_INPUT x\.json: element 1, byte 1: expected a JSON object/,
  );
});

test('says which element is damaged, and what is missing', async () => {
  expect(await failure('[{"a":1},{"a":nul}]')).toMatch(
    /^BAD_INPUT x\.json: element \d or later: expected JSON, found damage/,
  );
  expect(await failure('[{"a":1},{"a":2}')).toMatch(
    /element 2: expected the closing ']', found the end of the file/,
  );
  expect(await failure('{"a":"un')).toMatch(/element 0: expected the closing '}', found the end of the file/);
  expect(await failure('[{"a":1}] [2]', 9)).toMatch(/after the end of the JSON text: expected JSON/);
  expect(await failure('{"a":1}{"a":2}')).toMatch(/or later: expected JSON/);
  expect(await failure(' \n')).toMatch(/found no JSON at all/);
  expect(await failure('"text"')).toMatch(
    /element 0: expected a JSON array of objects, or an object, found "text"/,
  );
  expect(await failure('[1]]')).toMatch(/or later: expected JSON/);
  expect(await failure(Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d]))).toMatch(
    /element 0 or later: expected UTF-8 text/,
  );
  expect(await failure(Buffer.from([0x5b, 0x5d, 0xc3]))).toMatch(/expected UTF-8 text/);
  expect(await failure('['.repeat(100_000))).toMatch(/at most 1000 objects and arrays inside one another/);
});

test('every truncation is an error, not fewer rows', async () => {
  const text = '[{"a":1,"b":"x\\u0041y"},{"a":[1,2.5e3,null,true],"c":{}}]';
  for (let length = 0; length < text.length; length++) {
    expect(await failure(text.slice(0, length), 7)).toMatch(/^BAD_INPUT x\.json: /);
  }
});
