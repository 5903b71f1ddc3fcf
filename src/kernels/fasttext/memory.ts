import { CurationError } from '../../errors.ts';
import { allocateShared, PAGE_BYTES, type SharedMemory } from '../instance.ts';

/** Tables of one model, laid one after another in memory that threads share. */
export interface ModelTables {
  /** Zeroed shared memory, aligned to 64 bytes. */
  bytes(length: number): Uint8Array<SharedArrayBuffer>;
  ints(length: number): Int32Array<SharedArrayBuffer>;
  floats(length: number): Float32Array<SharedArrayBuffer>;
  /** The memory all tables lie in, or undefined when one of them did not fit and a kernel cannot reach it. */
  memory(): SharedMemory | undefined;
}

const PAGES = 65_536;
/** Addresses end at 4 GiB; what is left is for the work areas of threads. */
const MOST_BYTES = 3.5 * 2 ** 30;

/** Tables in the memory of a kernel as far as it goes (3.5 GiB), then in shared memory of their own. */
export function createModelTables(mostBytes: number = MOST_BYTES): ModelTables {
  let memory = reserve();
  // The first bytes stay free, so that no table has the address 0.
  let end = 64;
  function allocate(byteLength: number): Uint8Array<SharedArrayBuffer> {
    const start = Math.ceil(end / 64) * 64;
    const missing = memory === undefined ? 0 : start + byteLength - memory.buffer.byteLength;
    if (memory !== undefined && start + byteLength <= mostBytes && grow(memory, missing)) {
      end = start + byteLength;
      return new Uint8Array(memory.buffer, start, byteLength);
    }
    memory = undefined;
    return new Uint8Array(shared(byteLength));
  }
  return {
    bytes: allocate,
    ints(length) {
      const { buffer, byteOffset } = allocate(4 * length);
      return new Int32Array(buffer, byteOffset, length);
    },
    floats(length) {
      const { buffer, byteOffset } = allocate(4 * length);
      return new Float32Array(buffer, byteOffset, length);
    },
    memory: () => memory,
  };
}

/** Address space alone; a page costs memory once it is written. */
function reserve(): SharedMemory | undefined {
  try {
    return allocateShared(1, PAGES);
  } catch {
    return undefined;
  }
}

function shared(byteLength: number): SharedArrayBuffer {
  try {
    return new SharedArrayBuffer(byteLength);
  } catch (cause) {
    throw new CurationError(
      'MEMORY',
      `fastText model: a table of ${byteLength} bytes does not fit in memory; quantize the model`,
      { cause },
    );
  }
}

function grow(memory: SharedMemory, missing: number): boolean {
  if (missing <= 0) return true;
  try {
    memory.grow(Math.ceil(missing / PAGE_BYTES));
    return true;
  } catch {
    return false;
  }
}
