import { compileKernel, instantiateKernel, type SharedMemory } from '../instance.ts';
import { bloomWasmBase64 } from '../wasm/bloom-wasm.generated.ts';

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

let compiled: object | undefined;

/** The kernel on the filters of a memory; undefined on a processor without 128-bit vectors. */
export function createBloomKernel(memory: SharedMemory): BloomKernel | undefined {
  try {
    compiled ??= compileKernel(bloomWasmBase64);
    return instantiateKernel(compiled, { memory }) as BloomKernel;
  } catch {
    return undefined;
  }
}
