import type { FilterDefinition, StepOptions } from '../../src/filters/filter.ts';
import { createRuleKernel, type RuleKernel, type WordRule } from '../../src/kernels/rules/kernel.ts';
import { gunzipped, linesOf } from '../engine/support.ts';
import { optionsOf } from './judged.ts';

/** Why a text is dropped, or undefined where it passes. */
export type Ruling =
  | { readonly reason: string; readonly statistic: number; readonly threshold: number }
  | undefined;

export type Rule = (text: string | Uint8Array) => Ruling;

const kernels = new Map<WordRule, RuleKernel>();

async function kernelOf(words: WordRule): Promise<RuleKernel> {
  const kernel = kernels.get(words) ?? (await createRuleKernel(words));
  kernels.set(words, kernel);
  return kernel;
}

/** A filter of the rule sets, on a kernel that all share, as in a thread. Each document lies between bytes of others. */
export async function ruleOf(
  definition: FilterDefinition,
  given: StepOptions = {},
  words: WordRule = 'unicode',
): Promise<Rule> {
  const options = optionsOf(definition, given);
  const reasons = definition.reasons(options);
  const kernel = await kernelOf(words);
  const filter = await definition.create(options, { resources: {}, words, kernel });
  return (text) => {
    const own = Buffer.from(text);
    const bytes = Buffer.concat([Buffer.from('...\n\xe9'), own, Buffer.from('\u0301s.\n')]);
    kernel.forget();
    const verdict = filter.judge({
      bytes,
      start: 6,
      end: 6 + own.length,
      column: undefined,
      replace: () => {
        throw new Error('a filter that only judges replaced the text');
      },
    });
    if (verdict === 0) return undefined;
    const { statistic, threshold } = filter.evidence;
    return { reason: reasons[verdict - 1]!, statistic, threshold };
  };
}

/** A few hundred real documents: the web, a handbook and short pages in many languages, a declaration in nearly all. */
export async function realDocuments(): Promise<string[]> {
  const files: readonly [name: string, step: number][] = [
    ['web/cc_en_head-0091', 1],
    ['quality/dclm-human-judgements', 2],
    ['corpora/debian-handbook', 60],
    ['langid/udhr', 12],
    ['corpora/tldr-pages', 300],
    ['corpora/stackexchange-coffee', 10],
  ];
  const texts: string[] = [];
  for (const [name, step] of files) {
    const lines = linesOf((await gunzipped(`${name}.jsonl.gz`)).toString());
    for (let i = 0; i < lines.length; i += step) texts.push((JSON.parse(lines[i]!) as { text: string }).text);
  }
  return texts;
}
