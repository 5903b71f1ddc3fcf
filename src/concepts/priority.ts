import { exp, ln } from './portable-math.ts';

/**
 * Which documents of a concept are kept first. `quality`: the better, the likelier; `hard`: the farthest from the centre; `easy`: the nearest
 * to it; `random`: any.
 */
export type PriorityRule = 'quality' | 'hard' | 'easy' | 'random';

/** What the order of a document depends on. */
export interface PriorityFacts {
  /** Its own random number, 0 up to 1. */
  readonly unit: number;
  /** Rank among all by quality, from 0 to 1; NaN, not known, counts as 0.5. */
  readonly quality: number;
  /** From its concept's centre; NaN comes last. */
  readonly distance: number;
}

/**
 * A number that orders documents: the least is kept first. Equal ones are to be ordered by hash.
 *
 * For `quality` documents race: each arrives after an exponential time of rate exp((quality - 0.5) * gain), so that the first n to arrive are
 * a sample without replacement weighted by the rates, for each n (Efraimidis and Spirakis 2006). With a gain of 0 the order is random, with
 * a large one it is strictly by quality. The same to the bit on every machine.
 */
export function priorityOf(rule: PriorityRule, facts: PriorityFacts, gain = 1): number {
  const { unit, quality, distance } = facts;
  switch (rule) {
    case 'quality':
      // 1 - unit is exact, as units have 53 bits.
      return -ln(1 - unit) * exp((0.5 - (Number.isNaN(quality) ? 0.5 : quality)) * gain);
    case 'hard':
      return Number.isNaN(distance) ? Infinity : -distance;
    case 'easy':
      return Number.isNaN(distance) ? Infinity : distance;
    case 'random':
      return unit;
  }
}

/**
 * Writes a number as 8 bytes whose order, byte by byte and as unsigned numbers, is that of the numbers: the bits of the double,
 * all inverted if it is negative, else only the sign. 0 and -0 are one. Not NaN.
 */
export function writePriority(value: number, bytes: DataView, offset: number): void {
  // -0 + 0 is 0.
  bytes.setFloat64(offset, value + 0);
  const upper = bytes.getUint32(offset);
  if (upper >>> 31 === 0) {
    bytes.setUint32(offset, upper ^ 0x80000000);
  } else {
    bytes.setUint32(offset, ~upper);
    bytes.setUint32(offset + 4, ~bytes.getUint32(offset + 4));
  }
}

/** The number that {@link writePriority} wrote. */
export function readPriority(bytes: DataView, offset: number): number {
  const upper = bytes.getUint32(offset);
  const lower = bytes.getUint32(offset + 4);
  const isNegative = upper >>> 31 === 0;
  scratch.setUint32(0, isNegative ? ~upper : upper ^ 0x80000000);
  scratch.setUint32(4, isNegative ? ~lower : lower);
  return scratch.getFloat64(0);
}

const scratch = new DataView(new ArrayBuffer(8));
