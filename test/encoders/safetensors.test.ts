import { writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { halfToNumber, openTensors, type TensorFile } from '../../src/encoders/safetensors.ts';
import { useFolder } from '../engine/support.ts';
import { bytesOf, safetensorsOf, tableOf, toHalves, withHeader } from './static-models.ts';

const at = useFolder();
const opened: TensorFile[] = [];
afterEach(() => Promise.all(opened.splice(0).map((file) => file.close())));

async function openBytes(bytes: Uint8Array): Promise<TensorFile> {
  const path = at('model.safetensors');
  await writeFile(path, bytes);
  const file = await openTensors(path);
  opened.push(file);
  return file;
}

test('reads tensors of every type of number it knows', async () => {
  const values = tableOf(3, 4);
  const shape = [3, 4];
  const bfloats = Uint16Array.from(values, (value) => {
    const view = new DataView(new ArrayBuffer(4));
    view.setFloat32(0, value);
    return view.getUint16(0);
  });
  const file = await openBytes(
    safetensorsOf({
      odd: { dtype: 'U8', shape: [3], bytes: Uint8Array.of(1, 2, 255) },
      half: { dtype: 'F16', shape, bytes: bytesOf(toHalves(values)) },
      bfloat: { dtype: 'BF16', shape, bytes: bytesOf(bfloats) },
      float: { dtype: 'F32', shape, bytes: bytesOf(values) },
      double: { dtype: 'F64', shape, bytes: bytesOf(Float64Array.from(values)) },
      byte: { dtype: 'I8', shape: [2], bytes: Uint8Array.of(127, 129) },
      long: { dtype: 'I64', shape: [2], bytes: bytesOf(BigInt64Array.of(0n, 2n ** 31n - 1n)) },
      none: { dtype: 'F32', shape: [0, 4], bytes: new Uint8Array() },
      strange: { dtype: 'F4', shape: [3], bytes: Uint8Array.of(1, 2) },
    }),
  );
  const place = (name: string) => file.tensors.get(name)!;
  // None of the numbers needs more than the 7 bits of fraction that bfloat16 has.
  for (const name of ['half', 'bfloat', 'float', 'double'])
    expect([...(await file.readFloats(place(name)))], name).toEqual([...values]);
  expect([...(await file.readFloats(place('byte')))]).toEqual([127, -127]);
  expect([...(await file.readIndexes(place('long')))]).toEqual([0, 2 ** 31 - 1]);
  expect([...(await file.readIndexes(place('odd')))]).toEqual([1, 2, 255]);
  expect(await file.readFloats(place('none'))).toHaveLength(0);
  await expect(file.readFloats(place('strange'))).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  await expect(file.readIndexes(place('float'))).rejects.toMatchObject({ code: 'UNSUPPORTED' });
});

test('a table larger than the piece that is read at once is whole', async () => {
  const values = Float32Array.from({ length: (1 << 18) + 5 }, (_, i) => i);
  const file = await openBytes(
    safetensorsOf({ t: { dtype: 'F32', shape: [values.length], bytes: bytesOf(values) } }),
  );
  expect(Buffer.compare(bytesOf(await file.readFloats(file.tensors.get('t')!)), bytesOf(values))).toBe(0);
});

test('numbers that are not finite or are no index are refused', async () => {
  const file = await openBytes(
    safetensorsOf({
      nan: { dtype: 'F32', shape: [2], bytes: bytesOf(Float32Array.of(1, NaN)) },
      huge: { dtype: 'F64', shape: [1], bytes: bytesOf(Float64Array.of(1e300)) },
      minus: { dtype: 'I64', shape: [1], bytes: bytesOf(BigInt64Array.of(-1n)) },
      far: { dtype: 'U32', shape: [1], bytes: bytesOf(Uint32Array.of(2 ** 31)) },
    }),
  );
  await expect(file.readFloats(file.tensors.get('nan')!)).rejects.toThrow(
    /finite numbers, found NaN as element 1/,
  );
  await expect(file.readFloats(file.tensors.get('huge')!)).rejects.toMatchObject({ code: 'BAD_INPUT' });
  await expect(file.readIndexes(file.tensors.get('minus')!)).rejects.toThrow(/found -1 as element 0/);
  await expect(file.readIndexes(file.tensors.get('far')!)).rejects.toMatchObject({ code: 'BAD_INPUT' });
});

describe('a damaged file is refused with its name', () => {
  const four = new Uint8Array(4);
  const tensor = (offsets: unknown, shape: unknown = [1], dtype: unknown = 'F32') => ({
    dtype,
    shape,
    data_offsets: offsets,
  });
  const cases: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ['empty', new Uint8Array(), /at least 8 bytes, found 0/],
    ['seven bytes', new Uint8Array(7), /at least 8 bytes, found 7/],
    [
      'a header beyond the end',
      Buffer.from([100, 0, 0, 0, 0, 0, 0, 0, 123]),
      /inside the file's 9 bytes, found one of 100/,
    ],
    ['a header beyond the limit', Buffer.from([0, 0, 0, 0, 0, 0, 0, 1]), /at most 100000000 bytes/],
    ['no JSON', withHeader('{"a'), /a header in JSON/],
    ['an array', withHeader('[]'), /a header that is an object/],
    ['a number for a tensor', withHeader('{"t":1}'), /tensor "t": expected a dtype/],
    [
      'no shape',
      withHeader(JSON.stringify({ t: tensor([0, 4], null) }), four),
      /a shape of whole numbers, found null/,
    ],
    [
      'a shape below 0',
      withHeader(JSON.stringify({ t: tensor([0, 4], [-1]) }), four),
      /a shape of whole numbers/,
    ],
    ['one offset', withHeader(JSON.stringify({ t: tensor([0]) }), four), /two data_offsets, found \[0\]/],
    [
      'too few bytes for the shape',
      withHeader(JSON.stringify({ t: tensor([0, 4], [2]) }), four),
      /8 bytes for F32 of \[2\], found 4/,
    ],
    [
      'a product beyond all numbers',
      withHeader(JSON.stringify({ t: tensor([0, 4], [2 ** 52, 2 ** 52]) }), four),
      /found 4/,
    ],
    [
      'offsets beyond the end',
      withHeader(JSON.stringify({ t: tensor([0, 8], [2]) }), four),
      /8 bytes of tensors, found 4/,
    ],
    [
      'bytes that no tensor has',
      withHeader(JSON.stringify({ t: tensor([0, 4]) }), four, four),
      /4 bytes of tensors, found 8/,
    ],
    [
      'a hole',
      withHeader(JSON.stringify({ a: tensor([0, 4]), b: tensor([8, 12]) }), four, four, four),
      /the next one from 4 on, found tensor "b" at 8 to 12/,
    ],
    [
      'an overlap',
      withHeader(JSON.stringify({ a: tensor([0, 4]), b: tensor([2, 6]) }), four, four),
      /back to back/,
    ],
    [
      'the same bytes twice',
      withHeader(JSON.stringify({ a: tensor([0, 4]), b: tensor([0, 4]) }), four),
      /back to back/,
    ],
    [
      'an end before its start',
      withHeader(JSON.stringify({ a: tensor([4, 0], [1], 'X') }), four),
      /back to back/,
    ],
  ];
  test.each(cases)('%s', async (_, bytes, message) => {
    const failure: unknown = await openBytes(bytes).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'CurationError', code: 'BAD_INPUT' });
    expect(String(failure)).toMatch(message);
    expect(String(failure)).toContain('model.safetensors');
  });

  test('any byte of it changed either reads or is refused as bad input', async () => {
    const good = safetensorsOf({ t: { dtype: 'F32', shape: [2, 2], bytes: bytesOf(tableOf(2, 2)) } });
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.nat(255), async (place, byte) => {
        const bytes = Buffer.from(good);
        bytes[place] = byte;
        try {
          const file = await openBytes(bytes);
          for (const tensor of file.tensors.values()) await file.readFloats(tensor);
        } catch (error) {
          expect(error).toMatchObject({ name: 'CurationError' });
        }
        expect(true).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  test('a file that is not there, and a folder', async () => {
    await expect(openTensors(at('none'))).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await expect(openTensors(at())).rejects.toMatchObject({ code: 'BAD_INPUT' });
  });
});

test('halves are the numbers IEEE 754 says', () => {
  const known: readonly (readonly [number, number])[] = [
    [0x0000, 0],
    [0x8000, -0],
    [0x0001, 2 ** -24],
    [0x03ff, 1023 * 2 ** -24],
    [0x0400, 2 ** -14],
    [0x3555, 0.333251953125],
    [0x3c00, 1],
    [0xc000, -2],
    [0x7bff, 65504],
    [0x7c00, Infinity],
    [0xfc00, -Infinity],
    [0x7e00, NaN],
  ];
  for (const [bits, value] of known) expect(halfToNumber(bits), bits.toString(16)).toBe(value);
});
