import { engine, inputAndOutput, writeOptions } from '../shared-options.ts';
import { summarize } from '../summary.ts';
import { ABOUT_INPUTS, type LoadedVerb } from '../verb.ts';

export const convertVerb: LoadedVerb = {
  options: { ...inputAndOutput, ...engine },
  about: ABOUT_INPUTS,
  examples: [
    'sluice convert dump/*.parquet -o lines --format jsonl --compression zstd',
    'sluice convert clean/ledger -o - --format jsonl',
  ],
  needs: { input: true, out: true },
  run: async (input, values, watch) => {
    const { convert } = await import('../../convert.ts');
    return summarize(await convert({ ...writeOptions(input, values), ...watch }), values['out'] as string);
  },
};
