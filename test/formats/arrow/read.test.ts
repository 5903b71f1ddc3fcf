import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { openArrow } from '../../../src/formats/arrow/source.ts';
import { arrowTesting, chunked, hasArrowTesting, integrationRows, readRows } from './read-values.ts';

const names = hasArrowTesting
  ? ['1.0.0-littleendian', '2.0.0-compression'].flatMap((folder) =>
      readdirSync(arrowTesting + folder)
        .filter((name) => name.endsWith('.json.gz'))
        .map((name) => `${folder}/${name.slice(0, -'.json.gz'.length)}`),
    )
  : [];

describe.skipIf(!hasArrowTesting)('files of other Arrow writers', () => {
  test.each(names)('reads %s of the Arrow integration suite as its JSON says', async (name) => {
    const expected = integrationRows(`${arrowTesting}${name}.json.gz`);
    for (const suffix of ['arrow_file', 'stream']) {
      const path = `${arrowTesting}${name}.${suffix}`;
      const source = await openArrow(path);
      const { rows } = await readRows(source);
      expect(rows, suffix).toEqual(expected);
      expect(source.rowCount).toBe(expected.length);
      const small = await readRows(await openArrow(path), { morselBytes: 100, byteLimit: 50 });
      expect(small.rows, `${suffix} in pieces`).toEqual(expected);
      const piped = await openArrow('-', chunked(readFileSync(path), [1, 7, 64, 1000]));
      expect((await readRows(piped, { byteLimit: 200 })).rows, `${suffix} piped`).toEqual(expected);
    }
  });
});
