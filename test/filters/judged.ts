import type { FilterContext, FilterDefinition, OptionValue, StepOptions } from '../../src/filters/filter.ts';
import { gunzipped, linesOf } from '../engine/support.ts';

/** What a filter did with one document. */
export interface Judged {
  readonly verdict: number;
  /** The text as it was replaced, or undefined where `replace` was not called. */
  readonly replaced: Uint8Array | undefined;
  readonly text: string;
  readonly statistic: number;
  readonly threshold: number;
  readonly detail: string | undefined;
}

export type Judge = (text: string | Uint8Array, column?: string) => Judged;

/** Defaults of a definition with `given` over them, as a recipe would fill them in. */
export function optionsOf(definition: FilterDefinition, given: StepOptions = {}): StepOptions {
  const options: Record<string, OptionValue | undefined> = {};
  for (const [name, spec] of Object.entries(definition.options))
    if (spec.default !== undefined) options[name] = spec.default;
  return { ...options, ...given };
}

/**
 * A filter ready to judge, through a structured clone of what it loaded as a thread would have it. Each document lies between bytes
 * of others, which no filter may look at.
 */
export async function judgeWith(definition: FilterDefinition, given: StepOptions = {}): Promise<Judge> {
  const options = optionsOf(definition, given);
  const resources = structuredClone((await definition.load?.(options)) ?? {});
  const filter = await definition.create(options, { resources } as unknown as FilterContext);
  return (text, column) => {
    const own = typeof text === 'string' ? Buffer.from(text) : text;
    const before = Buffer.from('1a_é');
    const bytes = Buffer.concat([before, own, Buffer.from('8.8.8.8@a.b ass')]);
    let replaced: Uint8Array | undefined;
    const verdict = filter.judge({
      bytes,
      start: before.length,
      end: before.length + own.length,
      column,
      replace: (memory, start, end) => {
        replaced = memory.slice(start, end);
      },
    });
    const { statistic, threshold, detail } = filter.evidence;
    const result = Buffer.from(replaced ?? own).toString();
    return { verdict, replaced, text: result, statistic, threshold, detail };
  };
}

/** Real texts of many kinds and languages; the shared data must be there. */
export async function realTexts(limit: number): Promise<string[]> {
  const texts: string[] = [];
  for (const name of ['web/cc_en_head-0091.jsonl.gz', 'quality/dclm-human-judgements.jsonl.gz']) {
    for (const line of linesOf((await gunzipped(name)).toString())) {
      const { text } = JSON.parse(line) as { text?: string };
      if (typeof text === 'string') texts.push(text);
    }
  }
  for (const name of ['corpora/debian-copyright-files', 'langid/udhr', 'corpora/movie-reviews']) {
    const lines = linesOf((await gunzipped(`${name}.jsonl.gz`)).toString());
    const step = Math.max(1, Math.floor(lines.length / 200));
    for (let at = 0; at < lines.length; at += step)
      texts.push((JSON.parse(lines[at]!) as { text: string }).text);
  }
  return texts.slice(0, limit);
}
