import { open } from 'node:fs/promises';
import { workerData } from 'node:worker_threads';
import type { Schema } from 'apache-arrow';
import { move, transferableSymbol, valueSymbol } from 'piscina';
import type { Batch } from '../src/columns/batch.ts';
import { allocateOwn } from '../src/columns/buffers.ts';
import { cutText } from '../src/columns/cut-text.ts';
import { gather } from '../src/columns/gather.ts';
import { idColumn } from '../src/columns/ids.ts';
import { type Allocate, allocateIn, allocateWords, allocateZeroed, padTo64 } from '../src/columns/memory.ts';
import { addNoteFields, addNotes, type NoteColumn } from '../src/columns/notes.ts';
import { replaceText } from '../src/columns/replace-text.ts';
import { conform, deserializeSchema } from '../src/columns/schema.ts';
import { rowByteLengths } from '../src/columns/sizes.ts';
import { textColumn } from '../src/columns/text.ts';
import type { TextColumn } from '../src/columns/text-column.ts';
import { place, placeApart, placedByteLength, restore } from '../src/columns/wire.ts';
import type { Encoding, EncodingKernel } from '../src/encoders/encoding.ts';
import { CurationError } from '../src/errors.ts';
import type { Examination, Examiner } from '../src/filters/examiner.ts';
import { decode as decodeMorsel } from '../src/formats/decode.ts';
import { createEncoder } from '../src/formats/encoders.ts';
import type { Encode, Morsel } from '../src/formats/format.ts';
import type { RedundancyKernel } from '../src/kernels/redundancy/redundancy.ts';
import type { Signatures } from '../src/kernels/signatures/signatures.ts';
import { createSigner, type Signer } from '../src/kernels/signatures/signer.ts';
import type { Analysis, Job, Outcome, PlacedPiece, TaskName, Tasks } from '../src/parallel/tasks.ts';
import type { Cuts } from '../src/verdicts.ts';

// Each export is one task of src/parallel/tasks.ts: unwrap, call, hand back. What outlives a task is made once a thread.

const job = workerData as Job;
let inputSchema: Schema | undefined;
let signer: Promise<Signer> | undefined;
let examiner: Promise<Examiner> | undefined;
let encoding: Promise<EncodingKernel> | undefined;
let redundancy: RedundancyKernel | undefined;
const outputs = new Map<string, JobEncoder>();

interface JobEncoder {
  /** Of the batches gathered. */
  readonly schema: Schema;
  /** Columns that are added to them, and the schema with them. */
  readonly noted: { readonly columns: readonly NoteColumn[]; readonly schema: Schema } | undefined;
  readonly encode: Promise<Encode>;
}

export const analyze: TaskFunction<'analyze'> = task<'analyze'>(async ({ morsel, slab }) => {
  const byteLimit = Math.max(slab.byteLength / 2, slab.byteLength - SLACK);
  const decoded = await decodeMorsel(morsel, { byteLimit, onError: job.onError });
  const read = conform(decoded.batch, schemaOfInput());
  const text = job.textIndex < 0 ? undefined : textColumn(read, job.textIndex);
  const examined =
    job.examination && text && (await examinerOfJob(job.examination)).examine(read, job.textIndex, text);
  const batch = examined?.batch ?? read;
  const slabBytes = placedByteLength(batch);
  const common = { rowCount: batch.numRows, slabBytes, rejects: decoded.rejects };
  if (slabBytes > slab.byteLength) return tooLarge(morsel, slabBytes);
  const memory = new Uint8Array(slab);
  const placement = place(batch, memory);
  // What main needs to know of the rows lies behind them: no fresh memory a batch.
  const allocate = allocateIn(memory.subarray(padTo64(slabBytes)), allocateZeroed);
  const rowBytes = rowByteLengths(batch, allocate);
  const ids = job.idIndex < 0 ? undefined : idColumn(batch, job.idIndex, allocate);
  const textLengths = text === undefined ? new Uint32Array(0) : lengthsOf(text, allocate);
  const writtenLengths =
    examined === undefined || examined.text === text ? textLengths : lengthsOf(examined.text, allocate);
  const hashed = examined?.hashed ?? text;
  const signatures =
    hashed === undefined || job.signatures === 'none'
      ? undefined
      : (await signerOfJob()).sign(hashed, allocate);
  const outcomes = examined?.outcomes ?? [];
  const encoded =
    job.encoding &&
    (await (await encodingOfJob(job.encoding)).encode(batch, job.textIndex, signatures?.contentHashes));
  const units = examined?.cutUnits(allocate);
  return {
    output: {
      ...common,
      placement,
      rest: decoded.rest,
      signatures,
      outcomes,
      units,
      encoded,
      textLengths,
      writtenLengths,
      rowBytes,
      ids,
    },
    transfer: [
      ...new Set([
        ...[
          rowBytes,
          textLengths,
          writtenLengths,
          ...outcomes.flatMap(({ reasons, statistics, thresholds, edited, values }) => [
            reasons,
            statistics,
            thresholds,
            edited,
            ...values,
          ]),
          ...(signatures === undefined ? [] : arraysOf(signatures)),
          ...(ids === undefined ? [] : [ids.bytes, ids.lengths]),
          ...(units === undefined ? [] : Object.values(units)),
        ].flatMap(ownedBuffer),
        ...(encoded === undefined ? [] : arraysIn(encoded)),
      ]),
    ],
  };
});

