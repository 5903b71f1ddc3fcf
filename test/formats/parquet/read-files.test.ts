import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { expectSame, parquetFiles, readDuck, readOurs, sharedParquet } from './read-support/readers.ts';
import type { Plain } from './read-support/values.ts';

const folder = sharedParquet();
const files = folder === undefined ? [] : parquetFiles(folder);

/** Files DuckDB shows in a form of its own, with the reason; they are compared with the .json beside them. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  'hyparquet/strings.parquet': 'DuckDB takes text that only the newer annotation marks for bytes',
};

describe.skipIf(folder === undefined)('real files', () => {
  for (const file of files) {
    const name = path.relative(folder ?? '', file);
    if (name.endsWith('large_string_map.brotli.parquet')) {
      test(`${name}: a page of a gigabyte is refused before it is decoded`, async () => {
        await expect(readOurs(file)).rejects.toMatchObject({
          name: 'CurationError',
          code: 'UNSUPPORTED',
          message: expect.stringContaining(file),
        });
      });
      continue;
    }
    if (name in EXCEPTIONS) {
      test(`${name}: every row is that of the .json beside it`, async () => {
        const columns = Object.values((await readOurs(file)).columns);
        const text = (value: Plain | undefined): unknown =>
          typeof value === 'string' && value.startsWith('0x')
            ? Buffer.from(value.slice(2), 'hex').toString()
            : value;
        const rows = columns[0]!.map((_, i) => columns.map((values) => text(values[i])));
        expect(rows).toEqual(JSON.parse(fs.readFileSync(file.replace(/parquet$/, 'json'), 'utf8')));
      });
      continue;
    }
    test(`${name}: every value is what DuckDB reads`, async () => {
      expectSame((await readOurs(file)).columns, await readDuck(file));
    });
  }
});
