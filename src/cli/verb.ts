import type { ConvertOptions } from '../config.ts';
import type { OptionTable, OptionValues } from './options.ts';

/** A verb of the command line, as the overview shows it. Its options are loaded when it is called, so that the others answer at once. */
export interface CliVerb {
  readonly summary: string;
  readonly usage: string;
  readonly load: () => Promise<LoadedVerb>;
}

export interface LoadedVerb {
  readonly options: OptionTable;
  /** What `--help` says between usage and options. */
  readonly about: string;
  readonly examples: readonly string[];
  /** What it needs to start: inputs before the options, `-o`. */
  readonly needs: { readonly input: boolean; readonly out: boolean };
  /** What an interrupted run leaves; default: finished parts and no manifest. */
  readonly whenInterrupted?: string;
  /** Text that an option asked for in place of a run, such as `--print-recipe`; undefined for a run. */
  readonly print?: (positionals: readonly string[], values: OptionValues) => Promise<string | undefined>;
  /** @returns what is to be said on standard error when the run is over. */
  readonly run: (positionals: readonly string[], values: OptionValues, watch: Watch) => Promise<string>;
}

/** What the command line adds to the options of a run. */
type Watch = Pick<ConvertOptions, 'signal' | 'onEvent'>;

/** Said of every verb that reads documents. */
export const ABOUT_INPUTS =
  'IN: files, directories, globs, or - for standard input; Parquet, JSON lines (.gz, .zst), JSON arrays, Arrow IPC.';
