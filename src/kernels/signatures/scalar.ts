import { allocateZeroed } from '../../columns/memory.ts';
import { add, finish, high, multiply } from '../lanes.ts';
import { xxh64 } from '../xxh64.ts';
import { densify } from './densify.ts';
import { Constant, type SignaturePlan } from './plan.ts';
import { allocateSignatures, type Sign, type Signatures } from './signatures.ts';
import { readWords } from './words.ts';

const EMPTY = 0xffffffff;

/** The plain JavaScript twin: returns the function that signs a column. No value is a BigInt or a string. */
export function createScalarSigner(plan: SignaturePlan | undefined): Sign {
  const sketch = plan === undefined ? undefined : createSketch(plan);
  return (text, allocate = allocateZeroed) => {
    const { bytes, offsets, rowCount } = text;
    const signatures = allocateSignatures(rowCount, plan, allocate);
    signatures.bandKeys.fill(0);
    signatures.sketches.fill(0);
    // offsets has rowCount + 1 entries.
    for (let row = 0; row < rowCount; row++) {
      const start = offsets[row]!;
      const end = offsets[row + 1]!;
      xxh64(bytes, start, end, signatures.contentHashes, 2 * row);
      sketch?.(bytes, start, end, signatures, row);
    }
    return signatures;
  };
}

type Sketch = (bytes: Uint8Array, start: number, end: number, into: Signatures, row: number) => void;

function createSketch(plan: SignaturePlan): Sketch {
  const { ngram, bands, rows, bins, sketchBytes, constants, donors } = plan;
  const minima = new Uint32Array(bins);
  const copies = new Uint32Array(bins);
  /** The last `ngram` word hashes, (low, high), as a ring. */
  const ring = new Uint32Array(2 * ngram);
  const baseLow = constants[Constant.base]!;
  const baseHigh = constants[Constant.base + 1]!;
  const leavingLow = constants[Constant.leaving]!;
  const leavingHigh = constants[Constant.leaving + 1]!;
  const whitenLow = constants[Constant.whiten]!;
  const whitenHigh = constants[Constant.whiten + 1]!;
  const bandsLow = constants[Constant.bands]!;
  const bandsHigh = constants[Constant.bands + 1]!;
  let words = 0;
  let slot = 0;
  let sumLow = 0;
  let sumHigh = 0;

  /** Puts the shingle at hand into its bin: the high half chooses the bin, the low half is the value. */
  function lower(): void {
    const value = finish(sumLow ^ whitenLow, sumHigh ^ whitenHigh);
    multiply(high, 0, bins, 0);
    if (value < minima[high]!) minima[high] = value;
  }

  function takeWord(low: number, upper: number): void {
    const leftLow = multiply(ring[slot]!, ring[slot + 1]!, leavingLow, leavingHigh);
    const leftHigh = high;
    const movedLow = multiply(sumLow, sumHigh, baseLow, baseHigh);
    sumLow = add(movedLow, high, low, upper);
    // a - b is a + ~b + 1
    sumLow = add(sumLow, high, ~leftLow, ~leftHigh);
    sumLow = add(sumLow, high, 1, 0);
    sumHigh = high;
    ring[slot] = low;
    ring[slot + 1] = upper;
    slot = slot + 2 === ring.length ? 0 : slot + 2;
    if (++words >= ngram) lower();
  }

  const read = readWords(constants, takeWord);

  return (bytes, start, end, into, row) => {
    minima.fill(EMPTY);
    ring.fill(0);
    words = 0;
    slot = 0;
    sumLow = 0;
    sumHigh = 0;
    read(bytes, start, end);
    if (words === 0) return;
    if (words < ngram) lower();
    into.shingleCounts[row] = Math.max(1, words - ngram + 1);
    // All bins are empty only if the hash of every shingle ends in 32 one bits; then they stay so.
    if (minima.some((value) => value !== EMPTY)) densify(donors, minima, copies, EMPTY);
    // What a byte cannot hold is cut off: the lowest 8 bits stay.
    if (sketchBytes > 0) into.sketches.set(minima, row * sketchBytes);
    for (let band = 0, at = 0; band < bands; band++) {
      const indexLow = multiply(band + 1, 0, 0x7f4a7c15, 0x9e3779b9);
      let low = add(bandsLow, bandsHigh, indexLow, high);
      let upper = high;
      for (const last = at + rows; at < last; at += 2) {
        const next = at + 1 < last ? minima[at + 1]! : 0;
        low = multiply(low ^ minima[at]!, upper ^ next, 0x27d4eb4f, 0xc2b2ae3d);
        upper = high;
        low ^= upper;
      }
      at = (band + 1) * rows;
      const key = 2 * (band * into.rowCount + row);
      into.bandKeys[key] = finish(low, upper);
      into.bandKeys[key + 1] = high;
    }
  };
}
