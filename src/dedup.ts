import type { DedupOptions } from './config.ts';
import type { RecipeStep } from './filters/filter.ts';
import { runRecipe } from './pipeline.ts';
import type { Report } from './report.ts';

/**
 * Removes exact and near duplicates; everything else passes through unchanged. In one ordered pass the first one wins; with
 * `mode: 'cluster'`, in two, the longest of each cluster.
 *
 * An exact duplicate has the same text bytes as an earlier kept document (XXH64). A near duplicate shares at least one
 * band of its MinHash signature with an earlier kept document: two documents whose sets of 5-word shingles have Jaccard
 * similarity s do so with probability 1 - (1 - s^rows)^bands (Broder 1997; Bloom filters per band: LSHBloom,
 * arXiv 2411.04257).
 * @throws CurationError; see `ErrorCode`.
 */
export function dedup(options: DedupOptions): Promise<Report> {
  const { mode, minSimilarity, twins, workDirectory, exactOnly, similarity, ngram, bands, rows } = options;
  const { falsePositive, expectedDocuments, seed } = options;
  const step: RecipeStep = {
    use: 'dedup',
    mode,
    min_similarity: minSimilarity,
    twins,
    work_directory: workDirectory,
    exact_only: exactOnly,
    similarity,
    ngram,
    bands,
    rows,
    false_positive: falsePositive,
    expected_documents: expectedDocuments,
    seed,
  };
  return runRecipe('dedup', { version: 1, words: 'unicode', steps: [step] }, options);
}
