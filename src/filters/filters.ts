import type { FilterDefinition } from './filter.ts';
import { language } from './language.ts';
import { pii } from './pii.ts';

/** Every filter, in the order in which `sluice filter` runs them: what is cheap and drops much comes first, edits of what is kept last. */
export const filters: readonly FilterDefinition[] = [language, pii];

/** @throws RangeError for a name that no filter has: recipes are checked before. */
export function filterNamed(name: string): FilterDefinition {
  const found = filters.find((filter) => filter.name === name);
  if (found === undefined) throw new RangeError(`no filter named ${name}`);
  return found;
}
