import { CurationError } from '../errors.ts';
import type { LexicalModel } from '../kernels/lexical/model.ts';
import { CENTER_NORM, centerSquares } from '../kernels/vectors/centers.ts';
import { DIMENSION_STEP, MOST_DIMENSIONS } from '../kernels/vectors/vectors.ts';
import { xxh64 } from '../kernels/xxh64.ts';
import { DISTANCE_BINS } from './outliers.ts';
import { HeaderReader, type Refuse } from './plan-header.ts';
import type { PriorityRule } from './priority.ts';
import type { ConceptTree } from './tree.ts';

/** What a curation has found out, to be applied to later dumps of the same kind. */
export interface CurationPlan {
  readonly encoder: PlanEncoder;
  readonly tree: ConceptTree;
  readonly concepts: PlanConcepts;
  /** Quantiles of the qualities, ascending; undefined where nothing is known of them. */
  readonly knots: Float32Array | undefined;
  readonly rules: PlanRules;
}

/** What documents are told apart by. Models in folders are named, and known again by a digest of their files. */
export type PlanEncoder =
  | { readonly kind: 'lexical'; readonly model: LexicalModel }
  | { readonly kind: 'static' | 'onnx'; readonly folder: string; readonly sha256: string }
  | {
      readonly kind: 'column';
      readonly column: string;
      readonly length: number;
      readonly dimensions: number;
    };

/** What is known of each concept; arrays by its number, the last for documents that say nothing. */
export interface PlanConcepts {
  /** Most specific terms. */
  readonly names: readonly (readonly string[])[];
  /** No duplicates, exact or near. */
  readonly documents: Float64Array;
  /** Mean distance from the centre; 0 without documents. */
  readonly distances: Float64Array;
  /** Share of its bytes that were kept, each document counted once; NaN where no document could be. */
  readonly keptShares: Float64Array;
  /** See `ConceptNotes`. */
  readonly cutPriorities: Float64Array;
  readonly cutHashes: Uint32Array;
  readonly sizeLimits: Float64Array;
  /** See `outlierBins`. */
  readonly outlierBins: Uint16Array;
}

/** What else the curation was told, and what came of it. */
interface PlanRules {
  readonly seed: number;
  readonly fill: PriorityRule;
  readonly bytesPerToken: number;
  readonly signatures: { readonly ngram: number; readonly bands: number; readonly rows: number };
  /** Filters that every document goes through, as a recipe; not looked into here. */
  readonly recipe: object;
  /** The last step of the recipe finds qualities with this model. */
  readonly qualityModel: { readonly path: string; readonly sha256: string } | undefined;
  /** Bytes of text that were read, that were written, repeats counted, and the repeats among them. */
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly repeatBytes: number;
  /** Bytes that the plan would keep of the same dump: each document once, and what other documents say again. */
  readonly expectedBytes: number;
}

/** "SLUICECP" */
const MAGIC: readonly number[] = [0x53, 0x4c, 0x55, 0x49, 0x43, 0x45, 0x43, 0x50];
const VERSION = 1;
const PREFIX = 24;
const MOST_HEADER = 2 ** 24;
const MOST_LEAVES = 65_535;
const MOST_KNOTS = 2 ** 16;
const MOST_BUCKET_BITS = 20;
/** Directions may be so long, as `CenterKernel.load` says. */
const MOST_CENTER_SQUARE = (2 * CENTER_NORM) ** 2;
/** No plan is larger: the largest map, and the largest tree. */
export const MOST_PLAN_BYTES: number = 2 ** 30;

const FILLS: readonly PriorityRule[] = ['quality', 'hard', 'easy', 'random'];
const KINDS = ['lexical', 'static', 'onnx', 'column'] as const;

