/** Gives memory for one buffer of `byteLength` bytes, aligned to 8; not zeroed, the caller writes all of it. */
export type Allocate = (byteLength: number) => Uint8Array;

/** `byteLength` rounded up to what Arrow IPC prefers: a multiple of 64. */
export function padTo64(byteLength: number): number {
  return Math.ceil(byteLength / 64) * 64;
}

/**
 * Lays buffers one after another, 64-byte aligned, in memory that is used again and again: fresh memory costs a page
 * fault every 4 KiB, about as much as all the copying, and leaves the heap in pieces. What does not fit goes to `overflow`.
 */
export function allocateIn(memory: Uint8Array, overflow: Allocate): Allocate {
  let end = 0;
  return (byteLength) => {
    const start = padTo64(end);
    if (start + byteLength > memory.length) return overflow(byteLength);
    end = start + byteLength;
    return memory.subarray(start, end);
  };
}

/** Fresh, zeroed memory. */
export function allocateZeroed(byteLength: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(byteLength);
}

/** Memory for `length` 32-bit words. */
export function allocateWords(allocate: Allocate, length: number): Uint32Array {
  const { buffer, byteOffset } = allocate(4 * length);
  return new Uint32Array(buffer, byteOffset, length);
}
