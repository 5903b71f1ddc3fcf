import type { ConvertOptions } from './config.ts';
import { openInputs } from './open.ts';
import type { Report } from './report.ts';
import { run } from './run.ts';

/** Any input to any output, every row and column: the same trip as dedup without a verdict. */
export async function convert(options: ConvertOptions): Promise<Report> {
  return run(
    {
      name: 'convert',
      inputs: await openInputs(options),
      textIndex: -1,
      idIndex: -1,
      signatures: 'none',
      examination: undefined,
      addedFields: [],
      indexBytes: 0,
      resourceBytes: 0,
      reasons: [],
      beside: { noteColumns: [], ledger: undefined, rejects: false, samples: false },
      recipe: undefined,
      createJudge: () => ({
        judge: ({ rowCount }) => ({
          verdicts: new Uint8Array(rowCount),
          twins: undefined,
          evidence: undefined,
          cuts: undefined,
        }),
        report: () => ({}),
      }),
    },
    options,
  );
}
