import type { Field, Schema } from 'apache-arrow';

/** How the buffers of one stored field lie in a body. */
export type Layout =
  | 'null'
  | 'bool'
  | 'fixed'
  | 'variable'
  | 'view'
  | 'list'
  | 'listView'
  | 'fixedList'
  | 'struct'
  | 'sparseUnion'
  | 'denseUnion'
  | 'runEnd';

/** A field as it is stored, beside the field it is decoded to. */
export interface StoredField {
  /**
   * The field as it is loaded: dictionaries and run ends flattened to their values, views and all offsets in the 32-bit
   * form, which a batch always fits. `widenedField` says what the source calls it.
   */
  readonly field: Field;
  readonly layout: Layout;
  /** Bytes of one value (fixed) or of one offset (variable, list, listView); else 0. */
  readonly byteWidth: number;
  readonly isText: boolean;
  readonly children: readonly StoredField[];
  readonly dictionary: DictionaryKey | undefined;
  /** What it is when stored plainly: of a dictionary, its values. */
  readonly values: StoredField | undefined;
}

/** Which dictionary a column's indices point into, and how the indices are stored. */
interface DictionaryKey {
  readonly id: string;
  readonly byteWidth: number;
  readonly isSigned: boolean;
}

/** A schema read from a source (`schema` with the types that batches have), ready to load batches with. */
export interface StoredSchema {
  readonly schema: Schema;
  readonly fields: readonly StoredField[];
  /** Values of each dictionary by id. */
  readonly dictionaries: ReadonlyMap<string, StoredField>;
}
