import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { RecordBatch, tableFromArrays, tableToIPC } from 'apache-arrow';
import fc from 'fast-check';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { decode } from '../../src/formats/decode.ts';
import type { Morsel, Source } from '../../src/formats/format.ts';
import { expandBraces, matchName } from '../../src/formats/glob.ts';
import { type OpenOptions, openSource, resolveInputs } from '../../src/formats/inputs.ts';

const home = mkdtempSync(join(tmpdir(), 'sluice-inputs-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

let root = '';
let count = 0;
beforeEach(() => {
  count += 1;
  root = join(home, String(count));
  mkdirSync(root);
});

function put(path: string, content: string | Uint8Array = ''): string {
  const full = join(root, path);
  mkdirSync(join(full, '..'), { recursive: true });
  writeFileSync(full, content);
  return full;
}

async function resolve(...patterns: string[]): Promise<string[]> {
  const paths = await resolveInputs(patterns.map((pattern) => (pattern === '-' ? '-' : join(root, pattern))));
  return paths.map((path) => path.replace(`${root}/`, ''));
}

test('a directory gives its data files in the order of their bytes, at any depth', async () => {
  for (const path of ['b.jsonl', 'a/z.parquet', 'a/1.arrow', 'B.ndjson', 'é.json', 'c.jsonl.zst']) put(path);
  for (const path of ['.hidden.jsonl', '_SUCCESS', '_tmp/x.jsonl', '.git/y.json', 'README.md', 'a/m.gz'])
    put(path);
  const expected = ['B.ndjson', 'a/1.arrow', 'a/z.parquet', 'b.jsonl', 'c.jsonl.zst', 'é.json'];
  expect(await resolve('.')).toEqual(expected);
});

test('a directory that Sluice wrote gives exactly the parts of its manifest', async () => {
  const parts = [{ path: 'part-00000.arrow' }, { path: 'part-00001.arrow' }];
  put('out/manifest.json', JSON.stringify({ parts }));
  for (const name of ['part-00000.arrow', 'part-00001.arrow', 'report.json', 'ledger/a.jsonl'])
    put(`out/${name}`);
  expect(await resolve('out')).toEqual(['out/part-00000.arrow', 'out/part-00001.arrow']);
});

test('a manifest of somebody else is a file like others', async () => {
  put('d/manifest.json', '{"files":[]}');
  put('d/a.jsonl');
  expect(await resolve('d')).toEqual(['d/a.jsonl', 'd/manifest.json']);
});

test('a manifest that lists a missing or a foreign file is an error', async () => {
  put('out/manifest.json', JSON.stringify({ parts: [{ path: 'gone.arrow' }] }));
  await expect(resolve('out')).rejects.toThrow(/part "gone.arrow" is listed but missing/);
  put('out/manifest.json', JSON.stringify({ parts: [{ path: '../x.arrow' }] }));
  await expect(resolve('out')).rejects.toThrow(/outside of its directory/);
});

test('globs match names, classes, alternatives and any depth', async () => {
  for (const path of ['a1.jsonl', 'a2.jsonl', 'b1.parquet', 'd/a3.jsonl', 'd/e/a4.jsonl', 'd/.h/a5.jsonl'])
    put(path);
  expect(await resolve('*.jsonl')).toEqual(['a1.jsonl', 'a2.jsonl']);
  expect(await resolve('a[!1].jsonl')).toEqual(['a2.jsonl']);
  expect(await resolve('{b,a}1.*')).toEqual(['a1.jsonl', 'b1.parquet']);
  expect(await resolve('**/*.jsonl')).toEqual(['a1.jsonl', 'a2.jsonl', 'd/a3.jsonl', 'd/e/a4.jsonl']);
  expect(await resolve('d/**')).toEqual(['d/a3.jsonl', 'd/e/a4.jsonl']);
  expect(await resolve('?/a?.jsonl')).toEqual(['d/a3.jsonl']);
});

test('a file whose name looks like a pattern is itself', async () => {
  put('a[1].jsonl');
  put('a1.jsonl');
  expect(await resolve('a[1].jsonl')).toEqual(['a[1].jsonl']);
});

test('patterns keep the order they are given in', async () => {
  put('b/1.jsonl');
  put('a/1.jsonl');
  expect(await resolve('b', '-', 'a')).toEqual(['b/1.jsonl', '-', 'a/1.jsonl']);
});

test('a link that leads back up is entered once', async () => {
  put('d/a.jsonl');
  symlinkSync(join(root, 'd'), join(root, 'd/loop'));
  expect(await resolve('d')).toEqual(['d/a.jsonl']);
});

test('the same file twice is an error, also under another name', async () => {
  const path = put('a.jsonl');
  symlinkSync(path, join(root, 'b.jsonl'));
  await expect(resolve('a.jsonl', 'a.jsonl')).rejects.toMatchObject({ code: 'USAGE' });
  await expect(resolve('*.jsonl')).rejects.toThrow(/are the same file/);
  await expect(resolve('-', '-')).rejects.toThrow(/named twice/);
});

test('a pattern that matches nothing is an error that names it', async () => {
  mkdirSync(join(root, 'empty'));
  for (const pattern of ['gone.jsonl', '*.jsonl', 'empty', 'gone/**']) {
    await expect(resolve(pattern)).rejects.toThrow(`${pattern}: expected input files, found none`);
  }
});

test('a pattern is matched as a regular expression would match it', () => {
  const part = fc.constantFrom('a', 'b', '.', '-', '*', '?', '[ab]', '[!a]', '[a-c]');
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), fc.stringMatching(/^[abc.-]{0,8}$/), (parts, name) => {
      const source = parts.map((piece) => {
        if (piece === '*') return '.*';
        if (piece === '?') return '.';
        return piece.startsWith('[') ? piece.replace('!', '^') : `\\${piece}`.replace(/\\([a-z])/, '$1');
      });
      const isHidden = name.startsWith('.') && parts[0] !== '.';
      const expected = !isHidden && new RegExp(`^${source.join('')}$`, 's').test(name);
      expect(matchName(parts.join(''), name)).toBe(expected);
    }),
  );
});

