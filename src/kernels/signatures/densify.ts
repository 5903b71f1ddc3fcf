/**
 * Donors for the empty bins of a one-permutation sketch: each empty bin takes the value of the first bin, in an order of its own, that was
 * not empty from the start. This is optimal densification (Shrivastava 2017, arXiv 1703.04664) with probes drawn without replacement: the
 * donor depends only on the bin and on which bins are occupied. Taking the next occupied bin for all (rotation) fills whole bands with one
 * value, and short documents that share a fifth of their shingles then share a band.
 */
export interface Donors {
  readonly bins: number;
  /** For up to 256 bins: row `i` (of `stride` bytes) lists all bins in the order of bin `i`, which comes first. Empty above. */
  readonly orders: Uint8Array;
  /** Its inverse, turned: row `j`, byte `i` is the place of bin `j` in the order of bin `i`. Empty above 256 bins. */
  readonly ranks: Uint8Array;
  /** `bins` rounded up to a multiple of 64. */
  readonly stride: number;
  /** Above 256 bins the order of bin `i` is `first + t * step` modulo `prime`, numbers that are no bin left out: (first, step, inverse of step, 0) of each. */
  readonly walks: Uint32Array;
  /** The least prime from `bins` on. */
  readonly prime: number;
}

/** Lays out the orders, the same for the same `bins` and `seed`. Costs bins^2 bytes twice up to 256 bins, 16 bytes a bin above. */
export function layOutDonors(bins: number, seed: number): Donors {
  const draw = generator(seed);
  const stride = (bins + 63) & ~63;
  if (bins > 256) {
    const prime = leastPrime(bins);
    const walks = new Uint32Array(4 * bins);
    for (let bin = 0; bin < bins; bin++) {
      const step = 1 + draw(prime - 1);
      walks.set([draw(prime), step, inverse(step, prime), 0], 4 * bin);
    }
    return { bins, orders: new Uint8Array(0), ranks: new Uint8Array(0), stride, walks, prime };
  }
  const orders = new Uint8Array(bins * stride);
  const ranks = new Uint8Array(bins * stride);
  for (let bin = 0; bin < bins; bin++) {
    const order = orders.subarray(bin * stride, bin * stride + bins);
    for (let place = 0; place < bins; place++) order[place] = place;
    order[0] = bin;
    order[bin] = 0;
    for (let place = bins - 1; place > 1; place--) {
      const other = 1 + draw(place);
      const kept = order[place]!;
      order[place] = order[other]!;
      order[other] = kept;
    }
    for (let place = 0; place < bins; place++) ranks[order[place]! * stride + bin] = place;
  }
  return { bins, orders, ranks, stride, walks: new Uint32Array(0), prime: 0 };
}

/** Fills the bins of `minima` that hold `empty`; at least one must not. Reads `copies`, a copy of `minima`. */
export function densify(donors: Donors, minima: Uint32Array, copies: Uint32Array, empty: number): void {
  const { bins, orders, stride, walks, prime } = donors;
  copies.set(minima);
  const occupied = bins > 256 ? listOccupied(copies, empty) : [];
  for (let bin = 0; bin < bins; bin++) {
    if (copies[bin]! !== empty) continue;
    let value = empty;
    if (bins <= 256) {
      for (let at = bin * stride + 1; value === empty; at++) value = copies[orders[at]!]!;
    } else if (occupied.length ** 2 < bins) {
      value = copies[leastRank(donors, bin, occupied)]!;
    } else {
      const step = walks[4 * bin + 1]!;
      for (let donor = walks[4 * bin]!; value === empty; donor = (donor + step) % prime) {
        if (donor < bins) value = copies[donor]!;
      }
    }
    minima[bin] = value;
  }
}

function listOccupied(minima: Uint32Array, empty: number): number[] {
  const occupied: number[] = [];
  for (let bin = 0; bin < minima.length; bin++) if (minima[bin] !== empty) occupied.push(bin);
  return occupied;
}

/** The bin that a walk past many empty ones would find, by the place of each occupied one in the order. */
function leastRank(donors: Donors, bin: number, occupied: readonly number[]): number {
  const { walks, prime } = donors;
  const first = walks[4 * bin]!;
  const inverseStep = walks[4 * bin + 2]!;
  let least = prime;
  let found = 0;
  for (const donor of occupied) {
    const rank = ((donor + prime - first) * inverseStep) % prime;
    if (rank >= least) continue;
    least = rank;
    found = donor;
  }
  return found;
}

function leastPrime(from: number): number {
  for (let candidate = from; ; candidate++) {
    let divisor = 2;
    while (divisor * divisor <= candidate && candidate % divisor !== 0) divisor++;
    if (divisor * divisor > candidate) return candidate;
  }
}

/** By Fermat: step ^ (prime - 2). Products stay below 2^53, as prime stays below 2^16. */
function inverse(step: number, prime: number): number {
  let result = 1;
  for (let power = step, exponent = prime - 2; exponent > 0; exponent = Math.floor(exponent / 2)) {
    if (exponent % 2 === 1) result = (result * power) % prime;
    power = (power * power) % prime;
  }
  return result;
}

/** Numbers below a bound, from a Weyl sequence through the finalizer of MurmurHash3. */
function generator(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    state = (state + 0x9e3779b9) >>> 0;
    let x = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    x = (x ^ (x >>> 16)) >>> 0;
    return Math.floor((x / 2 ** 32) * bound);
  };
}
