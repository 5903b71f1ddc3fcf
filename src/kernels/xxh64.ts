import { add, high, multiply } from './lanes.ts';

/** Five primes of XXH64 as (low, high) pairs. */
const P1: readonly [number, number] = [0x85ebca87, 0x9e3779b1];
const P2: readonly [number, number] = [0x27d4eb4f, 0xc2b2ae3d];
const P3: readonly [number, number] = [0x9e3779f9, 0x165667b1];
const P4: readonly [number, number] = [0xc2b2ae63, 0x85ebca77];
const P5: readonly [number, number] = [0x165667c5, 0x27d4eb2f];

/** High half of what `rotate` and `round` return. */
let top = 0;

function rotate(low: number, upper: number, count: number): number {
  // 0 < count < 32
  top = (upper << count) | (low >>> (32 - count));
  return (low << count) | (upper >>> (32 - count));
}

function round(laneLow: number, laneHigh: number, inputLow: number, inputHigh: number): number {
  let low = multiply(inputLow, inputHigh, P2[0], P2[1]);
  low = add(low, high, laneLow, laneHigh);
  low = rotate(low, high, 31);
  low = multiply(low, top, P1[0], P1[1]);
  top = high;
  return low;
}

/**
 * XXH64 with seed 0 of `bytes[start .. end)`, in two 32-bit halves, after the specification at github.com/Cyan4973/xxHash
 * (doc/xxhash_spec.md). Writes (low, high) to `into[offset]` and `into[offset + 1]`.
 */
export function xxh64(
  bytes: Uint8Array,
  start: number,
  end: number,
  into: Uint32Array,
  offset: number,
): void {
  // Reads stay below `end`: each loop checks that its width is left.
  const word = (at: number): number =>
    bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  let p = start;
  let low = P5[0];
  let upper = P5[1];
  if (end - start >= 32) {
    // Four lanes: P1 + P2, P2, 0, -P1.
    const lows = [0, P2[0], 0, 0];
    const highs = [0, P2[1], 0, 0];
    lows[0] = add(P1[0], P1[1], P2[0], P2[1]);
    highs[0] = high;
    lows[3] = add(~P1[0], ~P1[1], 1, 0);
    highs[3] = high;
    for (; p + 32 <= end; ) {
      for (let lane = 0; lane < 4; lane++, p += 8) {
        lows[lane] = round(lows[lane]!, highs[lane]!, word(p), word(p + 4));
        highs[lane] = top;
      }
    }
    low = 0;
    upper = 0;
    for (let lane = 0; lane < 4; lane++) {
      const turned = rotate(lows[lane]!, highs[lane]!, [1, 7, 12, 18][lane]!);
      low = add(low, upper, turned, top);
      upper = high;
    }
    for (let lane = 0; lane < 4; lane++) {
      low ^= round(0, 0, lows[lane]!, highs[lane]!);
      low = multiply(low, upper ^ top, P1[0], P1[1]);
      low = add(low, high, P4[0], P4[1]);
      upper = high;
    }
  }
  const length = end - start;
  low = add(low, upper, length, 0);
  upper = high;
  for (; p + 8 <= end; p += 8) {
    low ^= round(0, 0, word(p), word(p + 4));
    low = rotate(low, upper ^ top, 27);
    low = multiply(low, top, P1[0], P1[1]);
    low = add(low, high, P4[0], P4[1]);
    upper = high;
  }
  if (p + 4 <= end) {
    low ^= multiply(word(p), 0, P1[0], P1[1]);
    low = rotate(low, upper ^ high, 23);
    low = multiply(low, top, P2[0], P2[1]);
    low = add(low, high, P3[0], P3[1]);
    upper = high;
    p += 4;
  }
  for (; p < end; p++) {
    low ^= multiply(bytes[p]!, 0, P5[0], P5[1]);
    low = rotate(low, upper ^ high, 11);
    low = multiply(low, top, P1[0], P1[1]);
    upper = high;
  }
  low = multiply(low ^ (upper >>> 1), upper, P2[0], P2[1]);
  upper = high;
  low = multiply(low ^ ((low >>> 29) | (upper << 3)), upper ^ (upper >>> 29), P3[0], P3[1]);
  upper = high;
  into[offset] = low ^ upper;
  into[offset + 1] = upper;
}
