/** Kept from one document to the next; what a giant one needed beyond this is given back. */
const KEPT_BYTES = 1 << 20;

/** Memory of a filter that gives documents new texts; used again for each. */
export interface TextBuffer {
  /** At least this many bytes of undefined content; what was handed out before is void. */
  reserve(byteLength: number): Uint8Array;
  /** The same that keeps the first `used` bytes and is ample, for texts whose length shows as they are written. */
  extend(used: number, byteLength: number): Uint8Array;
}

export function createTextBuffer(): TextBuffer {
  let memory = new Uint8Array(0);
  return {
    reserve(byteLength) {
      if (memory.length < byteLength || memory.length > Math.max(KEPT_BYTES, 4 * byteLength)) {
        memory = new Uint8Array(byteLength < KEPT_BYTES ? Math.min(KEPT_BYTES, 2 * byteLength) : byteLength);
      }
      return memory;
    },
    extend(used, byteLength) {
      if (memory.length < byteLength) {
        const grown = new Uint8Array(Math.max(byteLength, 2 * memory.length));
        grown.set(memory.subarray(0, used));
        memory = grown;
      }
      return memory;
    },
  };
}
