/** A spare buffer above this is not held. */
const MAX_SPARE_BYTES = 64 * 1024 * 1024;
/** How often others are taken before a spare that fits none is given up. */
const MAX_MISSES = 64;

let spare: Uint8Array<ArrayBuffer> = new Uint8Array(0);
let misses = 0;

/**
 * Memory for a page, at least `byteLength` bytes and of any content. One buffer is handed on from page to page in each
 * thread: new memory for every large page costs its first touch and the garbage collections that so many bytes call for,
 * together a third of the time of decoding it.
 */
export function takePageMemory(byteLength: number): Uint8Array<ArrayBuffer> {
  const found = spare;
  if (found.length >= byteLength && found.length <= byteLength * 2) {
    misses = 0;
    spare = new Uint8Array(0);
    return found;
  }
  if (++misses > MAX_MISSES) spare = new Uint8Array(0);
  return new Uint8Array(byteLength);
}

/** Hands memory back that nothing refers to any more. The largest is held for the next page of its size. */
export function givePageMemory(bytes: Uint8Array<ArrayBuffer>): void {
  if (bytes.length <= spare.length || bytes.length > MAX_SPARE_BYTES) return;
  spare = bytes;
  misses = 0;
}
