import { c4Badwords } from './c4-badwords.ts';
import { c4Paragraph } from './c4-paragraph.ts';
import { c4Quality } from './c4-quality.ts';
import { decontaminate } from './decontaminate.ts';
import type { FilterDefinition } from './filter.ts';
import { finewebQuality } from './fineweb-quality.ts';
import { gopherQuality } from './gopher-quality.ts';
import { gopherRepetition } from './gopher-repetition.ts';
import { language } from './language.ts';
import { pii } from './pii.ts';
import { quality } from './quality.ts';
import { refinedwebLines } from './refinedweb-lines.ts';
import { symbolLines } from './symbol-lines.ts';
import { url } from './url.ts';

/** Every filter, in the order in which `sluice filter` runs them: what is cheap and drops much comes first, edits of what is kept last. */
export const filters: readonly FilterDefinition[] = [
  url,
  language,
  gopherRepetition,
  gopherQuality,
  refinedwebLines,
  c4Quality,
  c4Paragraph,
  finewebQuality,
  c4Badwords,
  symbolLines,
  quality,
  decontaminate,
  pii,
];

/** @throws RangeError for a name that no filter has: recipes are checked before. */
export function filterNamed(name: string): FilterDefinition {
  const found = filters.find((filter) => filter.name === name);
  if (found === undefined) throw new RangeError(`no filter named ${name}`);
  return found;
}