test('many stars on a long name do not take for ever', () => {
  expect(matchName(`${'*a'.repeat(50)}b`, 'a'.repeat(5000))).toBe(false);
});

test('braces unfold in order, nested too, and not without bound', () => {
  expect(expandBraces('a{b,c{d,e}}f')).toEqual(['abf', 'acdf', 'acef']);
  expect(expandBraces('a{b}')).toEqual(['a{b}']);
  expect(expandBraces('{a,}b')).toEqual(['ab', 'b']);
  expect(() => expandBraces('{a,b}'.repeat(11))).toThrow(/braces unfold to more than 1024/);
});

async function texts(source: Source): Promise<string[]> {
  const found: string[] = [];
  for await (const morsel of source.morsels({
    morselBytes: 2 ** 20,
    columns: source.schema.names.filter((name) => name === 'text').map(String),
  })) {
    for (let rest: Morsel | undefined = structuredClone(morsel); rest !== undefined; ) {
      const { batch, rest: next } = await decode(rest, { byteLimit: 2 ** 20, onError: 'fail' });
      expect(batch).toBeInstanceOf(RecordBatch);
      const column = batch.getChild('text')!;
      for (let i = 0; i < batch.numRows; i += 1) found.push(String(column.get(i)));
      rest = next;
    }
  }
  return found;
}

async function* piped(bytes: Uint8Array | string): AsyncGenerator<Uint8Array> {
  for (const byte of Buffer.from(bytes)) yield Uint8Array.of(byte);
}

const lines = '{"text":"one","n":1}\n{"text":"zwei","n":2}\n';
const array = JSON.stringify([{ text: 'one' }, { text: 'zwei' }], null, 1);
const arrowStream = tableToIPC(tableFromArrays({ text: ['one', 'zwei'] }), 'stream');

test.each<[string, string | Uint8Array, string]>([
  ['x.jsonl', lines, 'jsonl'],
  ['x.jsonl.gz', gzipSync(lines), 'jsonl'],
  ['x.json', array, 'json'],
  ['x.json.gz', gzipSync(array), 'json'],
  ['lines.json.gz', gzipSync(lines), 'jsonl'],
  ['x.arrows', arrowStream, 'arrow'],
  ['x.arrow.gz', gzipSync(arrowStream), 'arrow'],
  ['nameless', lines, 'jsonl'],
])('opens %s, from disk and from a pipe', async (name, content, format) => {
  const source = await openSource(put(name, content));
  expect(source.format).toBe(format);
  expect(await texts(source)).toEqual(['one', 'zwei']);
  const fromPipe = await openSource('-', { stdin: piped(content) });
  expect(fromPipe.format).toBe(format);
  expect(await texts(fromPipe)).toEqual(['one', 'zwei']);
});

test('a json file of one printed object is one row', async () => {
  expect(await texts(await openSource(put('x.json', '{\n  "text": "one"\n}\n')))).toEqual(['one']);
});

test('an Arrow file that only its footer explains is read from disk, and refused from a pipe with what to do', async () => {
  // apache-arrow, like polars, writes no schema at the head of a file.
  const file = tableToIPC(tableFromArrays({ text: ['one', 'zwei'] }), 'file');
  expect(await texts(await openSource(put('x.arrow', file)))).toEqual(['one', 'zwei']);
  const opened = openSource('-', { stdin: piped(file) });
  await expect(opened).rejects.toMatchObject({ code: 'UNSUPPORTED', message: /give it by its name/ });
});

test('the format the user names is believed', async () => {
  const options: OpenOptions = { format: 'jsonl' };
  expect(await texts(await openSource(put('x.parquet', lines), options))).toEqual(['one', 'zwei']);
});

test.each(['x.jsonl', 'x.json', 'x.ndjson'])('an empty %s has no rows', async (name) => {
  const source = await openSource(put(name));
  expect(await texts(source)).toEqual([]);
});

test('nothing on standard input has no rows', async () => {
  const source = await openSource('-', { stdin: piped('') });
  expect(await texts(source)).toEqual([]);
});

test('Parquet from a pipe is refused with what to do', async () => {
  const opened = openSource('-', { stdin: piped('PAR1............') });
  await expect(opened).rejects.toMatchObject({ code: 'USAGE', message: /give the file by its name/ });
});

test('a file that cannot be read is named in a plain sentence', async () => {
  await expect(openSource(join(root, 'gone.jsonl'))).rejects.toMatchObject({
    code: 'BAD_INPUT',
    message: `${root}/gone.jsonl: no such file`,
  });
  await expect(openSource(root)).rejects.toThrow(/expected a file, found a directory/);
  const secret = put('secret.jsonl', lines);
  chmodSync(secret, 0);
  // The superuser reads everything.
  if (process.getuid?.() !== 0) await expect(openSource(secret)).rejects.toThrow(/no permission/);
});
