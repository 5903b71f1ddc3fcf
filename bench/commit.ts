// How fast can one thread decide which documents are new, when the index is far larger than the processor's cache?
//
// Input: signatures of documents that are all different (the dearest case: every one is kept and inserted), 14 bands,
// 3 KB of text a document, drawn from a generator; drawing is not timed. Indexes are filled to the planned number first.
// Pin it to one core for figures that can be compared: taskset -c 0 node dist/bench/commit.js

import bloomFilters from 'bloom-filters';
import type { Signatures } from '../src/kernels/signatures/signatures.ts';
import { createDeduplicator } from '../src/stages/deduplicate.ts';
import { highlight, printTable, printTitle, ratioOf, showSpread, spreadOf, versionOf } from './measure.ts';

const BANDS = 14;
const BATCH_ROWS = 2048;
const ROUNDS = 9;
const DOCUMENTS_PER_MB = 1e6 / 3000;

/** A mixed counter: repeats after 2^32 words, and a run draws 50 million. */
let state = 1;
function nextWord(): number {
  state = (state + 0x9e3779b9) | 0;
  let word = state;
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return (word ^ (word >>> 16)) >>> 0;
}

function emptyBatch(rowCount: number): Signatures {
  return {
    rowCount,
    contentHashes: new Uint32Array(2 * rowCount),
    bandKeys: new Uint32Array(2 * BANDS * rowCount),
    shingleCounts: new Uint32Array(rowCount).fill(500),
    sketches: new Uint8Array(0),
  };
}

function draw(batch: Signatures): void {
  for (let at = 0; at < batch.contentHashes.length; at++) batch.contentHashes[at] = nextWord();
  // Two words of a 32-bit generator would repeat after 2^31 pairs; the document's number keeps keys apart.
  for (let at = 0; at < batch.bandKeys.length; at++)
    batch.bandKeys[at] = nextWord() ^ Math.imul(at, 0x27d4eb2f);
}

/** Processor nanoseconds a document of each round, drawing not counted; what other programs take of the core is not ours. */
function measure(batchRows: number, batches: number, commit: (batch: Signatures) => void): number[] {
  const batch = emptyBatch(batchRows);
  const rounds: number[] = [];
  for (let round = -2; round < ROUNDS; round++) {
    let elapsed = 0;
    for (let step = 0; step < batches; step++) {
      draw(batch);
      const start = process.cpuUsage();
      commit(batch);
      const used = process.cpuUsage(start);
      elapsed += used.user + used.system;
    }
    // The first two rounds warm the compiler.
    if (round >= 0) rounds.push((elapsed * 1e3) / (batches * batchRows));
  }
  return rounds;
}

const milliseconds = (nanoseconds: number): number => (nanoseconds * DOCUMENTS_PER_MB) / 1e6;

/** A row of the table; `held` says what was in the index. */
function rowOf(name: string, rounds: readonly number[], held = ''): string[] {
  const { median } = spreadOf(rounds);
  return [
    name,
    held,
    showSpread(spreadOf(rounds.map(milliseconds))),
    Math.round(1e9 / median).toLocaleString('en-US'),
  ];
}

function ours(expectedDocuments: number): { readonly rounds: readonly number[]; readonly row: string[] } {
  const deduplicator = createDeduplicator({
    parameters: { ngram: 5, bands: BANDS, rows: 8, seed: 0 },
    falsePositiveRate: 1e-5,
    expectedDocuments,
  });
  const batches = Math.min(12, Math.max(2, Math.floor(expectedDocuments / BATCH_ROWS / (ROUNDS + 4))));
  const batch = emptyBatch(BATCH_ROWS);
  let ordinal = 0;
  // Pages of memory are given on first use: filled to two thirds, nearly all have been.
  const toFill = Math.min(expectedDocuments - (ROUNDS + 2) * batches * BATCH_ROWS, 1_200_000);
  for (; ordinal < toFill; ordinal += BATCH_ROWS) {
    draw(batch);
    deduplicator.commit(batch, ordinal);
  }
  const rounds = measure(BATCH_ROWS, batches, (signed) => {
    deduplicator.commit(signed, ordinal);
    ordinal += BATCH_ROWS;
  });
  const report = deduplicator.report();
  const name = `sluice, ${(report.filterBytes / 2 ** 20).toFixed(0)} MiB of filters`;
  const held = `${ordinal.toLocaleString('en-US')}, ${report.layers} layer${report.layers === 1 ? '' : 's'}`;
  return { rounds, row: rowOf(name, rounds, held) };
}