export const decode: TaskFunction<'decode'> = task<'decode'>(async ({ morsel, byteLimit }) => {
  const { batch, rest, rejects } = await decodeMorsel(morsel, { byteLimit, onError: job.onError });
  const placed = placeApart(conform(batch, schemaOfInput()));
  return { output: { ...placed, rowCount: batch.numRows, rest, rejects }, transfer: [placed.bytes.buffer] };
});

export const sign: TaskFunction<'sign'> = task<'sign'>(async ({ bytes, offsets }) => {
  const signatures = (await signerOfJob()).sign({ bytes, offsets, rowCount: offsets.length - 1 });
  return { output: signatures, transfer: arraysOf(signatures).flatMap(ownedBuffer) };
});

export const train: TaskFunction<'train'> = task<'train'>(async (input) => {
  const { proxy, memoryBytes, path, budgets, done, weight } = input;
  // Loaded here, because most threads train nothing.
  const { createProxy } = await import('../src/kernels/proxy/create.ts');
  const heldOut = job.heldOut!;
  const model = createProxy(proxy, heldOut, memoryBytes);
  const bits: Float64Array<ArrayBuffer>[] = [];
  const sizes: number[] = [];
  const chunk = new Uint8Array(TRAINING_CHUNK);
  const file = await open(path);
  try {
    let at = 0;
    for (const budget of budgets) {
      while (at < budget) {
        const { bytesRead } = await file.read(chunk, 0, Math.min(chunk.length, budget - at));
        if (bytesRead === 0) throw new Error(`${path}: ended before ${budget} symbols`);
        model.train(chunk, 0, bytesRead);
        at += bytesRead;
        Atomics.add(done, 0, BigInt(bytesRead * weight));
      }
      const measured = new Float64Array(heldOut.offsets.length - 1);
      model.score(measured);
      bits.push(measured);
      sizes.push(model.size);
    }
  } finally {
    await file.close();
  }
  return { output: { bits, sizes }, transfer: bits.map(({ buffer }) => buffer) };
});

export const encode: TaskFunction<'encode'> = task<'encode'>(async ({ output, pieces, slab }) => {
  const { schema, noted, encode: encoder } = outputNamed(output);
  const memory = slab === undefined ? scratch(pieces) : new Uint8Array(slab);
  const gathered = gatherPieces(schema, pieces, allocateIn(memory, allocateOwn));
  const batch = noted === undefined ? gathered : addNotes(gathered, noted.schema, noted.columns, pieces);
  const encoded = (await encoder)(batch);
  return { output: encoded, transfer: encoded.chunks.flatMap(ownedBuffer) };
});

export const compact: TaskFunction<'compact'> = task<'compact'>(async ({ output, pieces }) => {
  const batch = gatherPieces(outputNamed(output).schema, pieces, allocateIn(scratch(pieces), allocateOwn));
  const placed = placeApart(batch);
  return { output: placed, transfer: [placed.bytes.buffer] };
});

export const learn: TaskFunction<'learn'> = task<'learn'>(async ({ features, options }) => {
  const { trainLexical } = await import('../src/kernels/lexical/train.ts');
  return { output: trainLexical(features, options), transfer: [] };
});

export const findConcepts: TaskFunction<'findConcepts'> = task<'findConcepts'>(
  async ({ sample, leaves, seed }) => {
    const { trainTree } = await import('../src/concepts/tree.ts');
    return { output: trainTree(sample, { leaves, seed }), transfer: [] };
  },
);

export const findRedundant: TaskFunction<'findRedundant'> = task<'findRedundant'>(
  async ({ vectors, options }) => {
    const { createRedundancyKernel } = await import('../src/kernels/redundancy/redundancy.ts');
    redundancy ??= createRedundancyKernel();
    const output = redundancy.findRedundant(vectors, options);
    return { output, transfer: arraysIn(output) };
  },
);

/** The answer for a morsel with a row that needs a larger slab: nothing was done, and this is what it takes. */
function tooLarge(
  morsel: Morsel,
  slabBytes: number,
): { readonly output: Analysis; readonly transfer: readonly ArrayBuffer[] } {
  const none = new Uint32Array(0);
  return {
    output: {
      rowCount: 0,
      placement: undefined,
      slabBytes,
      rest: morsel,
      rejects: [],
      signatures: undefined,
      outcomes: [],
      units: undefined,
      encoded: undefined,
      textLengths: none,
      writtenLengths: none,
      rowBytes: none,
      ids: undefined,
    },
    transfer: [],
  };
}

