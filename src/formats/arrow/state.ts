import type { Data } from 'apache-arrow';
import type { BatchBody } from './body.ts';
import type { DictionaryPlace } from './morsel.ts';
import type { StoredSchema } from './stored.ts';

/** What a thread remembers of one source between morsels. */
export interface SourceState {
  schema: StoredSchema | undefined;
  readonly dictionaries: Map<string, LoadedDictionary>;
  /** The compressed batch last read in pieces, as far as it is decompressed. */
  body: { readonly batch: number; readonly body: BatchBody } | undefined;
}

/** Values of a dictionary and the messages they came from. */
interface LoadedDictionary {
  readonly places: readonly DictionaryPlace[];
  readonly values: Data;
}

/** Sources are read one after another, so few are alive at a time; older ones are forgotten and can be read again. */
const maxStates = 4;
const states = new Map<string, SourceState>();

/** The state of a source in this thread; the one longest unused is dropped for a new one. */
export function stateOf(source: string): SourceState {
  const state = states.get(source) ?? { schema: undefined, dictionaries: new Map(), body: undefined };
  states.delete(source);
  states.set(source, state);
  for (const [other, { dictionaries }] of states) {
    if (other === source) break;
    // Only the source being read keeps what is large.
    dictionaries.clear();
    states.get(other)!.body = undefined;
    if (states.size > maxStates) states.delete(other);
  }
  return state;
}
