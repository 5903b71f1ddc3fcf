import { rm } from 'node:fs/promises';
import type { ClusterConfig, CurationOptions, DuplicateConfig } from './config.ts';
import { engineConfig } from './config.ts';
import { CurationError } from './errors.ts';
import { type ChainStep, resourceBytes } from './filters/chain.ts';
import type { WordRule } from './filters/filter.ts';
import { makeWorkFolder } from './flow/atomic-file.ts';
import { checkDisk } from './flow/disk.ts';
import { recallCurve } from './kernels/banding.ts';
import type { SignatureParameters } from './kernels/signatures/signatures.ts';
import { jaccardDeviation } from './kernels/signatures/sketch.ts';
import { openInputs, refuseStandardInput } from './open.ts';
import type { ClusterReport } from './report.ts';
import { passingOf, scan } from './scan.ts';
import { type ClusteredDocuments, DuplicateClusters } from './stages/duplicate-clusters.ts';
import { createTally } from './stages/tally.ts';
import { formatBytes } from './units.ts';
import type { Origin } from './verdicts.ts';

const PROGRESS_MS = 100;
const MEBIBYTE = 2 ** 20;
/** Sorting with less would be many rounds. */
const LEAST_SORT_BYTES = 32 * MEBIBYTE;
const MOST_SORT_BYTES = 1024 * MEBIBYTE;

/** What a pass before the run has found out about every document. */
export interface FoundClusters {
  readonly documents: ClusteredDocuments;
  readonly report: ClusterReport;
  readonly locate: (ordinal: number) => Origin;
}

/**
 * Reads the inputs once before the run and brings similar documents together. Documents that a filter before the deduplicator drops take no part.
 * @throws CurationError `USAGE` for standard input, which cannot be read twice; `BAD_OUTPUT` where the work folder has too little room;
 * `MEMORY` where documents are too many.
 */
export async function findClusters(
  parameters: SignatureParameters,
  { minSimilarity, workDirectory }: ClusterConfig,
  before: readonly ChainStep[],
  words: WordRule,
  textIndex: number,
  options: CurationOptions,
): Promise<FoundClusters> {
  const config = engineConfig(options);
  const inputs = await openInputs(options);
  refuseStandardInput(inputs, { needs: '--mode cluster', instead: 'leave the mode out' });
  const sortBytes = sortBytesOf(config.memoryBytes);
  const diskBytes =
    inputs.documents === undefined
      ? undefined
      : DuplicateClusters.diskByteLength(inputs.documents, parameters);
  if (diskBytes !== undefined) await checkDisk(workDirectory, diskBytes, '--mode cluster');
  const folder = await makeWorkFolder(workDirectory, 'sluice-clusters');
  let clusters: DuplicateClusters | undefined;
  try {
    const { bands, rows } = parameters;
    clusters = new DuplicateClusters({
      bands,
      rows,
      similarity: minSimilarity,
      folder,
      memoryBytes: sortBytes,
    });
    const tally = createTally({
      sources: inputs.sources,
      reasons: [],
      documentsExpected: inputs.documents,
      bytesWritten: () => 0,
      startedAt: performance.now(),
    });
    const request = {
      onError: options.onError ?? 'fail',
      textIndex,
      ...(before.length === 0 ? { columns: [textIndex] } : {}),
      signatures: { ...parameters, sketches: true },
      examination: passingOf(before, words),
      resourceBytes: resourceBytes(before) + sortBytes + DuplicateClusters.byteLength(inputs.documents ?? 0),
    };
    config.onEvent?.({ type: 'cluster', documentsExpected: inputs.documents, diskBytes });
    let reportedAt = 0;
    for await (const analyzed of scan(inputs, request, config)) {
      const { signatures, writtenLengths, outcomes, rowCount } = analyzed;
      await clusters.add(signatures!, writtenLengths, outcomes[0]?.reasons);
      tally.add(analyzed.source, analyzed, { verdicts: new Uint8Array(rowCount), ...UNDECIDED });
      const now = performance.now();
      if (now - reportedAt < PROGRESS_MS) continue;
      reportedAt = now;
      config.onEvent?.({ type: 'progress', progress: tally.progress() });
    }
    checkClusterMemory('--mode cluster', tally.nextOrdinal, sortBytes, config.memoryBytes);
    const documents = await clusters.solve();
    config.signal?.throwIfAborted();
    const report = clusterReport(documents, parameters, minSimilarity);
    return { documents, report, locate: (ordinal) => tally.locate(ordinal) };
  } finally {
    await clusters?.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** What sorting hashes and sketches may take of `--memory`. */
export function sortBytesOf(memoryBytes: number): number {
  return Math.min(MOST_SORT_BYTES, Math.max(LEAST_SORT_BYTES, Math.floor(memoryBytes / 6)));
}

/** @throws CurationError `MEMORY` where clusters of so many documents do not fit. @param name of what asked for them. */
export function checkClusterMemory(
  name: string,
  documents: number,
  sortBytes: number,
  memoryBytes: number,
): void {
  const needed = DuplicateClusters.byteLength(documents) + sortBytes;
  if (needed <= memoryBytes) return;
  throw new CurationError(
    'MEMORY',
    `${name}: ${documents} documents need ${formatBytes(needed)}, and --memory is ${formatBytes(memoryBytes)}; raise --memory`,
  );
}

/** What is said of clusters that were found. */
export function clusterReport(
  documents: ClusteredDocuments,
  { bands, rows, ngram }: SignatureParameters,
  minSimilarity: number,
): ClusterReport {
  const { clusters, largest, candidatePairs, verifiedPairs, uncertain } = documents;
  return {
    bands,
    rows,
    ngram,
    minSimilarity,
    deviation: jaccardDeviation(minSimilarity, bands * rows),
    recall: recallCurve(bands, rows),
    clusters,
    largest,
    candidatePairs,
    verifiedPairs,
    uncertain,
  };
}

const UNDECIDED = { twins: undefined, evidence: undefined, cuts: undefined } as const;

/** What `DuplicateConfig` gives where clusters are asked for. */
export function isClustered(
  config: DuplicateConfig,
): config is DuplicateConfig & { parameters: SignatureParameters; clusters: ClusterConfig } {
  return config.clusters !== undefined && config.parameters !== undefined;
}
