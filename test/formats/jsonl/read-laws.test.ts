import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openJsonLines } from '../../../src/formats/jsonl/source.ts';
import { chunksOf, decodeLines, normalForm, readAll, wholeRow } from './read-rows.ts';

const names = fc.constantFrom('a', 'b', 'text', '__proto__', 'constructor', 'é"\\', '_rest', '', '\ud800');
const numbers = fc
  .constantFrom('0', '-0', '7', '-12', '1e3', '2.5', '-0.125', '1E-7', '123456789012345', '9007199254740993')
  .map((literal) => ({ literal }));
const texts = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '\ud83d', 'a\ude00', '\u0000\u001f', '😀', '\u2028', 'long '.repeat(30)),
);
const values: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<unknown>(null, true, false),
    numbers,
    texts,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(names, tie('value')), { maxLength: 3 }).map((fields) => ({ fields })),
  ),
})).value;
const objects = fc.array(fc.tuple(names, values), { maxLength: 5 }).map((fields) => ({ fields }));
const spaces = fc.constantFrom('', '', ' ', '\t', ' \r ');

/** JSON text of a generated value, with its literals and equal keys as generated. */
function write(value: unknown, space: string): string {
  if (Array.isArray(value))
    return `[${value.map((item) => space + write(item, space)).join(`${space},`)}${space}]`;
  if (value === null || typeof value !== 'object') {
    // Half of the texts with every unit escaped.
    if (typeof value === 'string' && value.length % 2 === 1)
      return `"${[...Array(value.length).keys()].map((at) => `\\u${value.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')}"`;
    return JSON.stringify(value);
  }
  if ('literal' in value) return value.literal as string;
  const { fields } = value as { fields: [string, unknown][] };
  const members = fields.map(
    ([name, field]) => `${space}${write(name, '')}${space}:${space}${write(field, space)}`,
  );
  return `{${members.join(',')}${space}}`;
}

function parse(line: string): unknown {
  return normalForm(JSON.parse(line));
}

test('columns and leftovers together are the object, whatever the sample had shown', () => {
  fc.assert(
    fc.property(
      fc.array(objects, { maxLength: 4 }),
      fc.array(objects, { maxLength: 6 }),
      spaces,
      (shown, told, space) => {
        const sample = shown.map((object) => `${write(object, '')}\n`).join('');
        const lines = told.map((object) => write(object, space));
        const read = decodeLines(sample, lines.map((line) => `${line}\n`).join(''));
        const rest = decodeLines(sample, '{}\n').rows[0]!;
        const restName = Object.keys(rest).findLast((name) => name.startsWith('_rest'))!;
        expect(read.rows.map((row) => normalForm(wholeRow(row, restName)))).toEqual(lines.map(parse));
      },
    ),
    { numRuns: 300 },
  );
});

test('a line is a row exactly if JSON.parse makes an object of it', () => {
  const object = write(
    {
      fields: [
        ['a', [{ literal: '1.5e2' }, 'x\n😀', null, true]],
        ['b', { fields: [['c', false]] }],
      ],
    },
    ' ',
  );
  const sample = Buffer.from(`${object}\n`);
  const edits = fc.array(fc.tuple(fc.nat(sample.length - 2), fc.integer({ min: 0, max: 255 })), {
    maxLength: 2,
  });
  fc.assert(
    fc.property(edits, fc.nat(sample.length - 1), fc.boolean(), (flips, cut, isCut) => {
      const line = Buffer.from(sample.subarray(0, isCut ? cut : sample.length - 1));
      for (const [at, byte] of flips) if (at < line.length && byte !== 10) line[at] = byte;
      const read = decodeLines(sample, Buffer.concat([line, Buffer.from('\n')]), { onError: 'skip' });
      expect({
        rows: read.rows.map((row) => normalForm(wholeRow(row))),
        rejects: read.rejects.length,
      }).toEqual(oracle(line));
    }),
    { numRuns: 2000 },
  );
});

function oracle(line: Buffer): { rows: unknown[]; rejects: number } {
  const text = line.toString('utf8');
  if (/^[ \t\r]*$/.test(text)) return { rows: [], rejects: 0 };
  try {
    const value: unknown = JSON.parse(
      new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(line),
    );
    if (value !== null && typeof value === 'object' && !Array.isArray(value))
      return { rows: [normalForm(value)], rejects: 0 };
  } catch {
    return { rows: [], rejects: 1 };
  }
  return { rows: [], rejects: 1 };
}

test('any size of chunks, morsels and batches gives the same rows and rejects', async () => {
  const lines = [
    '{"id":1,"text":"one"}',
    '',
    'damaged',
    '{"id":2,"text":"two\\n2","tags":["a","b"],"more":{"deep":[1,2.5]}}\r',
    '  ',
    '[1]',
    '{"id":"three","text":"drei ä"}',
    `{"id":4,"text":"${'long '.repeat(50)}"}`,
    '{"id":5,"unseen":true}',
  ];
  const bytes = Buffer.from(lines.join('\n'));
  const whole = await readAll(await openJsonLines('-', chunksOf(bytes, bytes.length)), { onError: 'skip' });
  expect(whole.rows.length).toBe(5);
  expect(whole.rejects.map((reject) => [reject.before, reject.message.split(':')[1]])).toEqual([
    [1, ' line 3, byte 1'],
    [2, ' line 6, byte 1'],
  ]);
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 400 }),
      fc.integer({ min: 1, max: 600 }),
      fc.integer({ min: 1, max: 600 }),
      async (chunkBytes, morselBytes, byteLimit) => {
        const source = await openJsonLines('-', chunksOf(bytes, chunkBytes));
        const read = await readAll(source, { morselBytes, byteLimit, onError: 'skip' });
        expect([read.rows, read.rejects]).toEqual([whole.rows, whole.rejects]);
      },
    ),
    { numRuns: 150 },
  );
});
