import { Minima, bandKeys, begin, complete, densify, sketch } from './minima';
import { hashWords } from './words';
import { xxh64 } from './xxh64';

export { configure } from './minima';

/** Content hashes of `count` documents that lie one behind the other; `offsets` holds count + 1 ascending numbers, the first is where `text` begins. */
export function contentHashes(text: usize, offsets: usize, count: u32, hashes: usize): void {
  const origin = load<i32>(offsets);
  for (let i: u32 = 0; i < count; i++) {
    const start = load<i32>(offsets);
    offsets += 4;
    store<u64>(hashes, xxh64(text + <usize>(start - origin), <usize>(load<i32>(offsets) - start)));
    hashes += 8;
  }
}

/**
 * Band keys (band-major, `count` pairs a band) and shingle counts of the same documents, and their sketches unless that address is 0. The 64
 * bytes behind the text are read, not used; the 15 behind the sketches are overwritten.
 */
export function bandSignatures(
  text: usize,
  offsets: usize,
  count: u32,
  keys: usize,
  shingles: usize,
  sketches: usize,
): void {
  const origin = load<i32>(offsets);
  for (let i: u32 = 0; i < count; i++) {
    const start = load<i32>(offsets);
    offsets += 4;
    begin();
    hashWords<Minima>(text + <usize>(start - origin), text + <usize>(load<i32>(offsets) - origin));
    const found = complete();
    store<u32>(shingles + (<usize>i << 2), found);
    if (found != 0) densify();
    bandKeys(keys + (<usize>i << 3), <usize>count << 3, found);
    if (sketches != 0) sketches = sketch(sketches, found);
  }
}
