import { CurationError } from '../../errors.ts';
import { type Donors, layOutDonors } from './densify.ts';
import type { SignatureParameters } from './signatures.ts';

/** Everything both twins derive from the parameters, checked; read only, so it may be shared. */
export interface SignaturePlan {
  readonly ngram: number;
  readonly bands: number;
  readonly rows: number;
  /** Minima of a document: bands x rows. */
  readonly bins: number;
  /** Bytes of the sketch of a document: `bins`, or 0 if none is asked for. */
  readonly sketchBytes: number;
  /** Six 64-bit constants as (low, high) pairs, see {@link Constant}. */
  readonly constants: Uint32Array;
  readonly donors: Donors;
}

/** Where in `constants` the low half of each lies. */
export const Constant = {
  /** State a word starts from, and what its second 8 bytes are mixed with. */
  s0: 0,
  s1: 2,
  /** Base of the shingle polynomial and its power `ngram`. */
  base: 4,
  leaving: 6,
  /** Mixed into a shingle before its finalizer. */
  whiten: 8,
  /** State of band keys. */
  bands: 10,
} as const;

/** Largest `ngram`: a shingle of more words is a document. */
const NGRAM_LIMIT = 256;
/** Largest `bands * rows`: products of two bin numbers must fit 32 bits with room to spare. */
const BINS_LIMIT = 32_768;

/** Checks the parameters and derives the constants. Throws `USAGE` naming the parameter that is out of range. */
export function planSignatures(parameters: SignatureParameters): SignaturePlan {
  const { ngram, bands, rows, seed, sketches = false } = parameters;
  checkRange('ngram', ngram, 1, NGRAM_LIMIT);
  checkRange('bands', bands, 1, BINS_LIMIT);
  checkRange('rows', rows, 1, BINS_LIMIT);
  checkRange('bands * rows', bands * rows, 1, BINS_LIMIT);
  checkRange('seed', seed, 0, Number.MAX_SAFE_INTEGER);
  const draw = splitMix(BigInt(seed));
  const s0 = draw();
  const s1 = draw();
  // 5 modulo 8: odd, and its powers repeat as late as any can.
  const base = (draw() & ~7n) | 5n;
  const leaving = BigInt.asUintN(64, base ** BigInt(ngram));
  const constants = new Uint32Array(new BigUint64Array([s0, s1, base, leaving, draw(), draw()]).buffer);
  const bins = bands * rows;
  const donors = layOutDonors(bins, Number(draw() & 0xffffffffn));
  return { ngram, bands, rows, bins, sketchBytes: sketches ? bins : 0, constants, donors };
}

function checkRange(name: string, value: number, least: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  throw new CurationError(
    'USAGE',
    `signature: ${name}: expected a whole number from ${least} to ${most}, found ${value}`,
  );
}

/** SplitMix64 (Steele, Lea, Flood 2014). */
function splitMix(seed: bigint): () => bigint {
  let state = seed;
  return () => {
    state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n);
    let x = state;
    x = BigInt.asUintN(64, (x ^ (x >> 30n)) * 0xbf58476d1ce4e5b9n);
    x = BigInt.asUintN(64, (x ^ (x >> 27n)) * 0x94d049bb133111ebn);
    return x ^ (x >> 31n);
  };
}
