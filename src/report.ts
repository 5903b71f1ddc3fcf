import type { CurationReport } from './concepts/curation.ts';
import type { DriftReport } from './concepts/drift.ts';
import type { Recipe } from './filters/filter.ts';
import type { RecallPoint } from './kernels/banding.ts';

/** What `report.json` holds. `version` changes when a field changes its meaning or goes. */
export interface Report {
  readonly version: 1;
  readonly verb: 'dedup' | 'filter' | 'run' | 'convert' | 'curate';
  readonly documents: {
    /** Always `kept` plus every reason of `dropped`. */
    readonly read: number;
    readonly kept: number;
    /** Kept documents whose text was changed. */
    readonly edited: number;
    /** Documents by reason; every reason the verb can give is listed, 0 included. */
    readonly dropped: Readonly<Record<string, number>>;
  };
  readonly bytes: {
    /** Stored bytes of the inputs; undefined for a stream. */
    readonly input?: number;
    /** UTF-8 bytes of the text column, read and kept; 0 where no text column is judged. */
    readonly text: number;
    readonly textKept: number;
    /** Bytes of the parts. */
    readonly output: number;
  };
  readonly seconds: number;
  /** Largest resident size of the process so far. */
  readonly peakMemoryBytes: number;
  readonly threads: number;
  readonly inputs: readonly { readonly path: string; readonly format: string; readonly documents: number }[];
  /** The first damaged rows, with `--on-error skip`; at most 100. */
  readonly unreadable: readonly string[];
  /** True when the reader of standard output went away before the end. */
  readonly isCutShort: boolean;
  /** What was run, every option spelled out; absent for convert. */
  readonly recipe?: Recipe;
  /** Thresholds that a pass before the run has measured; the recipe holds them. */
  readonly calibrations?: readonly Calibration[];
  /** Name of the column that was judged; absent for convert. */
  readonly textColumn?: string;
  /** Absent without deduplication, and with `--exact-only`. */
  readonly nearDuplicate?: NearDuplicateReport;
  /** With `--mode cluster`. */
  readonly clusters?: ClusterReport;
  /** Absent unless repeated lines are removed. */
  readonly repeatedLines?: RepeatedLinesReport;
  /** Of curate. */
  readonly curation?: CurationReport;
  /** Of curate with `--plan`. */
  readonly plan?: PlanReport;
}

/** What came of a plan that another curation had saved. All shares are of the bytes of text that were read. */
export interface PlanReport {
  readonly path: string;
  /** Always: no document was looked up among all others. */
  readonly isApproximate: true;
  readonly budget: {
    /** What the curation wrote that made the plan, repeats counted. */
    readonly plannedShare: number;
    /** What of that were repeats, which a plan does not write. */
    readonly repeatShare: number;
    /** What the plan would keep of the same dump: each document once, and what others say again. */
    readonly expectedShare: number;
    readonly keptShare: number;
    readonly writtenTokens: number;
  };
  /** Absent where no document came as far as to be told its concept. */
  readonly drift?: DriftReport | undefined;
}

/** What was measured for a step that keeps a share. */
export interface Calibration {
  readonly step: string;
  /** Documents whose scores were measured. */
  readonly documents: number;
  /** How far the share that is kept may be from what was asked for: ties, and for several models the error of the sample (99 %). */
  readonly error: number;
}

/** How the index stands, for the report. Rates and recall speak of near duplicates; all zero if only exact ones are sought. */
export interface NearDuplicateReport {
  readonly bands: number;
  readonly rows: number;
  readonly ngram: number;
  readonly filterBytes: number;
  /** Share of the filters' bits that are set. */
  readonly fill: number;
  /** Reached now, over the whole index: chance that a document like no other would be dropped. Computed from the bits set. */
  readonly falsePositiveRate: number;
  /** Chance that a pair of this Jaccard similarity shares a band. */
  readonly recall: readonly RecallPoint[];
  readonly exactSetBytes: number;
  readonly twinCacheBytes: number;
  /** With `--twins`: near duplicates whose twin the ledger names, and those that have none, which the filters dropped by error. */
  readonly twins?: { readonly named: number; readonly unnamed: number };
  /** Filters on top of each other; 1 unless more documents were kept than expected. */
  readonly layers: number;
}

