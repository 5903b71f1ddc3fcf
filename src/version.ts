import { readFileSync } from 'node:fs';

/** Version of this package. */
export function sluiceVersion(): string {
  const path = new URL(import.meta.resolve('sluice/package.json'));
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}
