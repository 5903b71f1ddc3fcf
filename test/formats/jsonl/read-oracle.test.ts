import { execFileSync } from 'node:child_process';
import { createReadStream, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openJsonArray } from '../../../src/formats/json/source.ts';
import { openJsonLines } from '../../../src/formats/jsonl/source.ts';
import { normalForm, readAll, wholeRow } from './read-rows.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'json-oracle-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Rows as DuckDB reads and prints them, one JSON text each. */
async function duckRows(path: string, format: string): Promise<unknown[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const options = `format = '${format}', sample_size = -1, dateformat = 'none', timestampformat = 'none'`;
    const columns =
      "columns = {id: 'BIGINT', text: 'VARCHAR', score: 'DOUBLE', ok: 'BOOLEAN', tags: 'VARCHAR[]', meta: 'STRUCT(n BIGINT, deep STRUCT(x DOUBLE))'}";
    const reader = await connection.runAndReadAll(
      `SELECT to_json(lines)::VARCHAR FROM read_json('${path}', ${options}, ${columns}) lines`,
    );
    return reader.getRows().map(([row]) => normalForm(JSON.parse(row as string)));
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const rows = Array.from({ length: 1000 }, (_, id) => ({
  id,
  text: `Zeile ${id}: "quoted" \\ back\nnext\ttab é 😀 ${'padding '.repeat(id % 50)}`,
  ...(id % 3 === 0 ? {} : { score: id / 8 }),
  ok: id % 2 === 0 ? id % 4 === 0 : null,
  tags: Array.from({ length: id % 4 }, (_unused, at) => `tag ${at}`),
  ...(id % 5 === 0 ? {} : { meta: { n: id * 1e12, deep: id % 7 === 0 ? null : { x: id + 0.5 } } }),
}));

test('reads lines and arrays as DuckDB reads them', async () => {
  const lines = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  const linesPath = join(folder, 'rows.jsonl');
  const arrayPath = join(folder, 'rows.json');
  writeFileSync(linesPath, lines);
  writeFileSync(arrayPath, JSON.stringify(rows, null, 2));
  const ours = await readAll(await openJsonLines(linesPath), { morselBytes: 30_000, byteLimit: 20_000 });
  expect(ours.rows.map((row) => normalForm(wholeRow(row)))).toEqual(
    await duckRows(linesPath, 'newline_delimited'),
  );
  expect(ours.rows.every((row) => row['_rest'] === null)).toBe(true);
  const elements = await readAll(await openJsonArray(arrayPath), { morselBytes: 30_000 });
  expect(elements.rows).toEqual(ours.rows);
});

test('reads a wrapped file, and a stream of it, as the plain file', async () => {
  const lines = Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const plain = join(folder, 'plain.jsonl');
  writeFileSync(plain, lines);
  const wrapped = [join(folder, 'wrapped.jsonl.gz')];
  const middle = lines.length >> 1;
  writeFileSync(
    wrapped[0]!,
    Buffer.concat([gzipSync(lines.subarray(0, middle)), gzipSync(lines.subarray(middle))]),
  );
  try {
    execFileSync('zstd', ['-q', '-k', plain]);
    wrapped.push(`${plain}.zst`);
  } catch {
    process.stdout.write('zstd is not installed: a .zst file is not read\n');
  }
  const expected = await readAll(await openJsonLines(plain));
  for (const path of wrapped) {
    const source = await openJsonLines(path);
    expect([source.rowCount, source.byteLength]).toEqual([1000, readFileSync(path).length]);
    // Twice, since a file can be read again.
    for (const morselBytes of [10_000, 1e9]) {
      expect((await readAll(source, { morselBytes })).rows).toEqual(expected.rows);
    }
    const stream = await openJsonLines('-', createReadStream(path, { highWaterMark: 3000 }));
    expect((await readAll(stream, { morselBytes: 50_000 })).rows).toEqual(expected.rows);
  }
});

const shared = new URL('../../../../shared/data/', import.meta.url).pathname;
const documents = [
  'web/cc_en_head-0091.jsonl.gz',
  'corpora/stackexchange-coffee.jsonl.gz',
  'langid/xquad-paragraphs.jsonl.gz',
];
if (!existsSync(shared)) process.stdout.write('no ../shared/data: real documents are not read\n');

describe.skipIf(!existsSync(shared))('real documents', () => {
  test.each(documents)('%s is what JSON.parse reads', async (name) => {
    const path = join(shared, name);
    const lines = gunzipSync(readFileSync(path))
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '');
    const { rows: read } = await readAll(await openJsonLines(path), {
      morselBytes: 500_000,
      byteLimit: 300_000,
    });
    expect(read.length).toBe(lines.length);
    expect(read.map((row) => normalForm(wholeRow(row)))).toEqual(
      lines.map((line) => normalForm(JSON.parse(line))),
    );
  });
});