/** What the clusters of duplicates came to. */
export interface ClusterReport {
  readonly bands: number;
  readonly rows: number;
  readonly ngram: number;
  /** Least estimated Jaccard similarity of a dropped document to the one kept in its place. */
  readonly minSimilarity: number;
  /** Standard deviation of such an estimate at that similarity. */
  readonly deviation: number;
  /** Chance that a pair of this Jaccard similarity shares a band. */
  readonly recall: readonly RecallPoint[];
  /** Clusters of two documents or more, and the documents of the largest. */
  readonly clusters: number;
  readonly largest: number;
  /** Pairs with a band in common that were looked at, and those that were similar enough. */
  readonly candidatePairs: number;
  readonly verifiedPairs: number;
  /** Documents kept because they were compared with as many others as is allowed before one was found to be like them. */
  readonly uncertain: number;
}

/** What the count of repeated lines or sentences came to. */
export interface RepeatedLinesReport {
  /** Units counted, and units removed. */
  readonly counted: number;
  readonly removed: number;
  /** Different units counted. */
  readonly distinct: number;
  readonly counterBytes: number;
  /** Chance at most that a unit met now is counted too high: what was asked for, or more if more units came than were expected. */
  readonly falsePositiveRate: number;
}

/** One finished file, as the manifest lists it. */
export interface Part {
  /** Relative to the output directory, with `/`. */
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
  /** XXH64 (seed 0) of the whole file, 16 hexadecimal digits. */
  readonly xxh64: string;
}

/** What `manifest.json` holds: written last, so a directory that has one is complete. */
export interface Manifest {
  readonly version: 1;
  readonly verb: Report['verb'];
  readonly format: string;
  readonly compression: string;
  readonly rows: number;
  readonly parts: readonly Part[];
  readonly ledger: readonly Part[];
  /** What was dropped, with `--keep-rejects`. */
  readonly rejects: readonly Part[];
}

/** Counts while a run goes on. */
export interface Progress {
  readonly documentsRead: number;
  readonly documentsKept: number;
  /** Documents in all the inputs, or undefined when they cannot tell. */
  readonly documentsExpected: number | undefined;
  readonly textBytes: number;
  readonly bytesWritten: number;
  readonly seconds: number;
}

/** How far work has come that is more than one reading of the inputs. */
export interface Work {
  /** What is being done, in a few words. */
  readonly doing: string;
  /** Of the whole, 0 to 1; undefined where its end is not known. */
  readonly share: number | undefined;
  /** Documents read, where documents are read. */
  readonly documents?: number;
  /** Bytes of text since this began. */
  readonly bytes: number;
  readonly seconds: number;
}

/** What a run tells whoever watches it. */
export type RunEvent =
  | {
      readonly type: 'plan';
      readonly inputs: number;
      readonly documentsExpected: number | undefined;
      readonly inputBytes: number | undefined;
      readonly threads: number;
      readonly indexBytes: number;
      /** Bytes that lie in a work folder meanwhile, about; undefined where none do or nobody knows. */
      readonly diskBytes: number | undefined;
    }
  /** A pass that only measures begins; its progress comes before the plan. */
  | { readonly type: 'measure'; readonly documentsExpected: number | undefined }
  /** A pass that brings similar documents together begins; its progress comes before the plan. */
  | {
      readonly type: 'cluster';
      readonly documentsExpected: number | undefined;
      /** Bytes that lie in a work folder meanwhile, about. */
      readonly diskBytes: number | undefined;
    }
  | { readonly type: 'progress'; readonly progress: Progress }
  | { readonly type: 'work'; readonly work: Work }
  /** Models are about to be trained, each on so many tokens. */
  | { readonly type: 'train'; readonly models: number; readonly tokens: number; readonly threads: number }
  | { readonly type: 'part'; readonly part: Part };
