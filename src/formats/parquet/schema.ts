import type { SchemaElement } from 'hyparquet';
import { CurationError } from '../../errors.ts';
import { leafType, physicalWidth } from './leaf-type.ts';
import type { LeafColumn, Physical, Shape, StructShape } from './shape.ts';

/** The schema of a file: top-level columns, and the leaves in the order of a row group's column chunks. */
export interface FileSchema {
  readonly columns: readonly Shape[];
  readonly leaves: readonly LeafColumn[];
}

const MAX_DEPTH = 100;

interface Element {
  readonly element: SchemaElement;
  readonly children: readonly Element[];
}

/** Levels on the way down. */
interface Levels {
  readonly definition: number;
  readonly repetition: number;
  readonly place: number;
}

/**
 * Turns the flat list of schema elements into shapes, with the rules of Parquet's LogicalTypes.md for lists and maps,
 * those for backward compatibility included.
 */
export function readSchema(elements: readonly SchemaElement[], path: string): FileSchema {
  const bad = (expected: string, found: string): CurationError =>
    new CurationError('BAD_INPUT', `${path}: Parquet schema: expected ${expected}, found ${found}`);
  let next = 0;
  const take = (depth: number): Element => {
    const element = elements[next++];
    if (element === undefined) throw bad('more elements', 'the end');
    if (depth > MAX_DEPTH) throw bad(`at most ${MAX_DEPTH} levels of nesting`, 'more');
    if (typeof element.name !== 'string') throw bad('a name for each element', 'none');
    const children: Element[] = [];
    const count = element.num_children ?? 0;
    if (count < 0 || count > elements.length - next) throw bad(`children of "${element.name}"`, `${count}`);
    for (let i = 0; i < count; i++) children.push(take(depth + 1));
    return { element, children };
  };
  const root = take(0);
  if (next !== elements.length) throw bad('one root', 'several');
  const builder = new SchemaBuilder(path);
  const columns = root.children.map((child) =>
    builder.field(child, { definition: 0, repetition: 0, place: 0 }, [], true),
  );
  return { columns, leaves: builder.leaves };
}

class SchemaBuilder {
  readonly leaves: LeafColumn[] = [];
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** A field where it stands; a repeated one without annotation is a required list of required elements. */
  field(node: Element, above: Levels, names: readonly string[], isTop = false): Shape {
    const { element } = node;
    const here = [...names, element.name];
    if (element.repetition_type === 'REPEATED') {
      const inside = elementLevels(above);
      return {
        kind: 'list',
        name: element.name,
        nullable: false,
        definition: above.definition,
        place: above.place,
        repetition: above.repetition,
        child: this.#value(node, inside, here, false, false),
      };
    }
    return this.#value(node, above, here, element.repetition_type === 'OPTIONAL', isTop);
  }

  #value(node: Element, above: Levels, names: readonly string[], nullable: boolean, isTop: boolean): Shape {
    const { element, children } = node;
    const common = {
      name: element.name,
      nullable,
      definition: above.definition + (nullable ? 1 : 0),
      place: above.place,
      repetition: above.repetition,
    };
    if (children.length === 0) {
      // A group without fields holds nothing and has no column chunk.
      if (element.type === undefined) {
        throw this.#unsupported(names, 'a struct with fields', 'one without');
      }
      return { kind: 'leaf', ...common, ...this.#leaf(element, common, names, isTop) };
    }
    const levels: Levels = {
      definition: common.definition,
      repetition: above.repetition,
      place: above.place,
    };
    const repeated = children.length === 1 && children[0]!.element.repetition_type === 'REPEATED';
    const only = children[0]!;
    if (repeated && isMap(element) && isEntries(only)) {
      const [key, value] = only.children;
      const inside = elementLevels(levels);
      const path = [...names, only.element.name];
      // Without values a map is the list of its keys.
      if (value === undefined) return { kind: 'list', ...common, child: this.field(key!, inside, path) };
      const child: StructShape = {
        kind: 'struct',
        name: only.element.name,
        nullable: false,
        ...inside,
        children: [this.field(key!, inside, path), this.field(value, inside, path)],
      };
      return { kind: 'map', ...common, child };
    }
    if (repeated && (isList(element) || isMap(element))) {
      const inside = elementLevels(levels);
      const path = [...names, only.element.name];
      const child = isWrapper(only, element.name)
        ? this.field(only.children[0]!, inside, path)
        : this.#value(only, inside, path, false, false);
      return { kind: 'list', ...common, child };
    }
    return {
      kind: 'struct',
      ...common,
      children: children.map((child) => this.field(child, levels, names)),
    };
  }

  #leaf(
    element: SchemaElement,
    at: Levels,
    names: readonly string[],
    isTop: boolean,
  ): { leaf: number; type: LeafColumn['type'] } {
    if (at.definition > 255) throw this.#unsupported(names, 'at most 255 levels', `${at.definition}`);
    const physical = element.type as Physical;
    const type = leafType(element, names.join('.'), this.#path);
    const leaf = this.leaves.length;
    this.leaves.push({
      path: names.join('.'),
      physical,
      width: physicalWidth(element),
      type,
      maxDefinition: at.definition,
      maxRepetition: at.repetition,
      place: at.place,
      isNested: !isTop,
    });
    return { leaf, type };
  }

  #unsupported(names: readonly string[], expected: string, found: string): CurationError {
    return new CurationError(
      'UNSUPPORTED',
      `${this.#path}: column "${names.join('.')}": expected ${expected}, found ${found}`,
    );
  }
}

function elementLevels(list: Levels): Levels {
  const definition = list.definition + 1;
  return { definition, repetition: list.repetition + 1, place: definition };
}

function isMap(element: SchemaElement): boolean {
  const { converted_type: converted, logical_type: logical } = element;
  return converted === 'MAP' || converted === 'MAP_KEY_VALUE' || logical?.type === 'MAP';
}

function isList(element: SchemaElement): boolean {
  return element.converted_type === 'LIST' || element.logical_type?.type === 'LIST';
}

function isEntries(repeated: Element): boolean {
  const { children } = repeated;
  return (
    children.length >= 1 &&
    children.length <= 2 &&
    children.every(({ element }) => element.repetition_type !== 'REPEATED')
  );
}

/** True if the repeated group only wraps the element (three levels); false if it is the element itself (two levels). */
function isWrapper(repeated: Element, listName: string): boolean {
  const { element, children } = repeated;
  return (
    children.length === 1 &&
    children[0]!.element.repetition_type !== 'REPEATED' &&
    element.name !== 'array' &&
    element.name !== `${listName}_tuple`
  );
}
