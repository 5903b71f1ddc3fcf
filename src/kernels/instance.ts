import { CurationError } from '../errors.ts';

/** Bytes that linear memory grows by. */
export const PAGE_BYTES = 65_536;

/** Linear memory of an instance that has its own. */
export interface OwnMemory {
  readonly buffer: ArrayBuffer;
  /** Returns the pages there were before. Detaches every view. */
  grow(pages: number): number;
}

/** Linear memory that threads share; its views stay. */
export interface SharedMemory {
  readonly buffer: SharedArrayBuffer;
  /** Returns the pages there were before: what was added begins there, and is the caller's alone. */
  grow(pages: number): number;
}

/** The part of the global that is used here; neither `es2023` nor the types of Node 20 declare it. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
  readonly Memory: {
    new (limits: { initial: number; maximum: number; shared: true }): SharedMemory;
    new (limits: { initial: number; maximum: number }): OwnMemory;
  };
};

/** Compiles a kernel; throws on a processor without 128-bit vectors. */
export function compileKernel(base64: string): object {
  return new WebAssembly.Module(Buffer.from(base64, 'base64'));
}

/** An instance of a kernel. What it throws when it aborts is a defect of the program, not of the data. */
export function instantiateKernel(module: object, imports: Readonly<Record<string, unknown>> = {}): unknown {
  const abort = (): never => {
    throw new Error('a WebAssembly kernel aborted; this is a defect of the program');
  };
  return new WebAssembly.Instance(module, { env: { abort, ...imports } }).exports;
}

/** Memory of this many pages that threads share; throws if the system does not give it. */
export function allocateShared(initial: number, maximum: number): SharedMemory {
  return new WebAssembly.Memory({ initial, maximum, shared: true });
}

/** Memory of this many pages, page-aligned as no ArrayBuffer is; throws if the system does not give it. */
export function allocatePages(pages: number): OwnMemory {
  return new WebAssembly.Memory({ initial: pages, maximum: pages });
}

/**
 * Lets memory have at least this many bytes.
 * @param says what did not fit and what to do, for the message.
 * @throws CurationError `MEMORY`.
 */
export function reserve(memory: OwnMemory, byteLength: number, says: string): void {
  const missing = byteLength - memory.buffer.byteLength;
  if (missing <= 0) return;
  try {
    memory.grow(Math.ceil(missing / PAGE_BYTES));
  } catch (cause) {
    throw new CurationError('MEMORY', says, { cause });
  }
}
