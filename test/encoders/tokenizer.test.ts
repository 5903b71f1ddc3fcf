import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { Tokenizer as Library } from '@huggingface/tokenizers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createTokenizer, readTokenizer } from '../../src/encoders/tokenizer.ts';
import { hasSharedData, useFolder } from '../engine/support.ts';
import { oracle, repeat, tokenizerOf, vocabulary } from './static-models.ts';

const at = useFolder();
const make = (description: unknown) =>
  createTokenizer(Buffer.from(JSON.stringify(description)), 'tokenizer.json');

test('gives the tokens that Hugging Face gives', () => {
  const tokenizer = make(tokenizerOf());
  oracle.texts.forEach((text, i) => {
    expect(tokenizer.encode(text), JSON.stringify(text.slice(0, 40))).toEqual(oracle.ids[i]);
  });
  expect(tokenizer).toMatchObject({ size: vocabulary.length, highest: vocabulary.length - 1, unknown: 1 });
});

test('words that are looked up have the tokens of words that are not', () => {
  const description = tokenizerOf();
  const tokenizer = make(description);
  const library = new Library(description, {});
  const piece = fc.oneof(
    fc.constantFrom(
      ...vocabulary,
      ' ',
      '\n',
      '\t',
      '.',
      "'",
      '[',
      ']',
      'running',
      '漢字',
      '\u0301',
      '\u{20000}',
    ),
    fc.string({ unit: 'grapheme', maxLength: 4 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      // The one difference that is meant: the library makes the sigma of a word's end, the reference does not.
      const text = pieces.join('').replaceAll('Σ', 'S');
      const expected = library.encode(text, { add_special_tokens: false }).ids;
      expect(tokenizer.encode(text)).toEqual(expected);
      expect(tokenizer.encode(text)).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});

test('more words than are kept, and words too long to be kept, change nothing', () => {
  const tokenizer = make(tokenizerOf());
  // More than one generation of words; the second time the first generation is given up.
  const count = 70_000;
  const text = `river ${Array.from({ length: count }, (_, i) => String(i)).join(' ')} river`;
  const expected = [3, ...repeat(count, 1), 3];
  for (let i = 0; i < 2; i++)
    expect(Buffer.from(tokenizer.encode(text)).equals(Buffer.from(expected))).toBe(true);
  expect(tokenizer.encode(`run${'ning'.repeat(13)} run${'ning'.repeat(13)}`)).toEqual(
    Array.from({ length: 28 }, (_, i) => (i % 14 === 0 ? 5 : 6)),
  );
});

test('what stands before and behind every text comes from the post-processor', () => {
  const special = (id: string) => ({ SpecialToken: { id, type_id: 0 } });
  const text = { Sequence: { id: 'A', type_id: 0 } };
  const with_ = (single: readonly object[]) =>
    make(
      tokenizerOf(vocabulary, {
        post_processor: { type: 'TemplateProcessing', single, pair: [], special_tokens: {} },
      }),
    );
  expect(make(tokenizerOf())).toMatchObject({ before: [], behind: [] });
  expect(with_([special('[PAD]'), text, special('[UNK]')])).toMatchObject({ before: [0], behind: [1] });
  expect(with_([text, special('[PAD]')])).toMatchObject({ before: [], behind: [0] });
  expect(with_([special('[PAD]'), text, special('[UNK]')]).encode('the sea')).toEqual([2, 7]);
});

test('a model over whole pieces of text leaves their blanks to the library', () => {
  const vocab: readonly (readonly [string, number])[] = [
    ['<unk>', 0],
    ['▁the', -1],
    ['▁sea', -1.5],
    ['▁', -3],
    ['s', -2],
  ];
  const tokenizer = make({
    model: { type: 'Unigram', unk_id: 0, vocab },
    pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
  });
  expect(tokenizer.encode('the seas')).toEqual([1, 2, 4]);
  expect(tokenizer).toMatchObject({ size: 5, unknown: 0 });
});

test('what it cannot make is refused with the path', () => {
  const bytes = (text: string) => Buffer.from(text);
  expect(() => createTokenizer(bytes('{'), 'a/tokenizer.json')).toThrow(/a\/tokenizer\.json: expected JSON/);
  expect(() => createTokenizer(bytes('{}'), 'a')).toThrow(/found none of its "model"/);
  expect(() => createTokenizer(bytes('{"model":{"type":"Oracle"}}'), 'a')).toThrow(
    /a: expected a tokenizer that can/,
  );
  const added = { id: 0, content: 'x', single_word: true };
  expect(() => make(tokenizerOf(vocabulary, { added_tokens: [added] }))).toThrow(
    expect.objectContaining({ code: 'UNSUPPORTED' }),
  );
});

test('a file that is not there is refused', async () => {
  await expect(readTokenizer(at('tokenizer.json'))).rejects.toMatchObject({ code: 'BAD_INPUT' });
});

describe.skipIf(!hasSharedData)('on a whole tokenizer.json', () => {
  test('reads the vocabulary and encodes', () => {
    const path = new URL('../../../shared/data/tokenizers/gpt-neo-test-tokenizer.json.gz', import.meta.url);
    const bytes = gunzipSync(readFileSync(fileURLToPath(path)));
    const tokenizer = createTokenizer(bytes, 'tokenizer.json');
    const { model, added_tokens: added } = JSON.parse(bytes.toString()) as {
      model: { vocab: Record<string, number> };
      added_tokens: readonly { id: number }[];
    };
    const numbers = new Set([...Object.values(model.vocab), ...added.map(({ id }) => id)]);
    expect(tokenizer.size).toBe(numbers.size);
    expect(tokenizer.highest).toBe(Math.max(...numbers));
    expect(tokenizer.encode(' the river')).toEqual([model.vocab['Ġthe'], model.vocab['Ġriver']]);
  });
});
