import type { ConceptReport, CurationReport, FunnelName, FunnelStep } from '../concepts/curation.ts';
import { typicalOf } from '../concepts/examples.ts';
import { nameConcepts } from '../concepts/names.ts';
import { peakMemory } from '../flow/memory.ts';
import type { Report } from '../report.ts';
import type { Assigned } from './assign.ts';
import type { Learned } from './concepts.ts';
import type { Measured } from './measure.ts';
import type { CurateConfig } from './options.ts';
import {
  DECISION_REASONS,
  EXACT_DUPLICATE,
  NEAR_DUPLICATE,
  OUTLIER,
  OVER_QUOTA,
  SEMANTIC_DUPLICATE,
} from './records.ts';
import type { Settled } from './settle.ts';
import type { Solved } from './solve.ts';

const EXAMPLES_SHOWN = 3;
const EXAMPLE_BYTES = 480;

/** Everything a curation has found out. */
export interface Curation {
  readonly config: CurateConfig;
  readonly measured: Measured;
  readonly learned: Learned;
  readonly assigned: Assigned;
  readonly solved: Solved;
  readonly settled: Settled;
  readonly budgetBytes: number;
}

/** The report of the whole curation, of what was found and what the last reading counted. */
export function curateReport(curation: Curation, counted: Report, begunAt: number): Report {
  const { measured, settled } = curation;
  const before = measured.report;
  const dropped = Object.fromEntries(
    DECISION_REASONS.map((reason, i) => [reason, settled.amounts[i + 1]!.documents]),
  );
  return {
    ...before,
    documents: {
      ...before.documents,
      kept: settled.amounts[0]!.documents,
      dropped: { ...dropped, ...before.documents.dropped },
    },
    bytes: { ...before.bytes, textKept: settled.amounts[0]!.bytes, output: counted.bytes.output },
    seconds: (performance.now() - begunAt) / 1000,
    peakMemoryBytes: peakMemory(),
    isCutShort: counted.isCutShort,
    clusters: measured.clusterReport,
    curation: curationReport(curation),
  };
}

function curationReport(curation: Curation): CurationReport {
  const { config, learned, solved, settled, budgetBytes } = curation;
  const { bytesPerToken } = config;
  const tokens = (bytes: number): number => Math.round(bytes / bytesPerToken);
  return {
    bytesPerToken,
    budgetTokens: tokens(budgetBytes),
    writtenTokens: tokens(settled.written.bytes),
    funnel: funnelOf(curation, tokens),
    encoder: { name: learned.encoder.kind, dimensions: learned.tree.dimensions, sample: learned.sample },
    redundancy: {
      form: config.redundancy,
      threshold: learned.threshold,
      source: config.redundancyThreshold === undefined ? 'calibrated' : 'given',
      dropped: settled.amounts[SEMANTIC_DUPLICATE]!.documents,
    },
    rule: {
      quota: config.quota,
      temperature: config.temperature,
      floor: config.floor,
      sizeExponent: config.sizeExponent,
      mostEpochs: solved.mostEpochs,
      lambda: solved.lambda,
      fill: config.fill,
      balance: config.balanceBy === undefined ? undefined : { by: config.balanceBy, rule: config.balance },
    },
    concepts: conceptReports(curation, tokens),
    distributions: settled.distributions.map(({ of, groups }) => ({
      of,
      groups: groups.map((group) => ({
        ...group,
        tokens: tokens(group.tokens),
        writtenTokens: tokens(group.writtenTokens),
      })),
    })),
  };
}

/** In the order in which documents are taken away. */
const STEPS: readonly (readonly [FunnelName, number])[] = [
  ['exact duplicates', EXACT_DUPLICATE],
  ['near duplicates', NEAR_DUPLICATE],
  ['semantic duplicates', SEMANTIC_DUPLICATE],
  ['outliers', OUTLIER],
  ['quotas', OVER_QUOTA],
];

function funnelOf({ measured, settled }: Curation, tokens: (bytes: number) => number): FunnelStep[] {
  const { documents: counts, bytes: texts } = measured.report;
  let documents = settled.amounts.reduce((sum, amount) => sum + amount.documents, 0);
  let bytes = settled.amounts.reduce((sum, amount) => sum + amount.bytes, 0);
  return [
    { step: 'read', documents: counts.read, tokens: tokens(texts.text) },
    { step: 'filters', documents, tokens: tokens(bytes) },
    ...STEPS.map(([step, reason]): FunnelStep => {
      documents -= settled.amounts[reason]!.documents;
      bytes -= settled.amounts[reason]!.bytes;
      return { step, documents, tokens: tokens(bytes) };
    }),
    { step: 'repeats', documents: settled.written.documents, tokens: tokens(settled.written.bytes) },
  ];
}

function conceptReports(
  { assigned, solved, learned, measured }: Curation,
  tokens: (bytes: number) => number,
): ConceptReport[] {
  const { facts } = solved;
  const concepts = learned.tree.leaves + 1;
  const { examples } = assigned;
  const text = new TextDecoder();
  const names = nameConcepts(
    Array.from({ length: concepts }, (_, concept) => concept).flatMap((concept) =>
      examples.of(concept).map(({ bytes }) => ({ concept, text: text.decode(bytes) })),
    ),
    concepts,
  );
  const reports: ConceptReport[] = [];
  for (let concept = 0; concept < concepts; concept++) {
    if (facts.documents[concept] === 0) continue;
    const left = facts.bytes[concept]!;
    reports.push({
      concept,
      names: names[concept]!,
      examples: typicalOf(examples.of(concept), EXAMPLES_SHOWN).map(({ row, bytes }) => ({
        ...measured.locate(row),
        // A character that is cut at the end is left out.
        text: new TextDecoder().decode(bytes.subarray(0, EXAMPLE_BYTES), { stream: true }),
      })),
      documents: facts.documents[concept]!,
      tokens: tokens(left),
      semanticDuplicates: facts.semanticDuplicates[concept]!,
      outliers: facts.outliers[concept]!,
      intra: known(facts.intra[concept]!),
      inter: known(facts.inter[concept]!),
      complexity: facts.complexity[concept]!,
      share: facts.shares[concept]!,
      quotaTokens: tokens(facts.quotaBytes[concept]!),
      epochs: left === 0 ? 0 : facts.writtenBytes[concept]! / left,
      keptDocuments: facts.keptDocuments[concept]!,
      writtenTokens: tokens(facts.writtenBytes[concept]!),
    });
  }
  return reports;
}

/** JSON has no NaN: a distance that there is not is 0. */
function known(distance: number): number {
  return Number.isNaN(distance) ? 0 : distance;
}
