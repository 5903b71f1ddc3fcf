/** What `report.json` holds under `curation`: how the budget was spent, and on what. All tokens are estimates, `bytesPerToken` bytes each. */
export interface CurationReport {
  readonly bytesPerToken: number;
  /** Tokens asked for, and what was written, repeats counted. */
  readonly budgetTokens: number;
  readonly writtenTokens: number;
  /** What was left after each step, in order; the first is what was read. */
  readonly funnel: readonly FunnelStep[];
  readonly encoder: {
    readonly name: 'lexical' | 'static' | 'column' | 'onnx';
    readonly dimensions: number;
    /** Documents that concepts were learned from. */
    readonly sample: number;
  };
  readonly redundancy: RedundancyReport;
  readonly rule: RuleReport;
  /** By number; concepts without documents are left out. */
  readonly concepts: readonly ConceptReport[];
  /** Where documents came from, and what a column says of them (languages, for example): before and after. */
  readonly distributions: readonly Distribution[];
}

export type FunnelName =
  | 'read'
  | 'filters'
  | 'exact duplicates'
  | 'near duplicates'
  | 'semantic duplicates'
  | 'outliers'
  | 'quotas'
  | 'repeats';

export interface FunnelStep {
  readonly step: FunnelName;
  /** Left after the step. For `repeats`, documents as often as they are written. */
  readonly documents: number;
  readonly tokens: number;
}

/** Documents of a concept that say what another one says (SemDeDup: Abbas et al. 2023). */
export interface RedundancyReport {
  /** `leaders`: compared with kept documents only; `published`: with all before them; `off`. */
  readonly form: 'leaders' | 'published' | 'off';
  /** Least cosine of a dropped document to the one that is kept for it. */
  readonly threshold: number;
  /** `calibrated` on this data, or `given`. */
  readonly source: 'calibrated' | 'given';
  readonly dropped: number;
}

export interface RuleReport {
  readonly quota: 'proportional' | 'projection';
  /** Shares are proportional to tokens_j^sizeExponent * exp(complexity_j / temperature). */
  readonly sizeExponent: number;
  readonly temperature: number;
  /** Least share of its documents' even part that a concept gets. */
  readonly floor: number;
  readonly mostEpochs: number;
  /** The cut: a concept of this value is seen once. */
  readonly lambda: number;
  readonly fill: 'quality' | 'hard' | 'easy' | 'random';
  /** What the budget was shared out by before the concepts. */
  readonly balance: { readonly by: string; readonly rule: 'natural' | 'unimax' | 'temperature' } | undefined;
}

export interface ConceptReport {
  readonly concept: number;
  /** Its most specific terms, the best first; empty where nothing was found. */
  readonly names: readonly string[];
  readonly examples: readonly ConceptExample[];
  /** Documents and tokens that are no duplicate of another, exact or near. */
  readonly documents: number;
  readonly tokens: number;
  readonly semanticDuplicates: number;
  readonly outliers: number;
  /** Mean distance (1 - cosine) of its documents to its centre, and of its centre to the nearest 20 others. */
  readonly intra: number;
  readonly inter: number;
  /** intra * inter; where a concept has too few documents for it, the mean of the others. */
  readonly complexity: number;
  /** Share of the budget that its complexity asks for, 0 to 1. */
  readonly share: number;
  /** Tokens that it was given. */
  readonly quotaTokens: number;
  /** Times that its documents are seen, on average. */
  readonly epochs: number;
  readonly keptDocuments: number;
  /** Tokens written, repeats counted. */
  readonly writtenTokens: number;
}

export interface ConceptExample {
  readonly source: string;
  readonly row: number;
  /** The beginning of its text. */
  readonly text: string;
}

export interface Distribution {
  /** `source`, or the name of the column. */
  readonly of: string;
  /** By tokens before, the largest first; at most 50, the last of them for all others if there are more. */
  readonly groups: readonly DistributionGroup[];
}

export interface DistributionGroup {
  readonly name: string;
  readonly documents: number;
  readonly tokens: number;
  readonly keptDocuments: number;
  /** Repeats counted. */
  readonly writtenTokens: number;
}
