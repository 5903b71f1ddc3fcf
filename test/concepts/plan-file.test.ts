import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type CurationPlan,
  type PlanConcepts,
  type PlanEncoder,
  parsePlan,
  sealPlan,
  serializePlan,
} from '../../src/concepts/plan-file.ts';
import { createRouter, trainTree } from '../../src/concepts/tree.ts';
import { CurationError } from '../../src/errors.ts';
import { plant } from './planted.ts';

const DIMENSIONS = 16;
const { vectors } = plant([12, 9, 7, 30], DIMENSIONS, 0.2, 1);
const tree = trainTree(vectors, { leaves: 20, seed: 0 });

const lexical: PlanEncoder = {
  kind: 'lexical',
  model: {
    dimensions: DIMENSIONS,
    bucketBits: 4,
    weights: Uint16Array.from({ length: 16 }, (_, at) => 4000 * at),
    map: Int8Array.from({ length: 16 * DIMENSIONS }, (_, at) => at - 128),
  },
};

function conceptsOf(count: number): PlanConcepts {
  const numbers = (of: (concept: number) => number): Float64Array =>
    Float64Array.from({ length: count }, (_, i) => of(i));
  return {
    names: Array.from({ length: count }, (_, concept) => (concept % 3 === 0 ? [] : [`wörd${concept}`, '"'])),
    documents: numbers((concept) => 7 * concept),
    distances: numbers((concept) => concept / (2 * count)),
    keptShares: numbers((concept) => (concept === 2 ? Number.NaN : 1 / (1 + concept))),
    cutPriorities: numbers((concept) => [Infinity, -Infinity, -0.25][concept] ?? concept / 3),
    cutHashes: Uint32Array.from({ length: 2 * count }, (_, at) => 0xffff_ffff - at),
    sizeLimits: numbers((concept) => (concept === 1 ? Infinity : 100 * concept)),
    outlierBins: Uint16Array.from({ length: count }, (_, concept) => 1024 - concept),
  };
}

const plan: CurationPlan = {
  encoder: lexical,
  tree,
  concepts: conceptsOf(tree.leaves + 1),
  knots: Float32Array.of(-3, 0.5, 0.5, 2),
  rules: {
    seed: 2 ** 32 - 1,
    fill: 'hard',
    bytesPerToken: 3.5,
    signatures: { ngram: 5, bands: 14, rows: 8 },
    recipe: { version: 1, words: 'unicode', steps: [{ use: 'gopher-quality', min_words: null }] },
    qualityModel: { path: '/models/q.bin', sha256: 'ab' },
    readBytes: 2 ** 52,
    writtenBytes: 2 ** 50 + 1,
    repeatBytes: 77,
    expectedBytes: 1000.5,
  },
};

const file = serializePlan(plan);
const PREFIX = 24;
const headerLength = new DataView(file.buffer).getUint32(12, true);

/** The message of a refusal. */
function refusal(bytes: Uint8Array): string {
  try {
    parsePlan(bytes, 'some.plan');
  } catch (error) {
    expect(error).toBeInstanceOf(CurationError);
    expect((error as CurationError).code).toBe('BAD_INPUT');
    return (error as Error).message;
  }
  throw new Error('was taken');
}

/** A plan with a good checksum, whatever is in it. */
function changed(change: (bytes: Uint8Array<ArrayBuffer>, view: DataView) => void): Uint8Array {
  const bytes = file.slice();
  change(bytes, new DataView(bytes.buffer));
  sealPlan(bytes);
  return bytes;
}

/** A plan whose header is another one. */
function withHeader(change: (header: Record<string, Record<string, unknown>>) => void): Uint8Array {
  const header = JSON.parse(new TextDecoder().decode(file.subarray(PREFIX, PREFIX + headerLength))) as Record<
    string,
    Record<string, unknown>
  >;
  change(header);
  const encoded = new TextEncoder().encode(JSON.stringify(header));
  const length = (encoded.length + 7) & ~7;
  const bytes = new Uint8Array(PREFIX + length + file.length - PREFIX - headerLength).fill(0x20);
  bytes.set(file.subarray(0, PREFIX));
  new DataView(bytes.buffer).setUint32(12, length, true);
  bytes.set(encoded, PREFIX);
  bytes.set(file.subarray(PREFIX + headerLength), PREFIX + length);
  sealPlan(bytes);
  return bytes;
}

