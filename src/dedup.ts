import { findTextColumn } from './columns/schema.ts';
import { type DedupOptions, duplicateConfig, UNKNOWN_DOCUMENTS } from './config.ts';
import { CurationError } from './errors.ts';
import { openInputs } from './open.ts';
import type { Report } from './report.ts';
import { run } from './run.ts';
import { createDeduplicator, deduplicatorByteLength, duplicateReasons } from './stages/deduplicate.ts';
import { formatBytes } from './units.ts';

/** An estimate from a sample is raised by this before the index is sized. */
const ESTIMATE_MARGIN = 1.1;

/**
 * Removes exact and near duplicates in one ordered pass: the first one wins, everything else passes through unchanged.
 *
 * An exact duplicate has the same text bytes as an earlier kept document (XXH64). A near duplicate shares at least one
 * band of its MinHash signature with an earlier kept document: two documents whose sets of 5-word shingles have Jaccard
 * similarity s do so with probability 1 - (1 - s^rows)^bands (Broder 1997; Bloom filters per band: LSHBloom,
 * arXiv 2411.04257).
 * @throws CurationError; see `ErrorCode`.
 */
export async function dedup(options: DedupOptions): Promise<Report> {
  const config = duplicateConfig(options);
  const { parameters, falsePositiveRate } = config;
  const inputs = await openInputs(options);
  const path = inputs.sources[0]?.path ?? '-';
  const textIndex = findTextColumn(inputs.schema, options.textColumn ?? 'text', path);
  const idName = options.idColumn ?? 'id';
  const idIndex = inputs.schema.fields.findIndex(({ name }) => name === idName);
  if (options.idColumn !== undefined && idIndex < 0) {
    const names = inputs.schema.fields.map(({ name }) => name).join(', ');
    throw new CurationError('USAGE', `--id-column ${idName}: ${path} has no such column; there are ${names}`);
  }
  const margin = inputs.isDocumentsExact ? 1 : ESTIMATE_MARGIN;
  const estimate = inputs.documents === undefined ? UNKNOWN_DOCUMENTS : Math.ceil(inputs.documents * margin);
  const expectedDocuments = config.expectedDocuments ?? Math.max(1, estimate);
  const index = { parameters, falsePositiveRate, expectedDocuments };
  return run(
    {
      name: 'dedup',
      inputs,
      textIndex,
      idIndex,
      signatures: parameters ?? 'exact',
      indexBytes: deduplicatorByteLength(index),
      writesLedger: true,
      createJudge(plan) {
        const deduplicator = createDeduplicator(index);
        return {
          reasons: duplicateReasons,
          judge({ signatures }, firstOrdinal) {
            const verdicts = deduplicator.commit(signatures!, firstOrdinal);
            if (deduplicator.byteLength > plan.indexBytes) {
              throw new CurationError(
                'MEMORY',
                `more documents than expected: the index has grown to ${formatBytes(deduplicator.byteLength)} and --memory leaves ${formatBytes(plan.indexBytes)} for it; raise --memory or state --expected-documents`,
              );
            }
            return verdicts;
          },
          report: () => (parameters === undefined ? undefined : deduplicator.report()),
        };
      },
    },
    options,
  );
}
