import { expect, test } from 'vitest';
import { createSlabRing } from '../../src/flow/slab-ring.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('lends at most `count` slabs and serves waiters in the order of asking', async () => {
  const ring = createSlabRing(2, 1024);
  const first = await ring.acquire();
  await ring.acquire();
  const served: string[] = [];
  const third = ring.acquire().then((slab) => (served.push('third'), slab));
  const fourth = ring.acquire().then((slab) => (served.push('fourth'), slab));
  await turn();
  expect(served).toEqual([]);
  first.release();
  (await third).release();
  await fourth;
  expect(served).toEqual(['third', 'fourth']);
  expect(ring.held).toBe(2);
});

test('uses the memory of a released slab again', async () => {
  const ring = createSlabRing(3, 64);
  const first = await ring.acquire();
  first.release();
  expect((await ring.acquire()).buffer).toBe(first.buffer);
});

test('gives a slab back only when its last holder has released it', async () => {
  const ring = createSlabRing(1, 64);
  const slab = await ring.acquire();
  slab.retain();
  slab.release();
  expect(ring.held).toBe(1);
  slab.release();
  expect(ring.held).toBe(0);
});

test('grants an oversized slab alone, one at a time, even while every slab of the ring is out', async () => {
  const ring = createSlabRing(1, 64);
  await ring.acquire();
  const big = await ring.acquire(1000);
  expect(big.buffer.byteLength).toBe(1000);
  let isServed = false;
  const next = ring.acquire(2000).then((slab) => ((isServed = true), slab));
  await turn();
  expect(isServed).toBe(false);
  big.release();
  expect((await next).buffer.byteLength).toBe(2000);
});
