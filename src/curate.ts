import { sortBytesOf } from './cluster.ts';
import { curationPage } from './concepts/page.ts';
import { PlanNotes } from './concepts/plan-notes.ts';
import { assignConcepts } from './curation/assign.ts';
import { learnConcepts } from './curation/concepts.ts';
import { emit } from './curation/emit.ts';
import { curateByPlan } from './curation/frozen.ts';
import { measure } from './curation/measure.ts';
import { type CurateOptions, curateConfig } from './curation/options.ts';
import { checkPlanPath, savePlan } from './curation/plan.ts';
import { curateReport } from './curation/report.ts';
import { settle } from './curation/settle.ts';
import { solve } from './curation/solve.ts';
import { openSpool } from './curation/spool.ts';
import { WorkFolder } from './curation/work.ts';
import { CurationError } from './errors.ts';
import type { Report } from './report.ts';
import { sluiceVersion } from './version.ts';

/**
 * Makes the best of a budget of tokens: filters, keeps the best of similar documents, finds out what the rest is about, takes out what says the
 * same twice, and gives every concept a part of the budget by its size and how complex it is. What is written is chosen in two bounded passes:
 *
 * measure: the inputs are read once; what passes the filters waits on disk, with a record for each document.
 * solve: concepts are found, quotas follow from them; nothing here grows but with the number of concepts.
 * emit: what waits is read again, and what was chosen is written.
 *
 * With `plan`, see `curateByPlan`: one pass, by what an earlier curation has saved.
 * @throws CurationError; see `ErrorCode`.
 */
export async function curate(options: CurateOptions): Promise<Report> {
  if (options.plan !== undefined) return curateByPlan(options.plan, options);
  const begunAt = performance.now();
  const config = curateConfig(options);
  if (config.savePlan !== undefined) await checkPlanPath(config.savePlan);
  const folder = await WorkFolder.make(config.workDirectory, 'sluice-curate');
  try {
    const measured = await measure(options, config, folder);
    if (measured.documents.count === 0) {
      throw new CurationError(
        'BAD_INPUT',
        `curate: expected documents to choose from, found none: of ${measured.report.documents.read} none passed the filters`,
      );
    }
    const sortBytes = sortBytesOf(config.engine.memoryBytes);
    const spool = await openSpool(measured, options, config);
    const learned = await learnConcepts(spool, measured, config);
    const assigned = await assignConcepts(spool, measured, learned, config, folder, sortBytes);
    const { budget, bytesPerToken } = config;
    const budgetBytes = Math.round(
      'tokens' in budget ? budget.tokens * bytesPerToken : budget.share * measured.report.bytes.text,
    );
    const groupCount =
      config.balanceBy === undefined
        ? 1
        : config.balanceBy === 'source'
          ? measured.report.inputs.length
          : assigned.groups!.names.length;
    const notes = config.savePlan === undefined ? undefined : new PlanNotes(learned.tree.leaves + 1);
    const solved = await solve(assigned, learned, config, budgetBytes, groupCount, folder, sortBytes, notes);
    const settled = await settle(measured, assigned, solved, folder);
    const curation = { config, measured, learned, assigned, solved, settled, budgetBytes };
    const written = await emit(spool, measured, settled, options, config, (counted) => {
      const report = curateReport(curation, counted, begunAt);
      const page = curationPage({ curation: report.curation!, inputs: report.inputs }, sluiceVersion());
      return { report, page };
    });
    if (notes !== undefined) await savePlan(config.savePlan!, curation, notes, written);
    return written;
  } finally {
    await folder.remove();
  }
}
