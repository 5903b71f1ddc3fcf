import { DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { readReport, sluice, useFolder } from './support.ts';

const folder = useFolder();
const MEBIBYTE = 2 ** 20;

/** Writes `count` documents of about 3 KB of seldom repeated words as one row group. */
async function writeOneRowGroup(path: string, count: number): Promise<void> {
  const connection = await (await DuckDBInstance.create()).connect();
  await connection.run(`
    COPY (
      SELECT 'doc-' || i AS id,
             array_to_string(list_transform(range(90), lambda j: md5((i * 100 + j)::VARCHAR)), ' ') AS text
      FROM range(${count}) t(i)
    ) TO '${path}' (FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE 100000000)`);
  connection.closeSync();
}

test('peak memory does not follow the size of the input, one huge row group included', async () => {
  const peaks: number[] = [];
  for (const count of [20_000, 80_000]) {
    await writeOneRowGroup(folder(`${count}.parquet`), count);
    const { code, stderr } = await sluice([
      'dedup',
      folder(`${count}.parquet`),
      '-o',
      folder(`out-${count}`),
      '--threads',
      '2',
    ]);
    expect(stderr).toMatch(/kept/);
    expect(code).toBe(0);
    const report = await readReport(folder(`out-${count}`));
    expect(report.documents.kept).toBe(count);
    peaks.push(
      report.peakMemoryBytes - report.nearDuplicate!.filterBytes - report.nearDuplicate!.exactSetBytes,
    );
  }
  // 60 MB and 240 MB of text: what grows fourfold is the input, not the process.
  expect(peaks[1]!).toBeLessThan(400 * MEBIBYTE);
  expect(peaks[1]! / peaks[0]!).toBeLessThan(1.25);
}, 120_000);
