import type { Data } from 'apache-arrow';
import { CurationError } from '../../errors.ts';
import { type Allocate, BatchBody, type BodyBytes, memoryBody } from './body.ts';
import { concatenate, OverBudget } from './gather.ts';
import { loadColumns } from './load.ts';
import { type MessageSpan, maxBodyBytes, readMessage } from './messages.ts';
import type { ArrowMorsel, DictionaryPlace } from './morsel.ts';
import type { SourceState } from './state.ts';
import type { StoredSchema } from './stored.ts';

/** How the messages of a source are reached. */
export interface MessageBytes {
  /** Bytes `[offset, offset + byteLength)` of the file or of the morsel. */
  bytes(offset: number, byteLength: number, where: string): Uint8Array;
  body(span: MessageSpan, where: string, allocate?: Allocate): BodyBytes;
}

/** A source, as far as its dictionaries need it. */
export interface DictionarySource {
  readonly state: SourceState;
  readonly stored: StoredSchema;
  readonly reading: MessageBytes;
}

/**
 * Values of dictionary `id` as the morsel's batch sees it: the last whole one and its deltas after it. What this thread
 * has loaded is kept and deltas are added to it. Dictionaries inside a dictionary are flattened first, in whatever order
 * the file has them.
 */
export function readDictionary(
  id: string,
  morsel: ArrowMorsel,
  source: DictionarySource,
  outer: readonly string[] = [],
): Data | undefined {
  const places = morsel.dictionaries.filter((place) => place.id === id);
  if (places.length === 0) return undefined;
  const field = source.stored.dictionaries.get(id);
  if (field === undefined) return undefined;
  const known = source.state.dictionaries.get(id);
  const isCurrent = known?.places.every((place, i) => isSame(place, places[i])) ?? false;
  if (outer.includes(id)) {
    throw new CurationError('BAD_INPUT', `${morsel.path}: dictionary ${id} is made of itself`);
  }
  let values = isCurrent ? known?.values : undefined;
  for (const place of places.slice(isCurrent ? known?.places.length : 0)) {
    const more = loadPlace(place, morsel, source, [...outer, id]);
    try {
      values =
        place.isDelta && values !== undefined ? concatenate(values, more, { bytes: maxBodyBytes }) : more;
    } catch (error) {
      throw tooLarge(error, morsel.path, id);
    }
  }
  if (values !== undefined) source.state.dictionaries.set(id, { places, values });
  return values;
}

function loadPlace(
  place: DictionaryPlace,
  morsel: ArrowMorsel,
  source: DictionarySource,
  outer: readonly string[],
): Data {
  const where = `${morsel.path}: dictionary ${place.id}`;
  const { span } = place;
  // Copied out of shared memory: text is checked once, and must stay what was checked.
  const held = place.bytes === undefined ? undefined : new Uint8Array(place.bytes);
  const metadata =
    held?.subarray(span.offset, span.offset + span.metadataLength) ??
    source.reading.bytes(span.offset, span.metadataLength, where);
  const message = readMessage(metadata, where);
  if (message.kind !== 'dictionary' || message.id !== place.id || message.bodyLength > span.bodyLength) {
    throw new CurationError('BAD_INPUT', `${where}: its message is gone; the file changed while it was read`);
  }
  const body =
    held === undefined ? source.reading.body(span, where) : memoryBody(held.subarray(span.bodyOffset));
  try {
    const [values] = loadColumns(
      [source.stored.dictionaries.get(place.id)!],
      [true],
      0,
      message.batch.rowCount,
      {
        body: new BatchBody(message.batch, body, where),
        budget: { bytes: maxBodyBytes },
        dictionary: (id) => readDictionary(id, morsel, source, outer),
        onInvalidText: (row) => {
          throw new CurationError(
            'BAD_INPUT',
            `${where}: entry ${row}: expected UTF-8 text, found other bytes`,
          );
        },
      },
    );
    return values!;
  } catch (error) {
    throw tooLarge(error, morsel.path, place.id);
  }
}

function isSame(a: DictionaryPlace, b: DictionaryPlace | undefined): boolean {
  return b !== undefined && a.sequence === b.sequence;
}

function tooLarge(error: unknown, path: string, id: string): unknown {
  if (!(error instanceof OverBudget)) return error;
  return new CurationError(
    'UNSUPPORTED',
    `${path}: dictionary ${id} is larger than ${maxBodyBytes} bytes once flattened`,
    { cause: error },
  );
}