/** Symbols read at a time where a model is trained. */
const TRAINING_CHUNK = 1024 * 1024;

/** Buffers are aligned when they are placed, so a batch can take a little more than its own bytes. */
const SLACK = 256 * 1024;

type TaskFunction<Name extends TaskName> = (input: Tasks[Name]['input']) => Promise<unknown>;

/** Turns a task's body into what Piscina calls: the result moved rather than cloned, our own errors as values. */
function task<Name extends TaskName>(
  body: (
    input: Tasks[Name]['input'],
  ) => Promise<{ readonly output: Tasks[Name]['output']; readonly transfer: readonly ArrayBuffer[] }>,
): TaskFunction<Name> {
  return async (input) => {
    try {
      const { output, transfer } = await body(input);
      const outcome: Outcome<Tasks[Name]['output']> = { output };
      return move({ [transferableSymbol]: transfer, [valueSymbol]: outcome } as never);
    } catch (error) {
      if (!(error instanceof CurationError)) throw error;
      return { failure: { code: error.code, message: error.message } } satisfies Outcome<never>;
    }
  };
}

function schemaOfInput(): Schema {
  return (inputSchema ??= deserializeSchema(job.schema));
}

function signerOfJob(): Promise<Signer> {
  const { signatures } = job;
  return (signer ??= createSigner(typeof signatures === 'string' ? undefined : signatures));
}

function examinerOfJob(examination: Examination): Promise<Examiner> {
  const rows = job.outputs['rows'];
  // Loaded when there is something to judge by: most of a thread's start would be spent on it.
  return (examiner ??= import('../src/filters/examiner.ts').then(({ createExaminer }) =>
    createExaminer(examination, rows && deserializeSchema(rows.schema)),
  ));
}

function encodingOfJob(asked: Encoding): Promise<EncodingKernel> {
  return (encoding ??= import('../src/encoders/encoding.ts').then(({ createEncodingKernel }) =>
    createEncodingKernel(asked),
  ));
}

function outputNamed(name: string): JobEncoder {
  let output = outputs.get(name);
  if (output === undefined) {
    const description = job.outputs[name];
    if (description === undefined) throw new RangeError(`no output named ${name} in this job`);
    const schema = deserializeSchema(description.schema);
    const buffers = description.writesFromSlab ? 'take' : 'copy';
    const { noteColumns: columns } = description;
    const noted = columns.length === 0 ? undefined : { columns, schema: addNoteFields(schema, columns) };
    output = {
      schema,
      noted,
      encode: createEncoder(description.format, noted?.schema ?? schema, buffers),
    };
    outputs.set(name, output);
  }
  return output;
}

function gatherPieces(schema: Schema, pieces: readonly PlacedPiece[], allocate: Allocate): Batch {
  return gather(
    schema,
    pieces.map(({ placement, bytes, rows, cuts }) => {
      const batch = restore(schema, placement, bytes);
      return { batch: cuts === undefined ? batch : cutBatch(batch, cuts), rows };
    }),
    allocate,
  );
}

function cutBatch(batch: Batch, cuts: Cuts): Batch {
  return replaceText(batch, job.textIndex, cutText(textColumn(batch, job.textIndex), cuts));
}

/** Memory of this thread, used again by every batch that is encoded to something else. */
let scratchMemory = new Uint8Array(0);
const MOST_SCRATCH = 32 * 1024 * 1024;

function scratch(pieces: readonly PlacedPiece[]): Uint8Array {
  // The rows chosen take no more than the batches they lie in.
  const most = pieces.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
  const wanted = Math.min(most, MOST_SCRATCH);
  if (scratchMemory.byteLength < wanted) scratchMemory = new Uint8Array(wanted);
  return scratchMemory;
}

function ownedBuffer({ buffer }: ArrayBufferView): ArrayBuffer[] {
  return buffer instanceof ArrayBuffer ? [buffer] : [];
}

/** Own buffers of the arrays in a result, at any depth. */
function arraysIn(result: object): ArrayBuffer[] {
  return Object.values(result).flatMap((value: unknown) => {
    if (ArrayBuffer.isView(value)) return ownedBuffer(value);
    return typeof value === 'object' && value !== null ? arraysIn(value) : [];
  });
}

function arraysOf({
  contentHashes,
  bandKeys,
  shingleCounts,
  sketches,
}: Signatures): (Uint32Array | Uint8Array)[] {
  return [contentHashes, bandKeys, shingleCounts, sketches];
}

function lengthsOf({ offsets, rowCount }: TextColumn, allocate: Allocate): Uint32Array {
  const lengths = allocateWords(allocate, rowCount);
  for (let row = 0; row < rowCount; row++) lengths[row] = offsets[row + 1]! - offsets[row]!;
  return lengths;
}
