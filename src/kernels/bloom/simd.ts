import { bloomWasmBase64 } from '../wasm/bloom-wasm.generated.ts';

/** Memory the filters of a kernel lie in: fixed, shared, at most 4 GiB. */
export interface FilterMemory {
  readonly buffer: SharedArrayBuffer;
}

/** What the kernel of `wasm/assembly/bloom.ts` exports; addresses are bytes, rows count from the first one staged. */
export interface BloomKernel {
  readonly stage: (
    keysAt: number,
    linesAt: number,
    bands: number,
    rowCount: number,
    linesPerBand: number,
    scale: number,
  ) => void;
  /** 1 if any band holds the key of a staged row, else 0. */
  readonly has: (row: number) => number;
  readonly insert: (row: number) => void;
}

// Declared here because the language's types have no WebAssembly without those of the browser.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

let compiled: object | undefined;

/** The kernel on the filters of a memory; undefined on a processor without 128-bit vectors. */
export function createBloomKernel(memory: FilterMemory): BloomKernel | undefined {
  try {
    compiled ??= new WebAssembly.Module(Buffer.from(bloomWasmBase64, 'base64'));
    return new WebAssembly.Instance(compiled, { env: { memory } }).exports as BloomKernel;
  } catch {
    return undefined;
  }
}
