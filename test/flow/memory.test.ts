import { expect, test } from 'vitest';
import { CurationError } from '../../src/errors.ts';
import {
  analysisConcurrency,
  type MemoryRequest,
  MOST_PINNED_SLABS,
  planMemory,
} from '../../src/flow/memory.ts';

const MEBIBYTE = 2 ** 20;
const request: MemoryRequest = {
  memoryBytes: 1024 * MEBIBYTE,
  threads: 2,
  morselBytes: 8 * MEBIBYTE,
  batchBytes: 8 * MEBIBYTE,
  indexBytes: 50 * MEBIBYTE,
  resourceBytes: 0,
};

test('lends enough slabs for every thread, what is ahead and what an output batch pins, so that none can starve', () => {
  for (const threads of [1, 2, 4, 16]) {
    const plan = planMemory({ ...request, memoryBytes: 8192 * MEBIBYTE, threads });
    expect(plan.slabCount).toBeGreaterThanOrEqual(analysisConcurrency(threads) + MOST_PINNED_SLABS);
    expect(plan.slabBytes).toBeGreaterThanOrEqual(request.morselBytes);
  }
});

test('never plans more than it was given', () => {
  for (let memoryBytes = 400 * MEBIBYTE; memoryBytes < 4096 * MEBIBYTE; memoryBytes += 97 * MEBIBYTE) {
    const plan = planMemory({ ...request, memoryBytes });
    expect(
      plan.slabCount * plan.slabBytes + plan.outputSlabCount * plan.outputSlabBytes + plan.indexBytes,
    ).toBeLessThanOrEqual(memoryBytes);
  }
});

test('fewer slabs when memory is short, more when it is not, and no more than are of use', () => {
  const tight = planMemory({ ...request, memoryBytes: 405 * MEBIBYTE });
  const roomy = planMemory({ ...request, memoryBytes: 64 * 1024 * MEBIBYTE });
  expect(tight.slabCount).toBeLessThan(roomy.slabCount);
  expect(roomy.slabCount).toBeLessThan(20);
});

test('says before the first row how much is missing and which option mends it', () => {
  const failure = (change: Partial<typeof request>): CurationError => {
    try {
      planMemory({ ...request, ...change });
    } catch (error) {
      return error as CurationError;
    }
    throw new Error('expected a refusal');
  };
  const index = failure({ indexBytes: 5000 * MEBIBYTE });
  expect(index.code).toBe('MEMORY');
  expect(index.message).toMatch(/too little.*dedup index 4\.88 GiB.*--false-positive/);
  expect(failure({ memoryBytes: 100 * MEBIBYTE }).message).toMatch(/fewer --threads/);
  expect(failure({ memoryBytes: 100 * MEBIBYTE, threads: 1 }).message).toMatch(/raise --memory$/);
  const samples = failure({
    resourceBytes: 900 * MEBIBYTE,
    resources: { name: 'samples', cure: 'ask for fewer --seeds' },
  });
  expect(samples.message).toMatch(/, samples 900 MiB; raise --memory or ask for fewer --seeds$/);
});
