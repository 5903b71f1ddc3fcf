import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { init as initZstd, decompress as unzstd } from '@bokuweb/zstd-wasm';
import { CompressionType, tableFromIPC } from 'apache-arrow';
import { compressionRegistry } from 'apache-arrow/ipc/compression/registry';

export type Row = Readonly<Record<string, unknown>>;

/**
 * Rows of the Arrow files that a run wrote to `directory`, in order, as plain objects; whole numbers of 64 bits are numbers.
 * Read by apache-arrow in this thread: an oracle, and no second run of the engine, whose threads would take longer to start
 * than all of this.
 */
export async function rowsIn(directory: string): Promise<Row[]> {
  await (zstd ??= initZstd().then(() =>
    compressionRegistry.set(CompressionType.ZSTD, { decode: (bytes) => unzstd(bytes) }),
  ));
  const names = (await readdir(directory)).filter((name) => name.endsWith('.arrow')).toSorted();
  const tables = await Promise.all(
    names.map(async (name) => tableFromIPC(await readFile(join(directory, name)))),
  );
  return tables.flatMap((table) =>
    table.toArray().map((row) => JSON.parse(JSON.stringify(row, plain)) as Row),
  );
}

/** The decoder of what a ledger is packed with, made ready once. */
let zstd: Promise<unknown> | undefined;

const plain = (_name: string, value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : value);
