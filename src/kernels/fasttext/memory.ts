import { CurationError } from '../../errors.ts';

/** Shared memory that a WebAssembly instance can work in and that threads are given by structured clone. */
export interface KernelMemory {
  readonly buffer: SharedArrayBuffer;
  /** Returns the pages there were before: what was added begins there, and is the caller's alone. */
  grow(pages: number): number;
}

// Declared here because the language's types have no WebAssembly without those of the browser.
declare const WebAssembly: {
  readonly Memory: new (limits: { initial: number; maximum: number; shared: true }) => KernelMemory;
};

/** Tables of one model, laid one after another in memory that threads share. */
export interface ModelTables {
  /** Zeroed shared memory, aligned to 64 bytes. */
  bytes(length: number): Uint8Array<SharedArrayBuffer>;
  ints(length: number): Int32Array<SharedArrayBuffer>;
  floats(length: number): Float32Array<SharedArrayBuffer>;
  /** The memory all tables lie in, or undefined when one of them did not fit and a kernel cannot reach it. */
  memory(): KernelMemory | undefined;
}

const PAGE = 65_536;
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
function reserve(): KernelMemory | undefined {
  try {
    return new WebAssembly.Memory({ initial: 1, maximum: PAGES, shared: true });
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

function grow(memory: KernelMemory, missing: number): boolean {
  if (missing <= 0) return true;
  try {
    memory.grow(Math.ceil(missing / PAGE));
    return true;
  } catch {
    return false;
  }
}
