import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { RecordBatchReader, Schema } from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import { makeBatch } from '../../src/columns/batch.ts';
import { gather } from '../../src/columns/gather.ts';
import { conform, unionSchemas } from '../../src/columns/schema.ts';
import { rowByteLengths } from '../../src/columns/sizes.ts';
import { place, placedByteLength, restore } from '../../src/columns/wire.ts';
import { randomFrom, valuesOf } from './samples.ts';

const FOLDER = new URL('../../../shared/data/arrow/arrow-testing/1.0.0-littleendian/', import.meta.url);
const isThere = existsSync(FOLDER);
// oxlint-disable-next-line no-console -- the one way to say that a test did not run, and why
if (!isThere) console.log('skipped: the files of apache/arrow-testing are not in ../shared/data/arrow');

const files = isThere ? readdirSync(FOLDER).filter((name) => /\.(stream|arrow_file)$/.test(name)) : [];

describe.skipIf(!isThere)('files of other Arrow writers', () => {
  test.each(files)('%s comes through shared memory and gather with every value', (name) => {
    const reader = RecordBatchReader.from(readFileSync(new URL(name, FOLDER)));
    reader.open();
    // Some files have two columns of one name, which apache-arrow mixes up in the schema of a batch.
    const fields = reader.schema.fields.map((field, i) => field.clone({ name: `${i} ${field.name}` }));
    const own = new Schema(fields, reader.schema.metadata);
    const schema = unionSchemas([{ path: name, schema: own }]);
    const batches = [...reader].map((batch) => makeBatch(own, batch.numRows, batch.data.children));
    const random = randomFrom(batches.length);
    const pieces = batches.map((batch) => {
      const plain = conform(batch, schema);
      const slab = new Uint8Array(new SharedArrayBuffer(placedByteLength(plain)));
      const restored = restore(schema, place(plain, slab), slab);
      expect(rowByteLengths(restored)).toEqual(rowByteLengths(plain));
      const rows = [...Array(batch.numRows).keys()].filter(() => random() < 0.7);
      return { batch: restored, rows: Uint32Array.from(rows) };
    });
    const result = gather(schema, pieces);
    expect(result.schema.fields.length).toBe(schema.fields.length);
    schema.fields.forEach((_, column) => {
      const expected = batches.flatMap((batch, i) => {
        const all = valuesOf(batch.data.children[column]!);
        return Array.from(pieces[i]!.rows, (row) => all[row]);
      });
      expect(valuesOf(result.data.children[column]!)).toEqual(expected);
    });
  });
});