test('a plan that is read is the plan that was written, and is written to the same bytes', () => {
  const read = parsePlan(file, 'some.plan');
  expect(read).toEqual(plan);
  expect(serializePlan(read)).toEqual(file);
  // A file need not begin at the beginning of its memory.
  const shifted = new Uint8Array(file.length + 3).subarray(3);
  shifted.set(file);
  expect(parsePlan(shifted, 'some.plan')).toEqual(plan);
});

test('what threads need lies in memory that they share, and tells the same concepts', () => {
  const read = parsePlan(file, 'some.plan');
  expect(read.tree.leafCenters.buffer).toBeInstanceOf(SharedArrayBuffer);
  expect(createRouter(read.tree).route(vectors)).toEqual(createRouter(tree).route(vectors));
});

test.each<PlanEncoder>([
  {
    kind: 'lexical',
    model: { dimensions: DIMENSIONS, bucketBits: 1, weights: Uint16Array.of(1, 2), map: undefined },
  },
  { kind: 'static', folder: '/models/potion', sha256: '01' },
  { kind: 'onnx', folder: 'C:\\models', sha256: '' },
  { kind: 'column', column: 'vé', length: 13, dimensions: DIMENSIONS },
])('every encoder comes back: $kind', (encoder) => {
  const { rules } = plan;
  const other = { ...plan, encoder, knots: undefined, rules: { ...rules, qualityModel: undefined } };
  expect(parsePlan(serializePlan(other), 'some.plan')).toEqual(other);
});

test('a tree without concepts comes back', () => {
  const none = new Int16Array(0);
  const empty = {
    ...plan,
    tree: {
      dimensions: DIMENSIONS,
      leaves: 0,
      leafStarts: new Uint32Array(1),
      branchCenters: none,
      leafCenters: none,
    },
    concepts: conceptsOf(1),
  };
  expect(parsePlan(serializePlan(empty), 'some.plan')).toEqual(empty);
});

test('a byte that is changed anywhere, and an end that is missing, are found', () => {
  fc.assert(
    fc.property(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
      const bytes = file.slice();
      bytes[at]! ^= by;
      expect(refusal(bytes)).toMatch(
        /^some\.plan: (first bytes|version|length of the header|checksum): expected /,
      );
    }),
    { numRuns: 200 },
  );
  fc.assert(
    fc.property(fc.nat(file.length - 1), (length) => {
      expect(refusal(file.subarray(0, length))).toMatch(
        /^some\.plan: (first bytes|file|length of the header|checksum): expected /,
      );
    }),
    { numRuns: 200 },
  );
});

test('a file of something else is said to be one', () => {
  expect(refusal(new Uint8Array(0))).toBe(
    'some.plan: first bytes: expected a plan of sluice curate (SLUICECP), found something else; save the plan again with sluice curate --save-plan',
  );
  expect(refusal(new TextEncoder().encode('SLUICEQM and more of it'))).toContain('first bytes');
  expect(refusal(changed((_, view) => view.setUint32(8, 2, true)))).toContain('version: expected 1, found 2');
});

test('whatever else is under a good checksum is taken whole or refused with a plain sentence', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ at: fc.integer({ min: PREFIX, max: file.length - 1 }), byte: fc.nat(255) }), {
        minLength: 1,
        maxLength: 4,
      }),
      (changes) => {
        const bytes = changed((all) => {
          for (const { at, byte } of changes) all[at] = byte;
        });
        let read: CurationPlan;
        try {
          read = parsePlan(bytes, 'some.plan');
        } catch (error) {
          expect(error).toBeInstanceOf(CurationError);
          expect((error as Error).message).toMatch(/^some\.plan: .+: expected .+, found .+; save/s);
          return;
        }
        const { concepts } = createRouter(read.tree).route(vectors);
        expect(concepts.every((concept) => concept <= read.tree.leaves)).toBe(true);
      },
    ),
    { numRuns: 400 },
  );
});

