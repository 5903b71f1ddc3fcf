/** The i-th of a sequence of well-mixed 32-bit words (the finalizer of MurmurHash3 over a Weyl sequence). */
export function mixedWord(index: number): number {
  let word = Math.imul(index, 0x9e3779b1);
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return (word ^ (word >>> 16)) >>> 0;
}

/** A stream of (low, high) pairs of random words: xoshiro128**, seeded. Long streams do not repeat. */
export function randomWords(seed: number): () => number {
  let a = mixedWord(seed + 1);
  let b = mixedWord(seed + 2);
  let c = mixedWord(seed + 3);
  let d = mixedWord(seed + 4);
  return () => {
    const product = Math.imul(b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result;
  };
}

/** Fills an array with the next words of a stream. */
export function fillWords(words: Uint32Array, next: () => number): Uint32Array {
  for (let at = 0; at < words.length; at++) words[at] = next();
  return words;
}
