import type { Readable } from 'node:stream';
import type { Schema } from 'apache-arrow';
import { unionSchemas } from './columns/schema.ts';
import type { InputOptions } from './config.ts';
import { CurationError } from './errors.ts';
import type { Source } from './formats/format.ts';
import { openSource, resolveInputs } from './formats/inputs.ts';

/** All inputs of a run, opened; nothing but footers and samples has been read. */
export interface Inputs {
  readonly sources: readonly Source[];
  /** Union of the columns, by name, in the order of first appearance. */
  readonly schema: Schema;
  /** Documents in all, or undefined when one of the inputs cannot tell. */
  readonly documents: number | undefined;
  readonly isDocumentsExact: boolean;
  readonly byteLength: number | undefined;
}

/** @throws CurationError when an input is missing, unreadable, or does not agree with the others on a column's type. */
export async function openInputs(options: InputOptions): Promise<Inputs> {
  const patterns = typeof options.input === 'string' ? [options.input] : options.input;
  const stdin = options.stdin ?? process.stdin;
  const sources: Source[] = [];
  for (const path of await resolveInputs(patterns)) {
    const format = options.inputFormat;
    sources.push(
      await openSource(path, {
        ...(format === undefined ? {} : { format }),
        ...(path === '-' ? { stdin: bytesOf(stdin) } : {}),
      }),
    );
  }
  return {
    sources,
    schema: unionSchemas(sources),
    documents: sum(sources.map(({ rowCount }) => rowCount)),
    isDocumentsExact: sources.every(({ isRowCountExact }) => isRowCountExact),
    byteLength: sum(sources.map(({ byteLength }) => byteLength)),
  };
}

/** @throws CurationError `USAGE` for standard input. @param says what needs more than one pass, and what to do instead. */
export function refuseStandardInput({ sources }: Inputs, says: { needs: string; instead: string }): void {
  if (!sources.some(({ path }) => path === '-')) return;
  throw new CurationError(
    'USAGE',
    `${says.needs} needs two passes, and standard input can be read once; give files, or ${says.instead}`,
  );
}

/** Chunks as bytes: a Readable made from strings, or with an encoding set, gives strings. */
async function* bytesOf(stream: Readable): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of stream as AsyncIterable<string | Uint8Array>) {
    yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
  }
}

function sum(values: readonly (number | undefined)[]): number | undefined {
  let total = 0;
  for (const value of values) {
    if (value === undefined) return undefined;
    total += value;
  }
  return total;
}
