// How fast can one thread decide which documents are new, when the index is far larger than the processor's cache?
//
// Input: signatures of documents that are all different (the dearest case: every one is kept and inserted), 14 bands,
// 3 KB of text a document, drawn from a generator; drawing is not timed. Indexes are filled to the planned number first.
// Pin it to one core for figures that can be compared: taskset -c 0 node dist/bench/commit.js

import { cpus } from 'node:os';
import bloomFilters from 'bloom-filters';
import type { Signatures } from '../src/kernels/signatures.ts';
import { createDeduplicator } from '../src/stages/deduplicate.ts';

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

function print(name: string, rounds: readonly number[], note = ''): void {
  const sorted = rounds.toSorted((a, b) => a - b);
  const median = sorted[sorted.length >> 1]!;
  const spread = `${perMegabyte(sorted[0]!)} to ${perMegabyte(sorted.at(-1)!)}`;
  const speed = Math.round(1e9 / median).toLocaleString('en-US');
  console.log(
    `${name.padEnd(46)} ${perMegabyte(median).padStart(8)} ms/MB  (${spread})`.padEnd(84) +
      `${speed.padStart(10)} documents/s${note}`,
  );
}

function perMegabyte(nanoseconds: number): string {
  const milliseconds = (nanoseconds * DOCUMENTS_PER_MB) / 1e6;
  return milliseconds < 10 ? milliseconds.toFixed(3) : milliseconds.toFixed(0);
}

function ours(expectedDocuments: number): void {
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
  print(
    `sluice, ${(report.filterBytes / 2 ** 20).toFixed(0)} MiB of filters`,
    rounds,
    `, ${ordinal.toLocaleString('en-US')} in, ${report.layers} layer(s)`,
  );
}

/** What the memory allows: one word of one random cache line for each band, band by band, nothing decided. */
function ceiling(megabytes: number): void {
  const words = new Uint32Array(megabytes * 2 ** 18).fill(1);
  const scale = words.length / 16 / 2 ** 32;
  let sum = 0;
  const rounds = measure(BATCH_ROWS, 12, ({ bandKeys }) => {
    for (let at = 1; at < bandKeys.length; at += 2) sum += words[((bandKeys[at]! * scale) | 0) << 4]!;
  });
  if (sum === 0) throw new Error('the reads were optimised away');
  print(`ceiling: 14 random lines of ${megabytes} MiB read`, rounds);
}

/** Exact band sets of JavaScript: one `Set` of doubles for each band (53 of the 64 bits). */
function javaScriptSets(documents: number): void {
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
  print(
    'JavaScript Set for each band',
    measure(512, Math.floor(documents / 512 / (ROUNDS + 2)), commit),
    `, up to ${documents.toLocaleString('en-US')} in`,
  );
}

/** The npm package `bloom-filters`, which takes strings, one filter for each band. */
function npmBloomFilters(): void {
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
  print('bloom-filters (npm)', measure(16, 4, commit), ', 2,000 in');
}

console.log(
  'How fast can one thread decide which documents are new, when the index is larger than the cache?',
);
console.log(
  `${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}; ${BANDS} bands, rate 1e-5 over the index.`,
);
console.log(
  `Milliseconds of processor time per MB of text (documents of 3 KB): median of ${ROUNDS} rounds, least and most.\n`,
);
ours(60_000);
ours(6_000_000);
ceiling(4);
ceiling(420);
javaScriptSets(60_000);
npmBloomFilters();