test('sizes that the file does not have are refused before memory is taken for them', () => {
  for (const sizes of [
    { leaves: 65_535, branches: 65_535, dimensions: 1024, bucketBits: 20, hasMap: true, knots: 65_536 },
    { leaves: 4096 },
    { knots: 5 },
    { bucketBits: 5 },
  ]) {
    expect(refusal(withHeader((header) => Object.assign(header['sizes']!, sizes)))).toMatch(
      /arrays: expected \d+ bytes, found \d+/,
    );
  }
});

test.each<[string, (header: Record<string, Record<string, unknown>>) => void]>([
  [
    'header, sizes, leaves: expected a number from 0 to 65535, found -1',
    ({ sizes }) => Object.assign(sizes!, { leaves: -1 }),
  ],
  [
    'header, sizes, leaves: expected a whole number, found 1.5',
    ({ sizes }) => Object.assign(sizes!, { leaves: 1.5 }),
  ],
  [
    'header, sizes, hasMap: expected true or false, found 1',
    ({ sizes }) => Object.assign(sizes!, { hasMap: 1 }),
  ],
  ['header, sizes: expected an object, found nothing', (header) => delete header['sizes']],
  [
    'header, sizes, dimensions: expected a multiple of 16, found 17',
    ({ sizes }) => Object.assign(sizes!, { dimensions: 17 }),
  ],
  [
    'header, encoder, kind: expected one of lexical, static, onnx, column, found "clip"',
    ({ encoder }) => Object.assign(encoder!, { kind: 'clip' }),
  ],
  [
    'header, encoder, kind: expected lexical with buckets, or another without, found onnx',
    ({ encoder }) => Object.assign(encoder!, { kind: 'onnx', folder: '', sha256: '' }),
  ],
  [
    'header, rules, fill: expected one of quality, hard, easy, random, found nothing',
    ({ rules }) => delete rules!['fill'],
  ],
  [
    'header, rules, recipe: expected an object, found another kind of value',
    ({ rules }) => Object.assign(rules!, { recipe: [] }),
  ],
  [
    'header, rules, seed: expected a number from 0 to 4294967295, found "0"',
    ({ rules }) => Object.assign(rules!, { seed: '0' }),
  ],
  [
    'header, rules, signatures, bands: expected a number from 1 to 512, found nothing',
    ({ rules }) => Object.assign(rules!, { signatures: { ngram: 5 } }),
  ],
  [
    `header, names: expected lists of words for ${tree.leaves + 1} concepts, found something else`,
    (header) => Object.assign(header, { names: [] }),
  ],
  ['header, names: expected a list, found nothing', (header) => delete header['names']],
])('a header is told what is wrong with it: %s', (says, change) => {
  expect(refusal(withHeader(change))).toContain(`some.plan: ${says}; `);
});

test.each<[string, Partial<PlanConcepts>, Partial<CurationPlan>]>([
  ['documents', { documents: conceptsOf(tree.leaves + 1).documents.fill(0.5) }, {}],
  ['distances', { distances: conceptsOf(tree.leaves + 1).distances.fill(Number.NaN) }, {}],
  ['kept shares', { keptShares: conceptsOf(tree.leaves + 1).keptShares.fill(1.01) }, {}],
  ['cuts', { cutPriorities: conceptsOf(tree.leaves + 1).cutPriorities.fill(Number.NaN) }, {}],
  ['size limits', { sizeLimits: conceptsOf(tree.leaves + 1).sizeLimits.fill(-1) }, {}],
  ['outliers', { outlierBins: conceptsOf(tree.leaves + 1).outlierBins.fill(1025) }, {}],
  ['quantiles of quality', {}, { knots: Float32Array.of(1, 0) }],
  ['quantiles of quality', {}, { knots: Float32Array.of(1, Number.NaN) }],
  ['tree', {}, { tree: { ...tree, leafStarts: tree.leafStarts.map(() => 0) } }],
  ['tree', {}, { tree: { ...tree, leafStarts: tree.leafStarts.map((start) => start + 1) } }],
  ['centres', {}, { tree: { ...tree, leafCenters: tree.leafCenters.map(() => 32_767) } }],
  ['centres', {}, { tree: { ...tree, branchCenters: tree.branchCenters.map(() => -32_768) } }],
])('numbers that cannot be are refused: %s', (where, concepts, others) => {
  const bad = { ...plan, concepts: { ...plan.concepts, ...concepts }, ...others };
  expect(refusal(serializePlan(bad))).toContain(`some.plan: ${where}: expected `);
});
