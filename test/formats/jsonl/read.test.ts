import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { open, writeFile as writeFilePromise } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CurationError } from '../../../src/errors.ts';
import { decodeJsonLines } from '../../../src/formats/jsonl/decode.ts';
import { inferLayout } from '../../../src/formats/jsonl/infer.ts';
import { countLineFeeds } from '../../../src/formats/jsonl/line-number.ts';
import { PADDING } from '../../../src/formats/jsonl/line-types.ts';
import { SAMPLE_BYTES } from '../../../src/formats/jsonl/sample.ts';
import { openJsonLines } from '../../../src/formats/jsonl/source.ts';
import { cutBlocks, planRanges } from '../../../src/formats/jsonl/split.ts';
import { chunksOf, decodeLines, readAll } from './read-rows.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'json-lines-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function writeContent(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function failure(reading: Promise<unknown>): Promise<string> {
  const error: unknown = await reading.catch((thrown: unknown) => thrown);
  if (!(error instanceof CurationError)) throw new Error('expected a CurationError', { cause: error });
  return `${error.code} ${error.message}`;
}

function failureOf(line: string | Buffer): string {
  try {
    decodeLines('{"a":1}\n', line);
  } catch (error) {
    if (error instanceof CurationError) return `${error.code} ${error.message}`;
    throw error;
  }
  throw new Error('expected an error');
}

function layoutOf(...lines: string[]): unknown {
  const text = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  return inferLayout(Buffer.concat([text, Buffer.alloc(PADDING)]), text.length).layout;
}

describe('the schema', () => {
  test('has every type of JSON, all nullable, and a last column for what does not fit', async () => {
    const line =
      '{"t":"x","b":true,"i":1,"f":1.5,"l":[[1]],"s":{"x":"y","z":[{"u":1e2}]},"n":null,"e":[],"o":{}}\n';
    const { schema } = await openJsonLines('-', chunksOf(Buffer.from(line), 10));
    expect(schema.fields.map((field) => `${field.name} ${field.type} ${field.nullable}`)).toEqual([
      't Utf8 true',
      'b Bool true',
      'i Int64 true',
      'f Float64 true',
      'l List<List<Int64>> true',
      's Struct<{x:Utf8, z:List<Struct<{u:Float64}>>}> true',
      'n Utf8 true',
      'e List<Utf8> true',
      'o Utf8 true',
      '_rest Utf8 true',
    ]);
    expect([...schema.fields.at(-1)!.metadata]).toEqual([['sluice:json', 'true']]);
  });

  test('takes the most frequent type, the wider number, and leaves damaged lines out', () => {
    const fields = [
      { name: 'a', type: 'utf8' },
      { name: 'b', type: 'float64' },
      { name: 'c', type: 'bool' },
    ];
    const lines = ['{"a":1,"b":1}', '{"a":"x","b":-0,"c":true}', '{"a":"y","b":2}', '{"d":1', '[{"e":1}]'];
    expect(layoutOf(...lines)).toEqual({ fields, restName: '_rest' });
  });

  test('names the last column by what is free', () => {
    expect(layoutOf('{"_rest":1,"_rest_2":2}')).toMatchObject({ restName: '_rest_3' });
  });

  test('bounds its fields and their depth; the rest of them are left over', () => {
    const wide = JSON.stringify(Object.fromEntries(Array.from({ length: 2100 }, (_, at) => [`k${at}`, at])));
    expect((layoutOf(wide) as { fields: unknown[] }).fields).toHaveLength(2000);
    const { rows } = decodeLines(`${wide}\n`, `${wide}\n`);
    expect(Object.keys(JSON.parse(rows[0]!['_rest'] as string) as object)).toHaveLength(100);
    const deep = `{"a":${'['.repeat(500)}${']'.repeat(500)}}\n`;
    expect(decodeLines(deep, deep).rows).toEqual([{ a: null, _rest: deep.trim() }]);
  });

  test('depends on the first 8 MiB only, however long the morsels are', async () => {
    const head = `${JSON.stringify({ a: 'x'.repeat(1000) })}\n`.repeat(Math.ceil(SAMPLE_BYTES / 1000));
    const path = writeContent('late.jsonl', `${head}{"late":1}\n`);
    const source = await openJsonLines(path);
    expect(source.schema.fields.map((field) => field.name)).toEqual(['a', '_rest']);
    const { rows, morselCount } = await readAll(source, { morselBytes: 3_000_000 });
    expect([rows.length, morselCount, rows.at(-1)]).toEqual([
      head.length / 1009 + 1,
      3,
      { a: null, _rest: '{"late":1}' },
    ]);
    expect(Math.abs(source.rowCount! - rows.length)).toBeLessThan(2);
    expect([source.isRowCountExact, source.byteLength]).toEqual([false, head.length + 11]);
    const zipped = await openJsonLines(writeContent('late.jsonl.gz', gzipSync(head)));
    expect(zipped.schema.fields.map((field) => field.name)).toEqual(['a', '_rest']);
    const stream = await openJsonLines('-', chunksOf(Buffer.from(`${head}{"late":1}\n`), 1_000_000));
    expect([stream.rowCount, stream.byteLength]).toEqual([undefined, undefined]);
    expect((await readAll(stream)).rows).toEqual(rows);
  });
});

describe('numbers', () => {
  test('lose no digit: what an Int64 or a double cannot hold is left over as it was written', () => {
    const sample = '{"i":1,"f":1.5}\n';
    const lines = [
      '{"i":9223372036854775807,"f":9007199254740992}',
      '{"i":-9223372036854775808,"f":-9007199254740993}',
      '{"i":9223372036854775808,"f":1e999}',
      '{"i":1e3,"f":123456789012345678}',
      '{"i":-0,"f":-0}',
      `{"i":${'9'.repeat(500)},"f":${'9'.repeat(500)}}`,
      '{"i":-4294967297,"f":0.1}',
      '{"i":1234567890123456,"f":1.7976931348623157e308}',
    ];
    expect(decodeLines(sample, lines.join('\n')).rows).toEqual([
      { i: 9223372036854775807n, f: 9007199254740992, _rest: null },
      { i: -9223372036854775808n, f: null, _rest: '{"f":-9007199254740993}' },
      { i: null, f: null, _rest: '{"i":9223372036854775808,"f":1e999}' },
      { i: null, f: null, _rest: '{"i":1e3,"f":123456789012345678}' },
      { i: null, f: -0, _rest: '{"i":-0}' },
      { i: null, f: null, _rest: lines[5] },
      { i: -4294967297n, f: 0.1, _rest: null },
      { i: 1234567890123456n, f: 1.7976931348623157e308, _rest: null },
    ]);
  });

  test('are the doubles that JSON.parse reads', () => {
    const literals = [
      '0.1',
      '123456.789',
      '1e22',
      '1E-7',
      '5e-324',
      '2.2250738585072011e-308',
      '0.30000000000000004',
    ];
    for (let at = 0; at < 300; at++) literals.push(String(Math.sin(at) * 10 ** ((at % 40) - 20)));
    const { rows } = decodeLines('{"f":0.5}\n', literals.map((literal) => `{"f":${literal}}\n`).join(''));
    expect(rows.map((row) => row['f'])).toEqual(literals.map((literal) => JSON.parse(literal) as number));
  });
});

describe('text', () => {
  test('is unescaped to UTF-8, and half a surrogate pair becomes U+FFFD', () => {
    const escapes = String.raw`\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC\ud83d\ude00`;
    expect(decodeLines('{"a":""}\n', `{"a":"${escapes}é€😀"}`).rows[0]!['a']).toBe('"\\/\b\f\n\r\tAé€😀é€😀');
    const halves = String.raw`\ud83d|\ude00|\ud83d\ud83d\ude00|\ud83dA|\ud83d\n`;
    expect(decodeLines('{"a":""}\n', `{"a":"${halves}"}`).rows[0]!['a']).toBe('�|�|�😀|�A|�\n');
  });

  test('ends anywhere in a word of four bytes', () => {
    const texts = Array.from({ length: 40 }, (_, length) => 'abcdefghij'.repeat(4).slice(0, length));
    const special = texts.flatMap((text) => [text, `${text}"`, `${text}\\x`, `\u00e9${text}\n`]);
    const lines = special.map((text) => `${JSON.stringify({ a: text })}\n`).join('');
    expect(decodeLines(lines, lines).rows.map((row) => row['a'])).toEqual(special);
  });

  test('of 10 MB in one line is read', () => {
    const text = 'a long line \u00e9\n'.repeat(700_000);
    const { rows } = decodeLines('{"a":""}\n', JSON.stringify({ a: text }));
    expect(rows[0]!['a'] === text).toBe(true);
  });
});

describe('lines', () => {
  test('may end in CR LF, be blank, begin with a byte order mark and lack the last line feed', async () => {
    const content = '\ufeff{"a":1}\r\n\r\n \t\n{"a":2}';
    const path = writeContent('windows.jsonl', content);
    for (const morselBytes of [1, 5, 100]) {
      expect((await readAll(await openJsonLines(path), { morselBytes })).rows.map((row) => row['a'])).toEqual(
        [1n, 2n],
      );
      for (const chunkBytes of [1, 2, 100]) {
        const stream = await openJsonLines('-', chunksOf(Buffer.from(content), chunkBytes));
        expect((await readAll(stream, { morselBytes })).rows.map((row) => row['a'])).toEqual([1n, 2n]);
      }
    }
  });

  test('may be none at all: a schema with nothing but leftovers', async () => {
    for (const content of ['', '\n', '\ufeff', '\r\n  \n']) {
      const source = await openJsonLines(writeContent('empty.jsonl', content));
      expect(source.schema.fields.map((field) => field.name)).toEqual(['_rest']);
      expect([source.rowCount, (await readAll(source)).rows]).toEqual([0, []]);
      const stream = await openJsonLines('-', chunksOf(Buffer.from(content), 1));
      expect((await readAll(stream)).rows).toEqual([]);
    }
  });

  test('longer than a morsel make the morsel longer', async () => {
    const long = JSON.stringify({ a: 'x'.repeat(200_000) });
    const path = writeContent('long.jsonl', `{"a":"1"}\n${long}\n${long}\n{"a":"4"}\n`);
    const { rows, morselCount } = await readAll(await openJsonLines(path), { morselBytes: 100 });
    expect(rows.map((row) => (row['a'] as string).length)).toEqual([1, 200_000, 200_000, 1]);
    expect(morselCount).toBe(3);
  });

  test('are counted as line feeds are, at any length and place', () => {
    const bytes = Buffer.from('\n\u000b\t\n\nx\n\n\n\n\u008a\n'.repeat(9), 'latin1');
    for (let start = 0; start < 9; start++) {
      for (let end = start; end < bytes.length; end++) {
        const part = bytes.subarray(start, end);
        expect(countLineFeeds(part)).toBe(part.filter((byte) => byte === 10).length);
      }
    }
  });

  test('of a file are numbered in messages though no one has counted them', async () => {
    const path = writeContent('numbered.jsonl', `${'{"a":1}\n\n'.repeat(100)}{"a":\n{"a":1}\nx\n`);
    const source = await openJsonLines(path);
    for (const morselBytes of [10, 100_000]) {
      const { rows, rejects } = await readAll(source, { morselBytes, onError: 'skip' });
      expect([
        rows.length,
        rejects.map((reject) => [reject.before, reject.rowCount, reject.message]),
      ]).toEqual([
        101,
        [
          [100, 1, `${path}: line 201, byte 6: expected a value, found the end of the line, in "{"a":"`],
          [101, 1, `${path}: line 203, byte 1: expected a JSON object, found 'x', in "x"`],
        ],
      ]);
      expect(await failure(readAll(source, { morselBytes }))).toMatch(
        /^BAD_INPUT .*numbered\.jsonl: line 201, byte 6/,
      );
    }
  });
});

describe('damage', () => {
  test('is told with its line, place, what was expected and an excerpt', () => {
    const told = (line: string | Buffer): string => failureOf(line).replace('BAD_INPUT lines: line 1', '');
    expect(told('{"a":1,}')).toBe(`, byte 8: expected a key in quotes, found '}', in "{"a":1,}"`);
    expect(told('{"a" 1}')).toBe(`, byte 6: expected ':', found '1', in "{"a" 1}"`);
    expect(told('{"a":01}')).toBe(`, byte 7: expected ',' or '}', found '1', in "{"a":01}"`);
    expect(told('{"a":"x\ty"}')).toBe(
      `, byte 8: expected no bare control character, found byte 0x09, in "{"a":"x·y"}"`,
    );
    expect(told('{"a":"\\x"}')).toBe(`, byte 7: expected an escape, found '\\', in "{"a":"\\x"}"`);
    expect(told('{"a":"x')).toBe(
      `, byte 8: expected the closing quote of a string, found the end of the line, in "{"a":"x"`,
    );
    expect(told('{"a":1} 2')).toBe(`, byte 9: expected the end of the line, found '2', in "{"a":1} 2"`);
    expect(told('{"a":tru}')).toBe(`, byte 9: expected the word true, found '}', in "{"a":tru}"`);
    expect(told(Buffer.from('{"a":"\xff"}', 'latin1'))).toBe(
      `: expected UTF-8, found other bytes, in "{"a":"�"}"`,
    );
    expect(told(`{"b":"${'y'.repeat(100)}`)).toContain(`in "{"b":"${'y'.repeat(54)}"...`);
  });

  test('leaves the rows around it whole', () => {
    const good = '{"a":"x","l":[{"b":1},{"b":2}],"s":{"t":true}}';
    const bad = [
      '{"a":"x","l":[{"b":1},{"b":2',
      '{"a":"xx","l":[{"b":7},{"b":8}],"s":{"t":true',
      '{"a":"y"}}',
      '{"l":[{"b":1}{',
    ];
    const whole = decodeLines(
      good,
      Array<string>(bad.length + 1)
        .fill(good)
        .join('\n'),
    );
    const lines = bad.flatMap((line) => [good, line]);
    const { rows, rejects } = decodeLines(good, [...lines, good].join('\n'), { onError: 'skip' });
    expect(rows).toEqual(whole.rows);
    expect(rejects.map((reject) => reject.before)).toEqual([1, 2, 3, 4]);
  });

  test('in a long run of lines is told for the first hundred and counted for all', () => {
    const { rejects } = decodeLines('{"a":1}\n', `{"a":1}\n${'x\n'.repeat(5000)}{"a":2}\n`, {
      onError: 'skip',
    });
    expect([rejects.length, rejects.reduce((sum, reject) => sum + reject.rowCount, 0)]).toEqual([101, 5000]);
  });

  test('of 100,000 brackets is an error, not a stack overflow', () => {
    for (const bracket of ['[', '{"a":']) {
      const line = `{"a":${bracket.repeat(100_000)}`;
      expect(failureOf(line)).toMatch(/at most 1000 objects and arrays inside one another/);
      expect(decodeLines(`${line}\n`, '{}').rows).toEqual([{ _rest: null }]);
    }
    const allowed = `{"a":${'['.repeat(999)}${']'.repeat(999)}}`;
    expect(decodeLines('{}\n', allowed).rows).toEqual([{ _rest: allowed }]);
  });
});

describe('reading', () => {
  test('only some columns gives them as reading all does', () => {
    const lines = '{"a":1,"b":"x","c":[1]}\n{"a":"no","b":"y","d":{"e":1}}\n{"b":null,"c":[2.5]}\n';
    const all = decodeLines(lines, lines).rows;
    for (const columns of [['b'], ['_rest', 'a'], ['c', 'a', 'b', '_rest'], []]) {
      const { rows } = decodeLines(lines, lines, { columns });
      const order = Object.keys(all[0]!).filter((name) => columns.includes(name));
      expect(rows).toEqual(all.map((row) => Object.fromEntries(order.map((name) => [name, row[name]]))));
      expect(Object.keys(rows[0]!)).toEqual(order);
    }
  });

  test('stops at the last row within the byte limit, and takes a larger row alone', () => {
    const lines = ['a', 'b', 'x'.repeat(5000), 'c', 'd'].map((a) => `${JSON.stringify({ a })}\n`).join('');
    const { rows, batchCount } = decodeLines(lines, lines, { byteLimit: 200 });
    expect([rows.length, batchCount]).toEqual([5, 3]);
  });

  test('keeps no bytes of an earlier batch in a later one', () => {
    const sample = '{"a":"x","b":true,"i":1}\n';
    const long = '{"a":"secret","b":true,"i":77}\n'.repeat(9);
    decodeLines(sample, long);
    const fresh = decodeLines(sample, '{"b":false}\n{"i":2}\n{}\n').rows;
    expect(fresh).toEqual([
      { a: null, b: false, i: null, _rest: null },
      { a: null, b: null, i: 2n, _rest: null },
      { a: null, b: null, i: null, _rest: null },
    ]);
  });

  test('a stream twice is refused, and stopping early closes it', async () => {
    let isClosed = false;
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield Buffer.from(`{"a":"${'x'.repeat(100_000)}"}\n`.repeat(10));
      } finally {
        isClosed = true;
      }
    };
    const source = await openJsonLines('-', endless());
    for await (const morsel of source.morsels({ morselBytes: 1_000_000 })) {
      const { batch } = await decodeJsonLines(morsel, { byteLimit: 1e9, onError: 'fail' });
      expect(batch.numRows).toBeGreaterThan(0);
      break;
    }
    expect(isClosed).toBe(true);
    expect(() => source.morsels({ morselBytes: 1 })).toThrow(/USAGE|expected to read this stream once/);
  });

  test('a file that is missing, shrinks or grows under way', async () => {
    expect(await failure(openJsonLines(join(folder, 'none.jsonl')))).toMatch(
      /^BAD_INPUT .*expected a readable file/,
    );
    const path = writeContent('changing.jsonl', '{"a":1}\n'.repeat(10));
    const source = await openJsonLines(path);
    appendFileSync(path, '{"a":2}\n');
    expect((await readAll(source)).rows).toHaveLength(10);
    truncateSync(path, 20);
    expect(await failure(readAll(source))).toMatch(/byte 20: expected more lines, found the end of the file/);
  });

  test('a line above the limit is an error, not a hunt for its end', async () => {
    const content = Buffer.from(`{"a":1}\n${'x'.repeat(300_000)}\n{"a":2}\n`);
    const blocks = async (limit: number): Promise<number> => {
      let count = 0;
      for await (const block of cutBlocks(chunksOf(content, 1000), 'p', 10, 1, limit)) count += block.end;
      return count;
    };
    expect(await blocks(400_000)).toBe(content.length);
    expect(await failure(blocks(200_000))).toMatch(
      /^BAD_INPUT p: line 2: expected a line of at most 200000 bytes/,
    );
    const file = await open(writeContent('huge-line.jsonl', content));
    try {
      const ranges = async (limit: number): Promise<number> => {
        let count = 0;
        for await (const range of planRanges(file, 'p', 0, content.length, 10, limit))
          count += range.end - range.start;
        return count;
      };
      expect(await ranges(400_000)).toBe(content.length);
      expect(await failure(ranges(200_000))).toMatch(
        /^BAD_INPUT p: byte 10: expected a line of at most 200000 bytes/,
      );
    } finally {
      await file.close();
    }
  });

  test('a pipe by its path is read once, as a stream; a directory is refused', async () => {
    const path = join(folder, 'pipe');
    execFileSync('sh', ['-c', 'mkfifo "$0"', path]);
    const writing = writeFilePromise(path, '{"a":1}\n{"a":2}\n');
    const source = await openJsonLines(path);
    expect((await readAll(source)).rows.map((row) => row['a'])).toEqual([1n, 2n]);
    await writing;
    expect(await failure(openJsonLines(folder))).toMatch(/expected a file, found a directory/);
  });

  test('long strings of long lines, with any number of backslashes before their quotes', () => {
    const texts = ['\\\\"\\', '"', 'x\\"'].map((text) => text.repeat(20_000));
    const line = JSON.stringify({ a: texts[0], b: texts[1], c: texts[2], d: 'end' });
    const [row] = decodeLines(`${line}\n`, line).rows;
    expect([row!['a'] === texts[0], row!['b'] === texts[1], row!['c'] === texts[2], row!['d']]).toEqual([
      true,
      true,
      true,
      'end',
    ]);
    expect(failureOf(`{"a":"${'x'.repeat(100_000)}`)).toMatch(/expected the closing quote/);
  });

  test('stops when it is told to', async () => {
    const source = await openJsonLines(writeContent('stop.jsonl', '{"a":1}\n'.repeat(10)));
    const reading = async (): Promise<void> => {
      for await (const morsel of source.morsels({ morselBytes: 8, signal: AbortSignal.abort() }))
        expect(morsel).toBe(0);
    };
    await expect(reading()).rejects.toThrow(/abort/i);
  });
});
