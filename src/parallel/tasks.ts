import type { Ids } from '../columns/ids.ts';
import type { NoteColumn, Notes } from '../columns/notes.ts';
import type { Placement } from '../columns/wire.ts';
import type { ConceptTree } from '../concepts/tree.ts';
import type { EncodedRows, Encoding } from '../encoders/encoding.ts';
import type { ErrorCode } from '../errors.ts';
import type { Outcomes } from '../filters/chain.ts';
import type { Examination } from '../filters/examiner.ts';
import type { OutputFormat } from '../formats/encoders.ts';
import type { Encoded, Morsel, Reject } from '../formats/format.ts';
import type { FeatureLists } from '../kernels/lexical/features.ts';
import type { LexicalModel } from '../kernels/lexical/model.ts';
import type { LexicalTraining } from '../kernels/lexical/train.ts';
import type { Units } from '../kernels/line-units.ts';
import type { ProxyPlan } from '../kernels/proxy/create.ts';
import type { HeldOut } from '../kernels/proxy/proxy.ts';
import type { Redundancy, RedundancyOptions } from '../kernels/redundancy/redundancy.ts';
import type { SignatureParameters, Signatures } from '../kernels/signatures/signatures.ts';
import type { Vectors } from '../kernels/vectors/vectors.ts';
import type { Cuts } from '../verdicts.ts';

/** What a thread must know of the whole run; sent once, when the thread starts. */
export interface Job {
  /** Schema of every batch after `conform`, as an IPC schema message; empty when the job never decodes. */
  readonly schema: Uint8Array;
  readonly onError: 'fail' | 'skip';
  /** Index of the text column in `schema`, or -1 where no text is judged. */
  readonly textIndex: number;
  /** Index of the id column in `schema`, or -1. */
  readonly idIndex: number;
  /** `none`: no hashes. `exact`: content hashes. Otherwise content hashes and band keys. */
  readonly signatures: 'none' | 'exact' | SignatureParameters;
  /** What filters do with the text; undefined without filters. */
  readonly examination: Examination | undefined;
  /** What is made of every text besides: its direction, and its concept. */
  readonly encoding: Encoding | undefined;
  /** Kinds of output the job encodes, by name. */
  readonly outputs: Readonly<Record<string, JobOutput>>;
  /** What models are measured on, in shared memory; undefined where none is trained. */
  readonly heldOut: HeldOut | undefined;
}

/** A job that only decodes; what else is asked for is spread over it. */
export const decodingJob: Job = {
  schema: new Uint8Array(0),
  onError: 'fail',
  textIndex: -1,
  idIndex: -1,
  signatures: 'none',
  examination: undefined,
  encoding: undefined,
  outputs: {},
  heldOut: undefined,
};

interface JobOutput {
  readonly format: OutputFormat;
  /** Of the batches that are gathered, as an IPC schema message. */
  readonly schema: Uint8Array;
  /** Columns that are added behind the others. */
  readonly noteColumns: readonly NoteColumn[];
  /** Whether batches are gathered into a slab and written from there: for formats that store them as they are. */
  readonly writesFromSlab: boolean;
}

/** A batch that lies in memory both sides can see, or that is handed over whole. */
export interface PlacedBatch {
  readonly placement: Placement;
  readonly bytes: Uint8Array;
}

/** Rows of a placed batch; `rows` undefined is all of them. */
export interface PlacedPiece extends PlacedBatch {
  readonly rows: Uint32Array | undefined;
  /** What was noted of each of these rows, where the output has a column for it. */
  readonly notes: Notes | undefined;
  /** What is cut out of the text, by rows of the whole batch. */
  readonly cuts: Cuts | undefined;
}

