import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BlockCutter, MOST_BLOCK_DOCUMENTS } from '../../src/concepts/redundancy.ts';

type Document = readonly [concept: number, cell: number];

/** The blocks of these documents. */
function blocksOf(documents: readonly Document[], mostDocuments: number): Document[][] {
  const cutter = new BlockCutter(mostDocuments);
  const held: Document[] = [];
  const blocks: Document[][] = [];
  const take = (count: number): void => {
    if (count > 0) blocks.push(held.splice(0, count));
  };
  for (const document of documents) {
    take(cutter.push(...document));
    held.push(document);
    expect(held.length).toBeLessThanOrEqual(mostDocuments);
  }
  take(cutter.end());
  expect(held).toEqual([]);
  return blocks;
}

/** Documents of these concepts: how many each cell of each has. */
const documentsOf = (concepts: readonly (readonly number[])[]): Document[] =>
  concepts.flatMap((cells, concept) =>
    cells.flatMap((size, cell) => Array.from({ length: size }, (): Document => [concept, cell])),
  );

/** The rule over the sizes of the cells of a concept: sizes of its blocks. */
function ruleOf(cells: readonly number[], mostDocuments: number): number[] {
  const blocks: number[] = [];
  let open = 0;
  for (const size of cells) {
    if (open > 0 && open + size > mostDocuments) {
      blocks.push(open);
      open = 0;
    }
    open += size;
    for (; open > mostDocuments; open -= mostDocuments) blocks.push(mostDocuments);
  }
  return open > 0 ? [...blocks, open] : blocks;
}

const sizesOf = (concepts: readonly (readonly number[])[], mostDocuments: number): number[] =>
  blocksOf(documentsOf(concepts), mostDocuments).map(({ length }) => length);

test('makes no block of no documents', () => {
  expect(sizesOf([], 4)).toEqual([]);
  expect(new BlockCutter().end()).toBe(0);
});

test('keeps a concept in one block up to the limit', () => {
  expect(sizesOf([[1]], 4)).toEqual([1]);
  expect(sizesOf([[1, 1, 1], [2, 2], [4], [1, 0, 3]], 4)).toEqual([3, 4, 4, 4]);
});

test('never puts documents of two concepts in one block, even where a cell has the same number', () => {
  expect(sizesOf([[1], [1], [1]], 4)).toEqual([1, 1, 1]);
});

test('cuts a larger concept between cells, and joins those that fit', () => {
  expect(sizesOf([[3, 2]], 4)).toEqual([3, 2]);
  expect(sizesOf([[1, 1, 3, 1, 4, 1]], 4)).toEqual([2, 4, 4, 1]);
  expect(sizesOf([[2, 2, 1]], 4)).toEqual([4, 1]);
});

test('cuts a cell at the limit only where it is larger by itself', () => {
  expect(sizesOf([[5]], 4)).toEqual([4, 1]);
  expect(sizesOf([[8]], 4)).toEqual([4, 4]);
  expect(sizesOf([[1, 9, 2, 2]], 4)).toEqual([1, 4, 4, 3, 2]);
  expect(sizesOf([[2, 1]], 1)).toEqual([1, 1, 1]);
});

test('follows the rule over sizes of cells, for any sizes and any limit', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.nat(9), { maxLength: 8 }), { maxLength: 6 }),
      fc.integer({ min: 1, max: 12 }),
      (concepts, mostDocuments) => {
        const documents = documentsOf(concepts);
        const blocks = blocksOf(documents, mostDocuments);
        expect(blocks.map(({ length }) => length)).toEqual(
          concepts.flatMap((cells) => ruleOf(cells, mostDocuments)),
        );
        expect(blocks.flat()).toEqual(documents);
        for (const block of blocks) expect(new Set(block.map(([concept]) => concept)).size).toBe(1);
      },
    ),
  );
});

test('a block does not depend on the concepts around it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(9), { minLength: 1, maxLength: 8 }),
      fc.array(fc.array(fc.nat(9), { maxLength: 4 }), { maxLength: 3 }),
      (cells, others) => {
        const alone = sizesOf([cells], 6);
        const rest = sizesOf(others, 6);
        expect(sizesOf([cells, ...others], 6)).toEqual([...alone, ...rest]);
        expect(sizesOf([...others, cells], 6)).toEqual([...rest, ...alone]);
      },
    ),
  );
});

test('takes 8192 documents in a block unless told otherwise', () => {
  const cutter = new BlockCutter();
  const blocks = Array.from({ length: MOST_BLOCK_DOCUMENTS + 1 }, () => cutter.push(0, 0));
  expect(blocks.filter((block) => block > 0)).toEqual([8192]);
  expect(cutter.end()).toBe(1);
});

test.each([0, -1, 1.5, Number.NaN])('refuses a limit of %s', (mostDocuments) => {
  expect(() => new BlockCutter(mostDocuments)).toThrow(RangeError);
});
