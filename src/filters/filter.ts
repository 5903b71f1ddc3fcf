import type { RuleKernel } from '../kernels/rules/kernel.ts';

/** What an option of a step can be. `null` is "off", for options that can be switched off. */
export type OptionValue = number | boolean | string | readonly string[] | null;

/** Options of one step by name, defaults filled in; one that has no default and was not given is absent. */
export type StepOptions = Readonly<Record<string, OptionValue | undefined>>;

/** One step of a recipe: the name of its definition, and options that differ from the defaults. */
export interface RecipeStep {
  readonly use: string;
  readonly [option: string]: OptionValue | undefined;
}

/** What is done with every document, in this order. */
export interface Recipe {
  readonly version: 1;
  /** How rules cut text into words. */
  readonly words: WordRule;
  readonly steps: readonly RecipeStep[];
}

/**
 * One option of a step. Command line, recipe, JSON schema and help are all made of these, so an option is described once.
 * Names are snake_case in a recipe, as datatrove has them, and kebab-case on the command line.
 */
export interface OptionSpec {
  /** `texts` and `paths` are lists: comma separated on the command line. A list of words is a choice. `rate` is 0 to 1. */
  readonly kind:
    | 'count'
    | 'number'
    | 'rate'
    | 'flag'
    | 'text'
    | 'texts'
    | 'path'
    | 'paths'
    | readonly string[];
  readonly default?: OptionValue;
  /** Smallest and largest value of a number. */
  readonly least?: number;
  readonly most?: number;
  /** Whether `off` (command line) or `null` (recipe) switches the check off. */
  readonly canBeOff?: boolean;
  /** Name on the command line where it is not the kebab-case of the name; without dashes. */
  readonly flag?: string;
  /** What stands for the value in `--help`. */
  readonly value?: string;
  /** One line, lower case, no full stop; the default is added by whoever prints it. */
  readonly help: string;
}

/** A step as recipes name it: everything that is known of it before the first document. */
export interface StepDefinition {
  /** As in `use: gopher-quality`. */
  readonly name: string;
  /** One line for help and schema. */
  readonly summary: string;
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** Every reason it can drop a document for, with these options; verdict `i` of `judge` is reason `i - 1`. */
  readonly reasons: (options: StepOptions) => readonly string[];
  /** Values it finds for every document, that can be written as columns; same order as `Filter.values`. */
  readonly columns?: (options: StepOptions) => readonly ValueColumn[];
  /** Input column it reads beside the text, such as `url`; a missing one is a usage error. */
  readonly column?: (options: StepOptions) => string | undefined;
  /**
   * Runs on the main thread before the first document: checks what options cannot say alone and reads files.
   * The result goes to each thread by structured clone, so large tables are views of SharedArrayBuffers.
   * @throws CurationError `USAGE` or `BAD_INPUT` naming the option or the file, what was expected and what was found.
   */
  readonly load?: (options: StepOptions) => Promise<Resources>;
}

/** A step that judges each document by itself, in a thread. */
export interface FilterDefinition extends StepDefinition {
  /** Runs in each thread. */
  readonly create: (options: StepOptions, context: FilterContext) => Filter | Promise<Filter>;
}

/** What `load` found, by name: numbers, texts, typed arrays on shared memory. */
export type Resources = Readonly<Record<string, unknown>>;

/** A column of values: 32-bit floats, or labels. */
export interface ValueColumn {
  readonly name: string;
  /** `label`: the value is a position in `Filter.labels`, or -1 for none. */
  readonly kind: 'score' | 'label';
}

export interface FilterContext {
  readonly resources: Resources;
  /** How text is cut into words: see kernels/rules/kernel.ts. */
  readonly words: WordRule;
  /** The byte kernel of the rule sets, one for each thread: its tokenization of a document is shared by all who ask. */
  readonly kernel: RuleKernel;
}

export type WordRule = 'unicode' | 'whitespace';

/** A filter at work in a thread. Synchronous, not reentrant; keeps nothing of one document for the next. */
export interface Filter {
  /**
   * 0: the document passes, perhaps with its text replaced. `i`: it is dropped for reason `i - 1`, and `evidence` says why.
   * Never throws because of what the text is: any bytes, empty, not UTF-8, NUL, 10 MB without a line break. Linear time.
   */
  judge(document: Document): number;
  /** Why the last document was dropped; overwritten by the next. */
  readonly evidence: Evidence;
  /** Values of the last document, one for each of `columns`. */
  readonly values?: Float64Array;
  /** What values of kind `label` stand for. */
  readonly labels?: readonly string[];
}

/** For the ledger. */
export interface Evidence {
  /** What was measured, or NaN where a reason has no number. */
  statistic: number;
  /** What it was compared with, or NaN. */
  threshold: number;
  /** What was found, in words: the banned word, the benchmark and its n-gram; or undefined. */
  detail: string | undefined;
}

/** A document while it is judged: row of a batch, text as edited by the filters before. A view, valid during the call. */
export interface Document {
  /** UTF-8 (any bytes are possible) at `bytes[start .. end)`. */
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** Value of the column this filter named in its definition, undefined where it is null. */
  readonly column: string | undefined;
  /**
   * Gives the document a new text. The memory is the filter's and must stay as it is until its next `judge`. Only for a
   * document that passes: what is dropped keeps the text it came with.
   */
  replace(bytes: Uint8Array, start: number, end: number): void;
}
