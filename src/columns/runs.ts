import { isSet } from './bits.ts';

/** Chosen rows of one column: stretches `bounds[2i] .. bounds[2i + 1]` (end excluded), in the order they are wanted. */
export interface Runs {
  readonly bounds: Uint32Array;
  readonly rowCount: number;
}

/** Rows `start` to `end`, as one stretch. */
export function oneRun(start: number, end: number): Runs {
  return { bounds: start < end ? Uint32Array.of(start, end) : new Uint32Array(0), rowCount: end - start };
}

/** Row numbers as stretches of neighbours. Any order is allowed; each must be below `limit`. */
export function runsOf(rows: ArrayLike<number>, limit: number): Runs {
  const runs = new RunBuilder();
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    if (row >= limit) throw new RangeError(`row ${row} of ${limit}`);
    runs.add(row, row + 1);
  }
  return runs.build();
}

/** The rows of `runs` whose validity bit (`row` at bit `bitOffset + row`) is set. */
export function validRuns(runs: Runs, validity: Uint8Array, bitOffset: number): Runs {
  const valid = new RunBuilder();
  const { bounds } = runs;
  for (let i = 0; i < bounds.length; i += 2) {
    const end = bounds[i + 1]!;
    for (let row = bounds[i]!; row < end; row++) {
      if (isSet(validity, bitOffset + row)) valid.add(row, row + 1);
    }
  }
  return valid.build();
}

/** The elements of chosen rows of a list, in the rows of its child. */
export function elementRuns(runs: Runs, offsets: Int32Array | Float64Array): Runs {
  const elements = new RunBuilder();
  const { bounds } = runs;
  for (let i = 0; i < bounds.length; i += 2) elements.add(offsets[bounds[i]!]!, offsets[bounds[i + 1]!]!);
  return elements.build();
}

/** Stretches of rows as stretches of something that each row holds `factor` of. */
export function scaleRuns(runs: Runs, factor: number): Runs {
  return factor === 0
    ? oneRun(0, 0)
    : { bounds: runs.bounds.map((bound) => bound * factor), rowCount: runs.rowCount * factor };
}

/** Collects stretches; one that continues the last is joined to it. */
export class RunBuilder {
  #bounds = new Uint32Array(64);
  #length = 0;
  #rowCount = 0;

  add(start: number, end: number): void {
    if (start === end) return;
    this.#rowCount += end - start;
    const length = this.#length;
    if (length > 0 && this.#bounds[length - 1] === start) {
      this.#bounds[length - 1] = end;
      return;
    }
    if (length === this.#bounds.length) {
      const larger = new Uint32Array(length * 2);
      larger.set(this.#bounds);
      this.#bounds = larger;
    }
    this.#bounds[length] = start;
    this.#bounds[length + 1] = end;
    this.#length = length + 2;
  }

  build(): Runs {
    return { bounds: this.#bounds.subarray(0, this.#length), rowCount: this.#rowCount };
  }
}
