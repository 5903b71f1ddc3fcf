import type { Morsel } from '../format.ts';
import type { MessageSpan } from './messages.ts';

/** One dictionary message that a morsel's batch depends on. */
export interface DictionaryPlace {
  /** Its number among the dictionary messages of the source: tells a replacement from what it replaces. */
  readonly sequence: number;
  readonly id: string;
  readonly isDelta: boolean;
  readonly span: MessageSpan;
  /** The message itself where there is no file to read it from; shared, so that a thousand morsels hold it once. */
  readonly bytes: Uint8Array<SharedArrayBuffer> | undefined;
}

/** Where a schema is written: a message or a footer, in the file or, for a stream, here. */
export interface SchemaPlace {
  readonly kind: 'message' | 'footer';
  readonly offset: number;
  readonly byteLength: number;
  readonly bytes: Uint8Array<SharedArrayBuffer> | undefined;
}

/** Rows of one record batch. Spans are into the file or, for a stream, into `bytes`. */
export interface ArrowMorsel extends Morsel {
  readonly format: 'arrow';
  /** Names the opened source: what a thread remembers of schema and dictionaries is filed under it. */
  readonly source: string;
  readonly schema: SchemaPlace;
  /** Dictionary messages that apply, oldest first; of each id one that is whole, then its deltas. */
  readonly dictionaries: readonly DictionaryPlace[];
  /** Number of the record batch in its source, from 0. */
  readonly batch: number;
  readonly span: MessageSpan;
  /** Rows of the batch, `end` excluded. */
  readonly start: number;
  readonly end: number;
  /** Names of columns wanted; undefined is all. */
  readonly columns: readonly string[] | undefined;
}

/** Of the first `count` dictionary messages those that still apply: what a whole one replaced is left out. */
export function appliedDictionaries(places: readonly DictionaryPlace[], count: number): DictionaryPlace[] {
  const replaced = new Set<string>();
  const applied: DictionaryPlace[] = [];
  for (let i = count - 1; i >= 0; i -= 1) {
    const place = places[i]!;
    if (replaced.has(place.id)) continue;
    applied.push(place);
    if (!place.isDelta) replaced.add(place.id);
  }
  return applied.reverse();
}
