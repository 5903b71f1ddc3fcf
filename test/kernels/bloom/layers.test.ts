import { expect, test } from 'vitest';
import { STAGED_ROWS } from '../../../src/kernels/bloom/bloom.ts';
import { BloomLayers, planLayer } from '../../../src/kernels/bloom/layers.ts';
import { fillWords, randomWords } from './keys.ts';

const options = { bands: 3, expectedRows: 20_000, falsePositiveRate: 0.01 };

function fillLayers(rows: number): { layers: BloomLayers; keys: Uint32Array } {
  const layers = new BloomLayers(options);
  const keys = fillWords(new Uint32Array(2 * options.bands * rows), randomWords(1));
  forEachStaged(layers, keys, rows, (staged) => layers.insertStaged(staged));
  return { layers, keys };
}

function forEachStaged(
  layers: BloomLayers,
  keys: Uint32Array,
  rows: number,
  visit: (staged: number) => void,
): void {
  for (let start = 0; start < rows; start += STAGED_ROWS) {
    const end = Math.min(rows, start + STAGED_ROWS);
    layers.stage(keys, rows, start, end);
    for (let staged = 0; staged < end - start; staged++) visit(staged);
  }
}

function countFound(layers: BloomLayers, keys: Uint32Array, rows: number): number {
  let found = 0;
  forEachStaged(layers, keys, rows, (staged) => {
    if (layers.hasStaged(staged)) found++;
  });
  return found;
}

test('the planned rows fit one layer, one more opens a second of twice the room', () => {
  expect(fillLayers(20_000).layers.layerCount).toBe(1);
  const { layers } = fillLayers(20_001);
  expect(layers.layerCount).toBe(2);
  expect(planLayer(options, 1).capacity).toBe(2 * planLayer(options, 0).capacity);
  expect(layers.byteLength).toBe(planLayer(options, 0).byteLength + planLayer(options, 1).byteLength);
});

test('the rates of all layers add up to the total and never exceed it', () => {
  let notFound = 1;
  for (let index = 0; index < 20; index++) {
    const plan = planLayer(options, index);
    notFound *= (1 - plan.bandFalsePositiveRate) ** plan.bands;
  }
  expect(1 - notFound).toBeLessThanOrEqual(options.falsePositiveRate);
  expect(1 - notFound).toBeGreaterThan(0.99 * options.falsePositiveRate);
});

test('seven times the planned rows: three layers, nothing forgotten, and the total rate holds', () => {
  const rows = 140_000;
  const { layers, keys } = fillLayers(rows);
  expect(layers.layerCount).toBe(3);
  expect(countFound(layers, keys, rows)).toBe(rows);

  const measured = layers.measure().falsePositiveRate;
  expect(measured).toBeLessThan(1.1 * options.falsePositiveRate);
  const fresh = fillWords(new Uint32Array(keys.length), randomWords(2));
  const found = countFound(layers, fresh, rows);
  expect(Math.abs(found - measured * rows)).toBeLessThanOrEqual(5 * Math.sqrt(measured * rows));
});

test('a guess of nothing still has room for a small run', () => {
  expect(planLayer({ ...options, expectedRows: 0 }, 0)).toEqual(
    planLayer({ ...options, expectedRows: 16_384 }, 0),
  );
});
