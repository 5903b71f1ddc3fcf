import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { CurationError } from '../../src/errors.ts';
import { detectFormat, isDataName } from '../../src/formats/detect.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');

test.each([
  ['PAR1....', 'parquet'],
  ['PARE....', 'parquet'],
  ['ARROW1\0\0', 'arrow'],
  ['\xff\xff\xff\xff\x10\0\0\0', 'arrow'],
  ['[{"text":"a"}]', 'json'],
  ['\xef\xbb\xbf \r\n\t[', 'json'],
  ['{"text":"a"}\n{"text":"b"}', 'jsonl'],
  ['{"text":"a"}', 'jsonl'],
  ['\xef\xbb\xbf{"text":"a"}\n', 'jsonl'],
  ['{\n  "text": "a"\n}', 'json'],
])('the bytes %j are told without a name that helps', (head, format) => {
  expect(detectFormat('data', bytes(head))).toEqual({ format, kind: 'none' });
});

test.each([
  ['a.parquet', 'parquet'],
  ['a.arrow', 'arrow'],
  ['a.arrows', 'arrow'],
  ['a.feather', 'arrow'],
  ['a.ipc', 'arrow'],
  ['a.ndjson', 'jsonl'],
  ['dir.json/A.JSONL', 'jsonl'],
  // No array, no rows: as lines that is no damage.
  ['a.json', 'jsonl'],
  ['a.jsonl.gz', 'jsonl'],
])('an empty %s is told by its name', (path, format) => {
  expect(detectFormat(path, bytes(''))).toEqual({ format, kind: 'none' });
});

test('magic bytes win over a name that says otherwise', () => {
  expect(detectFormat('lies.jsonl', bytes('PAR1')).format).toBe('parquet');
  expect(detectFormat('lies.parquet', bytes('{"a":1}\n')).format).toBe('jsonl');
});

test('a json file that begins with an object is lines when its first line is whole', () => {
  expect(detectFormat('a.json', bytes('{"a":1}\n{"a":2}\n')).format).toBe('jsonl');
  expect(detectFormat('a.json', bytes('{"a":\n1}')).format).toBe('json');
});

test('a damaged first line of a file named jsonl stays lines, so that the line is reported', () => {
  expect(detectFormat('a.jsonl', bytes('{"a":\n{"a":2}\n')).format).toBe('jsonl');
});

test('wrapping is told by magic, also when the format is forced', () => {
  const zstd = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0);
  expect(detectFormat('a.jsonl', gzipSync('x'))).toEqual({ format: 'jsonl', kind: 'gzip' });
  expect(detectFormat('a', zstd, 'json')).toEqual({ format: 'json', kind: 'zstd' });
  expect(detectFormat('a.jsonl', Uint8Array.of(0x50, 0x2a, 0x4d, 0x18)).kind).toBe('zstd');
});

test('nothing on standard input is no rows', () => {
  expect(detectFormat('-', bytes('')).format).toBe('jsonl');
});

test('what nothing tells is an error that names the option', () => {
  expect(() => detectFormat('data.txt', bytes('hello'))).toThrow(/68656c6c6f.*--input-format/);
  expect(() => detectFormat('data', bytes(''))).toThrow(/data: cannot tell the format from an empty file/);
  expect(() => detectFormat('data', bytes('FEA1'))).toThrow(CurationError);
  expect(() => detectFormat('data.json', bytes('\xff\xfe{\0'))).toThrow(/UTF-16/);
});

test('a directory listing takes data only, and only text when it is wrapped', () => {
  const names = [
    'a.parquet',
    'a.jsonl.gz',
    'a.json.zst',
    'a.IPC',
    'a.parquet.gz',
    'README.md',
    '.jsonl',
    'a.gz',
  ];
  expect(names.filter(isDataName)).toEqual(['a.parquet', 'a.jsonl.gz', 'a.json.zst', 'a.IPC']);
});