/** What the memory allows: one word of one random cache line for each band, band by band, nothing decided. */
function ceiling(megabytes: number): string[] {
  const words = new Uint32Array(megabytes * 2 ** 18).fill(1);
  const scale = words.length / 16 / 2 ** 32;
  let sum = 0;
  const rounds = measure(BATCH_ROWS, 12, ({ bandKeys }) => {
    for (let at = 1; at < bandKeys.length; at += 2) sum += words[((bandKeys[at]! * scale) | 0) << 4]!;
  });
  if (sum === 0) throw new Error('the reads were optimised away');
  return rowOf(`ceiling: 14 random lines of ${megabytes} MiB read`, rounds);
}

/** Exact band sets of JavaScript: one `Set` of doubles for each band (53 of the 64 bits). */
function javaScriptSets(documents: number): string[] {
  const seen = Array.from({ length: BANDS }, () => new Set<number>());
  const commit = ({ bandKeys, rowCount }: Signatures): void => {
    for (let row = 0; row < rowCount; row++) {
      let isKnown = false;
      for (let band = 0; band < BANDS && !isKnown; band++) {
        const pair = 2 * (band * rowCount + row);
        isKnown = seen[band]!.has(bandKeys[pair]! + (bandKeys[pair + 1]! & 0x1f_ffff) * 2 ** 32);
      }
      for (let band = 0; band < BANDS && !isKnown; band++) {
        const pair = 2 * (band * rowCount + row);
        seen[band]!.add(bandKeys[pair]! + (bandKeys[pair + 1]! & 0x1f_ffff) * 2 ** 32);
      }
    }
  };
  const rounds = measure(512, Math.floor(documents / 512 / (ROUNDS + 2)), commit);
  return rowOf('JavaScript Set for each band', rounds, `up to ${documents.toLocaleString('en-US')}`);
}

/** The npm package `bloom-filters`, which takes strings, one filter for each band. */
function npmBloomFilters(): readonly number[] {
  const bandRate = 1 - (1 - 1e-5) ** (1 / BANDS);
  const filters = Array.from({ length: BANDS }, () => bloomFilters.BloomFilter.create(2000, bandRate));
  const commit = ({ bandKeys, rowCount }: Signatures): void => {
    for (let row = 0; row < rowCount; row++) {
      let isKnown = false;
      for (let band = 0; band < BANDS && !isKnown; band++) {
        const pair = 2 * (band * rowCount + row);
        isKnown = filters[band]!.has(`${bandKeys[pair]},${bandKeys[pair + 1]}`);
      }
      for (let band = 0; band < BANDS && !isKnown; band++) {
        const pair = 2 * (band * rowCount + row);
        filters[band]!.add(`${bandKeys[pair]},${bandKeys[pair + 1]}`);
      }
    }
  };
  return measure(16, 4, commit);
}

printTitle(
  'How fast can one thread decide which documents are new, when the index is larger than the cache?',
  `${BANDS} bands, rate 1e-5 over the index, documents of 3 KB, all different.`,
  `Processor time: median of ${ROUNDS} rounds (least to most).`,
);
const small = ours(60_000);
const large = ours(6_000_000);
const npm = npmBloomFilters();
printTable(
  ['Index', 'documents in it', 'ms per MB of text', 'documents/s'],
  [
    small.row,
    large.row,
    ceiling(4),
    ceiling(420),
    javaScriptSets(60_000),
    rowOf(`bloom-filters ${versionOf('bloom-filters')} (npm)`, npm, '2,000'),
  ],
);
highlight(
  'Commit to an index larger than the cache',
  `${showSpread(spreadOf(large.rounds.map(milliseconds)))} ms/MB`,
);
highlight('... faster than bloom-filters of npm by', `${showSpread(ratioOf(npm, large.rounds))} times`);
