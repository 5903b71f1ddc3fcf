/** Maps values to places in a drawing. */
export interface Scale {
  readonly low: number;
  readonly high: number;
  /** Round numbers within `[low, high]`, ascending. */
  readonly ticks: readonly number[];
  /** @param value within `[low, high]` to lie within the drawing. */
  place(value: number): number;
}

/** Equal steps of 1, 2 or 5 times a power of ten: the finest within `[low, high]` that make no more ticks than there is room for. */
export function linearTicks(low: number, high: number, most: number): number[] {
  // The number of steps wanted falls until the ticks fit: at one step there are two at most.
  for (let wanted = most + 1; ; wanted--) {
    const step = roundStep((high - low) / wanted);
    const first = Math.ceil(low / step - 1e-9);
    const count = Math.floor(high / step + 1e-9) - first + 1;
    // Counted in whole steps, because sums of steps drift.
    if (count <= Math.max(2, most)) {
      return Array.from({ length: count }, (_, at) => Number(((first + at) * step).toPrecision(12)));
    }
  }
}

function roundStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const lead = rough / power;
  return (lead <= 1.000001 ? 1 : lead <= 2.000001 ? 2 : lead <= 5.000001 ? 5 : 10) * power;
}

/**
 * Round numbers for a logarithmic axis: 1, 2 and 5 times powers of ten; powers of ten alone where these would crowd, and equal steps where
 * the range is so narrow that a logarithm is nearly straight.
 */
export function logTicks(low: number, high: number, most: number): number[] {
  if (high / low < 4) return linearTicks(low, high, most);
  for (const leads of [[1, 2, 5], [1, 3], [1]]) {
    const ticks: number[] = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
      for (const lead of leads) {
        const at = Number((lead * 10 ** power).toPrecision(6));
        if (at >= low && at <= high) ticks.push(at);
      }
    }
    if (ticks.length <= most) return ticks;
  }
  const tens = Math.ceil((Math.log10(high) - Math.log10(low)) / most);
  return Array.from({ length: most + 1 }, (_, at) => 10 ** (Math.ceil(Math.log10(low)) + at * tens)).filter(
    (at) => at <= high,
  );
}

/**
 * A straight axis that holds all values, with some room beyond them.
 * @param from place of the low end, `to` of the high end.
 * @param most ticks there is room for.
 */
export function linearScale(values: readonly number[], from: number, to: number, most: number): Scale {
  const known = values.filter(Number.isFinite);
  const least = known.length === 0 ? 0 : Math.min(...known);
  const largest = known.length === 0 ? 1 : Math.max(...known);
  // Equal values get room around them, in proportion, so that the ticks differ in the digits that are shown.
  const size = Math.max(Math.abs(least), Math.abs(largest));
  const span = largest - least;
  const room = span < Math.max(size * 1e-4, 1e-6) ? Math.max(size * 0.01, 0.001) : span * 0.06;
  const [low, high] = [least - room, largest + room];
  return {
    low,
    high,
    ticks: linearTicks(low, high, most),
    place: (value) => from + ((value - low) / (high - low)) * (to - from),
  };
}

/**
 * A logarithmic axis that holds all values, with some room beyond them.
 * @param most ticks there is room for.
 * @param wanted used as ticks where there is room for all; undefined chooses.
 */
export function logScale(
  values: readonly number[],
  from: number,
  to: number,
  most: number,
  wanted?: readonly number[],
): Scale {
  const known = values.filter((value) => Number.isFinite(value) && value > 0);
  const smallest = known.length === 0 ? 1 : Math.min(...known);
  const largest = known.length === 0 ? 1 : Math.max(...known);
  const room = largest / smallest < 1.0001 ? 1.5 : (largest / smallest) ** 0.05;
  const low = smallest / room;
  const high = largest * room;
  const span = Math.log(high / low);
  const ticks =
    wanted !== undefined && wanted.length > 1 && wanted.length <= most
      ? wanted.filter((at) => at >= low && at <= high)
      : logTicks(low, high, most);
  return { low, high, ticks, place: (value) => from + (Math.log(value / low) / span) * (to - from) };
}

/** Decimals that tell all ticks apart. */
export function tickDecimals(ticks: readonly number[]): number {
  for (let decimals = 0; decimals < 9; decimals++) {
    if (ticks.every((tick) => Math.abs(Number(tick.toFixed(decimals)) - tick) < 1e-10)) return decimals;
  }
  return 9;
}

/**
 * Moves labels apart until each has its room, none further than needed, and all within `[top, bottom]` where that is possible.
 * @param wanted where each would like to be; the answer is in the same order.
 */
export function spread(wanted: readonly number[], gap: number, top: number, bottom: number): number[] {
  const order = wanted.map((_, index) => index).toSorted((a, b) => wanted[a]! - wanted[b]! || a - b);
  // Neighbours that touch become a block, which stands around the mean of what its members want.
  const blocks: { members: number[]; start: number }[] = [];
  const startOf = (members: readonly number[]): number => {
    const mean = members.reduce((sum, index, at) => sum + wanted[index]! - at * gap, 0) / members.length;
    return Math.max(top, Math.min(mean, bottom - (members.length - 1) * gap));
  };
  for (const index of order) {
    let block = { members: [index], start: startOf([index]) };
    for (
      let before = blocks.at(-1);
      before !== undefined && before.start + before.members.length * gap > block.start;
      before = blocks.at(-1)
    ) {
      blocks.pop();
      const members = [...before.members, ...block.members];
      block = { members, start: startOf(members) };
    }
    blocks.push(block);
  }
  const placed = [...wanted];
  for (const { members, start } of blocks) {
    for (const [at, index] of members.entries()) placed[index] = start + at * gap;
  }
  return placed;
}
