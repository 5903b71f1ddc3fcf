import { isUtf8 } from 'node:buffer';
import type { LineField, LineLayout, LineType } from './line-types.ts';
import { keyText, Scanner } from './scan.ts';

/** Columns and fields of structs a schema may have; an object used as a map with more keys would make a table of holes. */
const FIELD_LIMIT = 2000;
/** Types inside one another; Arrow readers refuse metadata much deeper than this. */
const TYPE_DEPTH_LIMIT = 32;

/** What a lines sample tells: the layout, and counts to estimate from. */
export interface Inferred {
  readonly layout: LineLayout;
  /** Lines that are not blank. */
  readonly lineCount: number;
}

/** What values were seen at one place, by kind. */
interface Seen {
  bools: number;
  integers: number;
  floats: number;
  strings: number;
  lists: number;
  objects: number;
  /** Elements of the lists; made when the first list comes. */
  item: Seen | undefined;
  /** Fields of the objects in order of appearance; a Map, so that no key is special. */
  fields: Map<string, Seen> | undefined;
}

/**
 * Finds the layout from sample lines (each ended by a line feed; 4 bytes must follow the last). A place that holds several
 * kinds gets the most frequent one, the first of them at a tie; integers and floats together are floats. What was only
 * null, or an empty object, is text. Damaged lines say nothing. The layout depends on the sample's bytes alone.
 */
export function inferLayout(sample: Buffer, end: number): Inferred {
  const scanner = new Scanner();
  scanner.setBlock(sample);
  const root = nothingSeen();
  const budget = { fields: FIELD_LIMIT };
  let lineCount = 0;
  for (let start = 0; start < end; ) {
    const lineEnd = sample.indexOf(10, start);
    scanner.setLine(start, lineEnd);
    if (scanner.skipSpace() !== 0x0a) {
      lineCount++;
      const valueStart = scanner.position;
      // Looked over as a whole first: half of a damaged line must not shape the schema.
      const isObject = sample[valueStart] === 0x7b && isUtf8(sample.subarray(start, lineEnd));
      if (isObject && scanner.skipValue(0) && scanner.expectEnd()) {
        scanner.position = valueStart;
        look(scanner, root, 0, budget);
      }
    }
    start = lineEnd + 1;
  }
  const fields = resolveFields(root);
  return { layout: { fields, restName: freeName(fields) }, lineCount };
}

function nothingSeen(): Seen {
  return {
    bools: 0,
    integers: 0,
    floats: 0,
    strings: 0,
    lists: 0,
    objects: 0,
    item: undefined,
    fields: undefined,
  };
}

function freeName(fields: readonly LineField[]): string {
  const taken = new Set(fields.map((field) => field.name));
  let name = '_rest';
  for (let number = 2; taken.has(name); number++) name = `_rest_${number}`;
  return name;
}

/** Reads one value of a line known to be whole and notes it in `seen`. */
function look(scanner: Scanner, seen: Seen, depth: number, budget: { fields: number }): void {
  switch (scanner.bytes[scanner.position]) {
    case 0x7b:
      seen.objects++;
      if (depth > TYPE_DEPTH_LIMIT) scanner.skipValue(0);
      else lookAtObject(scanner, seen, depth, budget);
      return;
    case 0x5b:
      seen.lists++;
      if (depth > TYPE_DEPTH_LIMIT) scanner.skipValue(0);
      else lookAtArray(scanner, seen, depth, budget);
      return;
    case 0x22:
      seen.strings++;
      break;
    case 0x74:
    case 0x66:
      seen.bools++;
      break;
    case 0x6e:
      break;
    default:
      scanner.scanNumber();
      if (scanner.isInteger) seen.integers++;
      else seen.floats++;
      return;
  }
  scanner.skipValue(0);
}

function lookAtObject(scanner: Scanner, seen: Seen, depth: number, budget: { fields: number }): void {
  const fields = (seen.fields ??= new Map<string, Seen>());
  scanner.position++;
  if (scanner.skipSpace() === 0x7d) {
    scanner.position++;
    return;
  }
  do {
    scanner.skipSpace();
    scanner.keyStart = scanner.position;
    scanner.skipString();
    scanner.keyEnd = scanner.position;
    const name = keyText(scanner);
    scanner.skipColon();
    let field = fields.get(name);
    // Half a surrogate pair has no UTF-8, so it cannot name an Arrow field: two such names could become one.
    if (field === undefined && budget.fields > 0 && !/\p{Surrogate}/u.test(name)) {
      budget.fields--;
      field = nothingSeen();
      fields.set(name, field);
    }
    if (field === undefined) scanner.skipValue(0);
    else look(scanner, field, depth + 1, budget);
    scanner.skipSpace();
  } while (scanner.bytes[scanner.position++] === 0x2c);
}

function lookAtArray(scanner: Scanner, seen: Seen, depth: number, budget: { fields: number }): void {
  const item = (seen.item ??= nothingSeen());
  scanner.position++;
  if (scanner.skipSpace() === 0x5d) {
    scanner.position++;
    return;
  }
  do {
    scanner.skipSpace();
    look(scanner, item, depth + 1, budget);
    scanner.skipSpace();
  } while (scanner.bytes[scanner.position++] === 0x2c);
}

function resolveFields(seen: Seen): LineField[] {
  const fields: LineField[] = [];
  for (const [name, field] of seen.fields ?? []) fields.push({ name, type: resolve(field) });
  return fields;
}

function resolve(seen: Seen): LineType {
  const numbers = seen.integers + seen.floats;
  const objects = seen.fields !== undefined && seen.fields.size > 0 ? seen.objects : 0;
  const lists = seen.item !== undefined ? seen.lists : 0;
  const most = Math.max(seen.strings, numbers, seen.bools, lists, objects);
  if (most === seen.strings) return 'utf8';
  if (most === numbers) return seen.floats > 0 ? 'float64' : 'int64';
  if (most === seen.bools) return 'bool';
  if (most === lists) return { list: resolve(seen.item!) };
  return { struct: resolveFields(seen) };
}