/** A morsel decoded into the slab, judged and hashed. The arrays lie behind the batch in the slab where there is room. */
export interface Analysis {
  readonly rowCount: number;
  /** Undefined when a row does not fit the slab: `slabBytes` says what it takes, `rest` is the morsel again. */
  readonly placement: Placement | undefined;
  readonly slabBytes: number;
  readonly rest: Morsel | undefined;
  readonly rejects: readonly Reject[];
  readonly signatures: Signatures | undefined;
  /** What the filters before and after the hashing decided; empty without filters. */
  readonly outcomes: readonly Outcomes[];
  /** Lines or sentences of the rows that the filters passed, where repeated ones are counted. */
  readonly units: Units | undefined;
  /** Where the job encodes. */
  readonly encoded: EncodedRows | undefined;
  /** Bytes of each text as it was read; empty where no text column is judged. */
  readonly textLengths: Uint32Array;
  /** Bytes of each text as it will be written: the same array where nothing is edited. */
  readonly writtenLengths: Uint32Array;
  /** Logical bytes of each row over all columns (columns/sizes.ts). */
  readonly rowBytes: Uint32Array;
  readonly ids: Ids | undefined;
}

/** Every task a thread can run: name, what goes in, what comes out. */
export interface Tasks {
  /** Decode a morsel into the slab, judge and hash its text. */
  readonly analyze: {
    readonly input: { readonly morsel: Morsel; readonly slab: SharedArrayBuffer };
    readonly output: Analysis;
  };
  /** Decode a morsel into memory of its own. */
  readonly decode: {
    readonly input: { readonly morsel: Morsel; readonly byteLimit: number };
    readonly output: PlacedBatch & {
      readonly rowCount: number;
      readonly rest: Morsel | undefined;
      readonly rejects: readonly Reject[];
    };
  };
  /** Hash text that somebody else decoded. */
  readonly sign: {
    readonly input: { readonly bytes: Uint8Array; readonly offsets: Int32Array };
    readonly output: Signatures;
  };
  /** Copy the chosen rows to one batch and encode it. What is written as it is, is copied straight to `slab` and lies there. */
  readonly encode: {
    readonly input: {
      readonly output: string;
      readonly pieces: readonly PlacedPiece[];
      readonly slab: SharedArrayBuffer | undefined;
    };
    readonly output: Encoded;
  };
  /** Train a proxy model on a file of symbols, and measure it at each budget. */
  readonly train: {
    readonly input: {
      readonly proxy: ProxyPlan;
      /** Bytes the model may take. */
      readonly memoryBytes: number;
      readonly path: string;
      /** Symbols after which it is measured, ascending; the file has no fewer than the last. */
      readonly budgets: readonly number[];
      /** One number in shared memory: symbols that all threads have trained on, each counted `weight` times. */
      readonly done: BigInt64Array;
      readonly weight: number;
    };
    readonly output: {
      /** For each budget: bits of each held-out document. */
      readonly bits: readonly Float64Array[];
      /** For each budget: n-grams or parameters the model held. */
      readonly sizes: readonly number[];
    };
  };
  /** Learn what the lexical encoder knows from a sample. */
  readonly learn: {
    readonly input: { readonly features: FeatureLists; readonly options: LexicalTraining };
    readonly output: LexicalModel;
  };
  /** Find concepts in a sample. */
  readonly findConcepts: {
    readonly input: { readonly sample: Vectors; readonly leaves: number; readonly seed: number };
    readonly output: ConceptTree;
  };
  /** Find documents of one concept, best first, that say what a better one says. */
  readonly findRedundant: {
    readonly input: { readonly vectors: Vectors; readonly options: RedundancyOptions };
    readonly output: Redundancy;
  };
  /** Copy the chosen rows to one batch, so that the slabs they lie in can go. */
  readonly compact: {
    readonly input: { readonly output: string; readonly pieces: readonly PlacedPiece[] };
    readonly output: PlacedBatch;
  };
}

export type TaskName = keyof Tasks;

/**
 * How a task ends. A failure the user can mend travels as a value, because structured clone strips an error of its class
 * and of its `code`; anything else thrown in a thread is a defect and rejects as it is.
 */
export type Outcome<Output> =
  | { readonly output: Output }
  | { readonly failure: { readonly code: ErrorCode; readonly message: string } };
