import fc from 'fast-check';
import type { TextColumn } from '../../../src/columns/text-column.ts';

const encoder = new TextEncoder();

/** A column of these texts; a few bytes before the first row, as offsets need not begin at 0. */
export function columnOf(texts: readonly (string | Uint8Array)[]): TextColumn {
  const rows = texts.map((text) => (typeof text === 'string' ? encoder.encode(text) : text));
  const offsets = new Int32Array(rows.length + 1);
  offsets[0] = 3;
  for (const [at, row] of rows.entries()) offsets[at + 1] = offsets[at]! + row.length;
  const bytes = new Uint8Array(offsets[rows.length]!).fill(0x78, 0, 3);
  for (const [at, row] of rows.entries()) bytes.set(row, offsets[at]!);
  return { bytes, offsets, rowCount: rows.length };
}

const pieces = [
  'word',
  'Word',
  'the',
  'The',
  'a',
  '_',
  'Ωμέγα',
  'É',
  'é',
  '中文',
  'ไทย',
  '😀',
  'x'.repeat(40),
  '\0',
];

/** Documents that sit at the edges of what the kernels distinguish: empty, of any bytes, in cut-off UTF-8, longer than the windows. */
export const anyDocument: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.string({ unit: 'grapheme', maxLength: 200 }).map((text) => encoder.encode(text)),
  fc
    .array(fc.constantFrom(...pieces), { maxLength: 60 })
    .map((parts) => encoder.encode(parts.join(' ')))
    .chain((bytes) => fc.nat(2).map((cut) => bytes.subarray(0, Math.max(0, bytes.length - cut)))),
  fc
    .tuple(
      fc.array(fc.constantFrom(...pieces, 'b c d', ' \n'), { minLength: 1, maxLength: 30 }),
      fc.constantFrom('', ' ', '.'),
    )
    .chain(([parts, glue]) =>
      fc.integer({ min: 12_000, max: 14_000 }).map((length) => {
        const text = encoder.encode(parts.join(glue) || 'z');
        return Uint8Array.from({ length }, (_, at) => text[at % text.length]!);
      }),
    ),
);
