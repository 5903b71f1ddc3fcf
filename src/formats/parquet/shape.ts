/**
 * The shape of a column as plain data, so that it crosses to a worker inside a morsel. Definition and repetition levels
 * are those of Dremel (Melnik et al. 2010) as Parquet uses them: an entry of a leaf defines everything above it up to its level.
 */
export type Shape = LeafShape | StructShape | ListShape | MapShape;

interface Common {
  readonly name: string;
  readonly nullable: boolean;
  /** Metadata of the Arrow field, where the file brings it along. */
  readonly metadata?: readonly (readonly [string, string])[];
  /** Definition level from which the value itself is there (not null). */
  readonly definition: number;
  /** Definition level from which there is a place for it at all: the element level of the nearest list above, else 0. */
  readonly place: number;
  /** Repetition level of the nearest list above, else 0: entries of a greater level continue the same place. */
  readonly repetition: number;
}

export interface LeafShape extends Common {
  readonly kind: 'leaf';
  readonly type: LeafType;
  /** Index among the leaves of the file. */
  readonly leaf: number;
}

export interface StructShape extends Common {
  readonly kind: 'struct';
  readonly children: readonly Shape[];
}

/** `definition` says there is a list; an element is there from `definition + 1`, and a further one has level `repetition + 1`. */
interface ListShape extends Common {
  readonly kind: 'list';
  readonly child: Shape;
}

/** As a list; its child is the struct of key and value. */
interface MapShape extends Common {
  readonly kind: 'map';
  readonly child: StructShape;
}

export type LeafType =
  | { readonly kind: 'null' }
  | { readonly kind: 'bool' }
  | { readonly kind: 'int'; readonly bits: 8 | 16 | 32 | 64; readonly signed: boolean }
  | { readonly kind: 'float'; readonly bits: 16 | 32 | 64 }
  | { readonly kind: 'utf8' }
  | { readonly kind: 'binary' }
  | { readonly kind: 'fixed'; readonly width: number }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number; readonly bits: 128 | 256 }
  | { readonly kind: 'date' }
  | { readonly kind: 'time'; readonly unit: 'ms' | 'us' | 'ns' }
  /** With a zone values are instants in UTC, and the zone is the one to show them in. */
  | { readonly kind: 'timestamp'; readonly unit: 'ms' | 'us' | 'ns'; readonly zone: string | undefined }
  | { readonly kind: 'duration'; readonly unit: 's' | 'ms' | 'us' | 'ns' };

export type Physical =
  | 'BOOLEAN'
  | 'INT32'
  | 'INT64'
  | 'INT96'
  | 'FLOAT'
  | 'DOUBLE'
  | 'BYTE_ARRAY'
  | 'FIXED_LEN_BYTE_ARRAY';

/** A leaf column as its pages store it. */
export interface LeafColumn {
  /** Dotted path in the schema, for messages. */
  readonly path: string;
  readonly physical: Physical;
  /** Bytes of a stored value; 0 where each has its own length, 1 for a boolean. */
  readonly width: number;
  readonly type: LeafType;
  readonly maxDefinition: number;
  readonly maxRepetition: number;
  /** Definition level from which a value has a place in the Arrow column. */
  readonly place: number;
  /** True if levels must be kept to build what is above the leaf. */
  readonly isNested: boolean;
}

/** Leaves of a shape, in schema order. */
export function leavesOf(shape: Shape): LeafShape[] {
  switch (shape.kind) {
    case 'leaf':
      return [shape];
    case 'struct':
      return shape.children.flatMap(leavesOf);
    case 'list':
    case 'map':
      return leavesOf(shape.child);
  }
}
