/** Memory kept between batches; a batch that needs more gets the rest fresh. */
const arenaBytes = 32 * 1024 * 1024;

let arena: ArrayBuffer | undefined;
let used = 0;

/** Gives all memory of this thread's arena free again: what was made in it is from now on overwritten. */
export function resetArena(): void {
  used = 0;
}

/**
 * Memory for one batch, with anything in it, from a multiple of 64. Reused after `resetArena`: fresh buffers for every
 * batch cost a page fault for each 4 KiB, and collections that chase them.
 */
export function allocateInArena(byteLength: number): Uint8Array {
  arena ??= new ArrayBuffer(arenaBytes);
  const start = used;
  // Not even the first takes all of it: a view of a whole buffer may be transferred to another thread by who holds it.
  if (start + byteLength >= arenaBytes) {
    const { buffer } = Buffer.allocUnsafeSlow(byteLength);
    return new Uint8Array(buffer, 0, byteLength);
  }
  used = Math.ceil((start + byteLength) / 64) * 64;
  return new Uint8Array(arena, start, byteLength);
}