const ARRAYS = {
  int8: Int8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

/** How many of everything there are. */
interface Sizes {
  /** Buckets of the lexical encoder, and whether they have directions; 0 with another encoder. */
  readonly bucketBits: number;
  readonly hasMap: boolean;
  readonly dimensions: number;
  readonly branches: number;
  readonly leaves: number;
  readonly knots: number;
}

/** Kinds and lengths of the arrays, in their order. */
function layoutOf({ bucketBits, hasMap, dimensions, branches, leaves, knots }: Sizes) {
  const concepts = leaves + 1;
  const buckets = bucketBits === 0 ? 0 : 2 ** bucketBits;
  return {
    weights: ['uint16', buckets],
    map: ['int8', hasMap ? buckets * dimensions : 0],
    leafStarts: ['uint32', branches + 1],
    branchCenters: ['int16', branches * dimensions],
    leafCenters: ['int16', leaves * dimensions],
    documents: ['float64', concepts],
    distances: ['float64', concepts],
    keptShares: ['float64', concepts],
    cutPriorities: ['float64', concepts],
    cutHashes: ['uint32', 2 * concepts],
    sizeLimits: ['float64', concepts],
    outlierBins: ['uint16', concepts],
    knots: ['float32', knots],
  } as const satisfies Record<keyof Arrays, readonly [keyof typeof ARRAYS, number]>;
}

type Layout = ReturnType<typeof layoutOf>;

/** By the names of the layout. */
interface Arrays extends Omit<PlanConcepts, 'names'> {
  readonly weights: Uint16Array;
  readonly map: Int8Array;
  readonly leafStarts: Uint32Array;
  readonly branchCenters: Int16Array;
  readonly leafCenters: Int16Array;
  readonly knots: Float32Array;
}

const padded = (byteLength: number): number => (byteLength + 7) & ~7;

function payloadLength(layout: Layout): number {
  return Object.values(layout).reduce(
    (sum, [kind, length]) => sum + padded(length * ARRAYS[kind].BYTES_PER_ELEMENT),
    0,
  );
}

/**
 * A plan as a file; equal plans give equal bytes.
 *
 *     0   "SLUICECP"
 *     8   version, length of the header; 32 bits each, little-endian as everything
 *     16  XXH64 of bytes 0 to 16 and of everything from 24 on
 *     24  header, JSON, blank-padded to a multiple of 8
 *     ..  the arrays of `layoutOf`, one behind the other, each zero-padded to a multiple of 8
 */
export function serializePlan(plan: CurationPlan): Uint8Array<ArrayBuffer> {
  const { encoder, tree, concepts, knots, rules } = plan;
  const model = encoder.kind === 'lexical' ? encoder.model : undefined;
  const sizes: Sizes = {
    bucketBits: model?.bucketBits ?? 0,
    hasMap: model?.map !== undefined,
    dimensions: tree.dimensions,
    branches: tree.leafStarts.length - 1,
    leaves: tree.leaves,
    knots: knots?.length ?? 0,
  };
  const { names, ...ofConcepts } = concepts;
  const arrays: Arrays = {
    weights: model?.weights ?? new Uint16Array(0),
    map: model?.map ?? new Int8Array(0),
    leafStarts: tree.leafStarts,
    branchCenters: tree.branchCenters,
    leafCenters: tree.leafCenters,
    ...ofConcepts,
    knots: knots ?? new Float32Array(0),
  };
  const header = { sizes, encoder: model === undefined ? encoder : { kind: 'lexical' }, names, rules };
  const encoded = new TextEncoder().encode(JSON.stringify(header));
  const layout = layoutOf(sizes);
  const headerLength = padded(encoded.length);
  const bytes = new Uint8Array(PREFIX + headerLength + payloadLength(layout));
  bytes.set(MAGIC);
  const view = new DataView(bytes.buffer);
  view.setUint32(8, VERSION, true);
  view.setUint32(12, headerLength, true);
  bytes.set(encoded, PREFIX);
  bytes.fill(0x20, PREFIX + encoded.length, PREFIX + headerLength);
  let at = PREFIX + headerLength;
  for (const name of Object.keys(layout) as (keyof Layout)[]) {
    const { buffer, byteOffset, byteLength } = arrays[name];
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += padded(byteLength);
  }
  sealPlan(bytes);
  return bytes;
}

/** Writes the checksum of a plan into it. */
export function sealPlan(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [low, high] = checksum(bytes);
  view.setUint32(16, low, true);
  view.setUint32(20, high, true);
}

function checksum(bytes: Uint8Array): readonly [number, number] {
  const hashes = new Uint32Array(4);
  xxh64(bytes, PREFIX, bytes.length, hashes, 0);
  const both = new Uint8Array(24);
  both.set(bytes.subarray(0, 16));
  both.set(new Uint8Array(hashes.buffer, 0, 8), 16);
  xxh64(both, 0, 24, hashes, 2);
  return [hashes[2]!, hashes[3]!];
}

/**
 * Reads what {@link serializePlan} wrote; what threads need lies in memory that they share. Nothing is allocated before it is known that the
 * file has as much.
 * @param path for messages.
 * @throws CurationError `BAD_INPUT` for a file that is cut, damaged or of another version, naming what is wrong.
 */
export function parsePlan(bytes: Uint8Array, path: string): CurationPlan {
  const refuse: Refuse = (where, expected, found) => {
    throw new CurationError(
      'BAD_INPUT',
      `${path}: ${where}: expected ${expected}, found ${found}; save the plan again with sluice curate --save-plan`,
    );
  };
  if (!MAGIC.every((byte, at) => bytes[at] === byte)) {
    refuse('first bytes', 'a plan of sluice curate (SLUICECP)', 'something else');
  }
  if (bytes.length < PREFIX) refuse('file', `at least ${PREFIX} bytes`, `${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint32(8, true);
  if (version !== VERSION) refuse('version', `${VERSION}`, `${version}`);
  const headerLength = view.getUint32(12, true);
  const room = Math.min(MOST_HEADER, bytes.length - PREFIX);
  if (headerLength > room) refuse('length of the header', `at most ${room}`, `${headerLength}`);
  const [low, high] = checksum(bytes);
  if (view.getUint32(16, true) !== low || view.getUint32(20, true) !== high) {
    refuse('checksum', 'the one in the file', 'another one, so the file is cut or damaged');
  }
  const header = HeaderReader.parse(bytes.subarray(PREFIX, PREFIX + headerLength), refuse);
  const sizes = sizesOf(header.object('sizes'));
  const layout = layoutOf(sizes);
  const present = bytes.length - PREFIX - headerLength;
  if (payloadLength(layout) !== present) refuse('arrays', `${payloadLength(layout)} bytes`, `${present}`);
  const arrays = readArrays(bytes, PREFIX + headerLength, layout);
  checkArrays(arrays, sizes.dimensions, refuse);
  const { dimensions, leaves, bucketBits } = sizes;
  const { leafStarts, branchCenters, leafCenters, weights, map, knots, ...ofConcepts } = arrays;
  const model = { dimensions, bucketBits, weights, map: sizes.hasMap ? map : undefined };
  return {
    encoder: encoderOf(header.object('encoder'), model),
    tree: { dimensions, leaves, leafStarts, branchCenters, leafCenters },
    concepts: { names: namesOf(header, leaves + 1), ...ofConcepts },
    knots: knots.length === 0 ? undefined : knots,
    rules: rulesOf(header.object('rules')),
  };
}

function sizesOf(header: HeaderReader): Sizes {
  const sizes = {
    bucketBits: header.whole('bucketBits', 0, MOST_BUCKET_BITS),
    hasMap: header.boolean('hasMap'),
    dimensions: header.whole('dimensions', DIMENSION_STEP, MOST_DIMENSIONS),
    branches: header.whole('branches', 0, MOST_LEAVES),
    leaves: header.whole('leaves', 0, MOST_LEAVES),
    knots: header.whole('knots', 0, MOST_KNOTS),
  };
  if (sizes.dimensions % DIMENSION_STEP !== 0) {
    header.refuse('dimensions', `a multiple of ${DIMENSION_STEP}`, `${sizes.dimensions}`);
  }
  return sizes;
}

function encoderOf(header: HeaderReader, model: LexicalModel): PlanEncoder {
  const kind = header.word('kind', KINDS);
  if ((kind === 'lexical') !== model.bucketBits > 0) {
    header.refuse('kind', 'lexical with buckets, or another without', `${kind}`);
  }
  switch (kind) {
    case 'lexical':
      return { kind, model };
    case 'column': {
      const length = header.whole('length', 1, MOST_DIMENSIONS);
      const { dimensions } = model;
      if (Math.ceil(length / DIMENSION_STEP) * DIMENSION_STEP !== dimensions) {
        header.refuse('length', `what fits ${dimensions} dimensions`, `${length}`);
      }
      return { kind, column: header.text('column'), length, dimensions };
    }
    default:
      return { kind, folder: header.text('folder'), sha256: header.text('sha256') };
  }
}

function namesOf(header: HeaderReader, concepts: number): readonly (readonly string[])[] {
  const names = header.list('names');
  const areNames = names.every(
    (some) => Array.isArray(some) && some.every((name) => typeof name === 'string'),
  );
  if (!areNames || names.length !== concepts)
    header.refuse('names', `lists of words for ${concepts} concepts`, 'something else');
  return names as readonly (readonly string[])[];
}

function rulesOf(header: HeaderReader): PlanRules {
  const signatures = header.object('signatures');
  const quality = header.has('qualityModel') ? header.object('qualityModel') : undefined;
  return {
    seed: header.whole('seed', 0, 2 ** 32 - 1),
    fill: header.word('fill', FILLS),
    bytesPerToken: header.number('bytesPerToken', 0.25, 64),
    signatures: {
      ngram: signatures.whole('ngram', 1, 64),
      bands: signatures.whole('bands', 1, 512),
      rows: signatures.whole('rows', 1, 128),
    },
    recipe: header.object('recipe').content,
    qualityModel: quality && { path: quality.text('path'), sha256: quality.text('sha256') },
    readBytes: header.whole('readBytes', 0, Number.MAX_SAFE_INTEGER),
    writtenBytes: header.whole('writtenBytes', 0, Number.MAX_SAFE_INTEGER),
    repeatBytes: header.whole('repeatBytes', 0, Number.MAX_SAFE_INTEGER),
    expectedBytes: header.number('expectedBytes', 0, Number.MAX_SAFE_INTEGER),
  };
}

function readArrays(bytes: Uint8Array, start: number, layout: Layout): Arrays {
  let at = start;
  const read = ([kind, length]: readonly [keyof typeof ARRAYS, number]) => {
    const byteLength = length * ARRAYS[kind].BYTES_PER_ELEMENT;
    const memory = new SharedArrayBuffer(byteLength);
    new Uint8Array(memory).set(bytes.subarray(at, at + byteLength));
    at += padded(byteLength);
    const Kind: new (from: SharedArrayBuffer) => ArrayBufferView = ARRAYS[kind];
    return new Kind(memory);
  };
  // In the order of the layout, each of its own kind.
  return Object.fromEntries(
    Object.entries(layout).map(([name, place]) => [name, read(place)]),
  ) as unknown as Arrays;
}

/** What would send a document astray, or the thread that looks for its concept out of an array. */
function checkArrays(arrays: Arrays, dimensions: number, refuse: Refuse): void {
  const { leafStarts, leafCenters, branchCenters, documents, distances, keptShares, knots } = arrays;
  const leaves = documents.length - 1;
  const ascends = leafStarts.every((start, at) => at === 0 || start > leafStarts[at - 1]!);
  if (!ascends || leafStarts[0] !== 0 || leafStarts.at(-1) !== leaves) {
    refuse('tree', `branches that share out ${leaves} concepts`, 'others');
  }
  for (const values of [branchCenters, leafCenters]) {
    const squares = centerSquares({ count: values.length / dimensions, dimensions, values });
    if (squares.some((square) => square > MOST_CENTER_SQUARE)) refuse('centres', 'directions', 'others');
  }
  if (!documents.every((count) => Number.isSafeInteger(count) && count >= 0))
    refuse('documents', 'whole numbers', 'others');
  if (!distances.every((distance) => distance >= 0 && distance <= 2)) refuse('distances', '0 to 2', 'others');
  if (!keptShares.every((share) => Number.isNaN(share) || (share >= 0 && share <= 1)))
    refuse('kept shares', '0 to 1', 'others');
  if (arrays.cutPriorities.some((cut) => Number.isNaN(cut))) refuse('cuts', 'numbers', 'others');
  if (!arrays.sizeLimits.every((limit) => limit >= 0)) refuse('size limits', 'numbers from 0 on', 'others');
  if (arrays.outlierBins.some((bin) => bin > DISTANCE_BINS))
    refuse('outliers', `bins up to ${DISTANCE_BINS}`, 'others');
  if (!knots.every((knot, at) => Number.isFinite(knot) && (at === 0 || knot >= knots[at - 1]!)))
    refuse('quantiles of quality', 'finite numbers that ascend', 'others');
}
