import { createHash } from 'node:crypto';
import type { ParityDocument } from './boundaries.ts';
import { bytesOf, textOf } from './bytes.ts';
import { generatedDocuments } from './documents.ts';

/** Stored verdicts of datatrove about generated documents: no text, since those can be made again. */
export interface Golden {
  readonly datatrove: string;
  readonly documents: number;
  /** Hash of all texts: if it differs, the generator has changed and not the filters. */
  readonly texts: string;
  readonly comparisons: Readonly<Record<string, GoldenVerdicts>>;
}

export interface GoldenVerdicts {
  readonly reasons: readonly string[];
  /** One character for each document the comparison is for: `.` passes, `~` passes with another text, `!` datatrove raises, else the reason from `a` on. */
  readonly verdicts: string;
  /** Hashes of the other texts, in order, without anything between. */
  readonly texts: string;
}

export const PASSES = '.';
export const EDITED = '~';
export const RAISES = '!';
export const reasonLetter = (position: number): string => String.fromCharCode(0x61 + position);

/** Hexadecimal digits of a hash of a text. */
export const HASH_DIGITS = 6;
export const shortHash = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex').slice(0, HASH_DIGITS);

/** The documents that the stored verdicts are about. */
export function goldenDocuments(): ParityDocument[] {
  return [...generatedDocuments(310_10, 500)].map((document) => ({
    ...document,
    text: textOf(bytesOf(document.text)),
  }));
}

export function hashOfAll(documents: readonly ParityDocument[]): string {
  const hash = createHash('sha256');
  for (const { text } of documents) hash.update(bytesOf(text)).update('\xff', 'latin1');
  return hash.digest('hex').slice(0, 16);
}
