import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

test('every committed kernel is what its sources compile to', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-kernels-'));
  try {
    const build = spawnSync(process.execPath, ['src/kernels/wasm/build.mjs', folder], { encoding: 'utf8' });
    expect(build.status, build.stderr).toBe(0);
    const names = readdirSync('src/kernels/wasm').filter((name) => name.endsWith('-wasm.generated.ts'));
    expect(readdirSync(folder).sort()).toEqual(names.sort());
    for (const name of names) {
      expect(
        readFileSync(join(folder, name), 'utf8') === readFileSync(`src/kernels/wasm/${name}`, 'utf8'),
        name,
      ).toBe(true);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 60_000);
