// How fast are proxy models trained, and how long does a proof take?
//
// First one thread: symbols learned a second, with the four measurements of a learning curve on held-out text in it, of each family and
// size. Ceiling: a copy of the bytes. Rival: KenLM's lmplz on the same symbols, where SLUICE_BENCH_LMPLZ names one; it counts with as many
// threads as it likes, sorts on disk, and is not measured on held-out text.
// Then a whole process: `sluice prove` with its defaults, on 200 MB of text and what filtering and deduplication leave of it.
// Pin the first half to one core: taskset -c 0 node dist/bench/prove.js

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProxy, type ProxyPlan } from '../src/kernels/proxy/create.ts';
import { DOCUMENT_END, type HeldOut } from '../src/kernels/proxy/proxy.ts';
import type { Proof } from '../src/proof/proof.ts';
import { documents, projectRoot } from './corpus.ts';
import { openDump } from './dump.ts';
import { highlight, printTable, printTitle, runProcess, showSpread, spreadOf } from './measure.ts';

const TOKENS = 16 * 2 ** 20;
const HELD_OUT_BYTES = 2 * 2 ** 20;
const ROUNDS = 3;
const CHUNK = 2 ** 20;

/** Prose and mail as symbols, in an order that mixes them. */
function symbolsOf(): { readonly training: Uint8Array; readonly heldOut: HeldOut } {
  const all: Buffer[] = [];
  let length = 0;
  for (const { text } of documents()) {
    const bytes = Buffer.from(`${text}\0`);
    bytes[bytes.length - 1] = DOCUMENT_END;
    all.push(bytes);
    length += bytes.length;
    if (length > TOKENS + HELD_OUT_BYTES) break;
  }
  const offsets = [0];
  const measured: Buffer[] = [];
  while (offsets.at(-1)! < HELD_OUT_BYTES) {
    const one = all.pop()!;
    measured.push(one);
    offsets.push(offsets.at(-1)! + one.length);
  }
  return {
    training: Buffer.concat(all).subarray(0, TOKENS),
    heldOut: { symbols: Buffer.concat(measured), offsets: Uint32Array.from(offsets) },
  };
}

interface Round {
  readonly rate: number;
  readonly bitsPerByte: number;
  readonly size: number;
}

function train(plan: ProxyPlan, training: Uint8Array, heldOut: HeldOut): Round {
  const bits = new Float64Array(heldOut.offsets.length - 1);
  const start = process.cpuUsage();
  const model = createProxy(plan, heldOut, Number.POSITIVE_INFINITY);
  let at = 0;
  for (const share of [1 / 8, 1 / 4, 1 / 2, 1]) {
    for (const budget = Math.floor(share * training.length); at < budget; ) {
      const end = Math.min(at + CHUNK, budget);
      model.train(training, at, end);
      at = end;
    }
    model.score(bits);
  }
  const { user, system } = process.cpuUsage(start);
  const text = heldOut.symbols.length - bits.length;
  const sum = bits.reduce((total, one) => total + one, 0);
  return { rate: training.length / (user + system), bitsPerByte: sum / text, size: model.size };
}

function trainingSpeed(): void {
  const { training, heldOut } = symbolsOf();
  const plans: Readonly<Record<string, ProxyPlan>> = {
    ...Object.fromEntries([3, 4, 5, 6].map((order) => [`byte ${order}-gram`, { family: 'ngram', order }])),
    ...Object.fromEntries(
      [14, 16, 18, 20, 22].map((bits) => [
        `log-linear, 2^${bits} parameters`,
        { family: 'log-linear', parameters: 2 ** bits },
      ]),
    ),
  };
  const rows: string[][] = [];
  for (const [name, plan] of Object.entries(plans)) {
    const rounds: Round[] = [];
    for (let round = 0; round < ROUNDS; round++) rounds.push(train(plan, training, heldOut));
    const [{ bitsPerByte, size }] = rounds as [Round];
    const rate = showSpread(spreadOf(rounds.map((one) => one.rate)));
    rows.push([name, rate, bitsPerByte.toFixed(3), size.toLocaleString('en-US')]);
    if (name === 'byte 5-gram' || name.includes('2^20'))
      highlight(`Train and measure a ${name}`, `${rate} MB/s`);
  }
  const target = new Uint8Array(training.length);
  const copies = Array.from({ length: ROUNDS }, () => {
    const start = process.cpuUsage();
    for (let i = 0; i < 20; i++) target.set(training);
    const { user, system } = process.cpuUsage(start);
    return (20 * training.length) / (user + system);
  });
  rows.push(['ceiling: copy of the bytes', showSpread(spreadOf(copies)), '', '']);
  const lmplz = process.env['SLUICE_BENCH_LMPLZ'];
  if (lmplz === undefined) console.log('No SLUICE_BENCH_LMPLZ: KenLM is not compared with.');
  else rows.push(['KenLM lmplz, 5-grams, counting alone', rival(lmplz, training), '', '']);
  console.log(
    `\n${(training.length / 2 ** 20).toFixed(1)} MiB of training text, measured four times on ${(heldOut.symbols.length / 2 ** 20).toFixed(1)} MiB. MB/s of processor time: median of ${ROUNDS} rounds (least to most).`,
  );
  printTable(['Model', 'MB/s', 'bits per byte', 'n-grams or parameters'], rows);
}

/** Symbols as words of a line each document, for a tool that knows words. */
function rival(lmplz: string, training: Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  try {
    const words: string[] = [];
    for (const symbol of training) words.push(symbol === DOCUMENT_END ? '\n' : `${symbol} `);
    const path = join(folder, 'symbols.txt');
    writeFileSync(path, words.join(''));
    const rates = Array.from({ length: ROUNDS }, () => {
      const command = `"${lmplz}" -o 5 -S 4G -T "${folder}" --discount_fallback < "${path}" > "${folder}/model.arpa"`;
      return training.length / 1e6 / runProcess(['/bin/sh', '-c', command], false).cpuSeconds;
    });
    return showSpread(spreadOf(rates));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const cli = join(projectRoot, 'dist', 'src', 'cli.js');

/** Only the time is of interest: pieces of what is held out are in the dump, so that losses would prove nothing. */
async function wholeRun(): Promise<void> {
  const raw = await openDump(200, 'zstd');
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const clean = join(folder, 'clean');
  const rules = ['--rules', 'gopher-quality', '--max-non-alpha-words-ratio', '0.5', '--dedup'];
  try {
    const heldOut = heldOutSets(folder);
    runProcess(
      [process.execPath, cli, 'filter', raw.path, '-o', clean, ...rules, '--progress', 'none'],
      false,
    );
    const sets = ['--baseline', raw.path, '--curated', clean, '--heldout', ...heldOut];
    const words = ['prove', ...sets, '-o', join(folder, 'proof'), '--progress', 'none'];
    const { seconds, cpuSeconds } = runProcess([process.execPath, cli, ...words], false);
    const proof = JSON.parse(readFileSync(join(folder, 'proof', 'prove.json'), 'utf8')) as Proof;
    const { tokens, seeds } = proof.setup;
    console.log(
      `\n\`sluice prove\` with its defaults, whole process, once: ${seconds.toFixed(0)} s, ${cpuSeconds.toFixed(0)} s of processor time. A baseline of ${(raw.textBytes / 1e6).toFixed(0)} MB, ${proof.arms.length} arms, ${seeds} seeds, ${(tokens / 1e6).toFixed(1)} MB for each model, ${heldOut.length} held-out sets.`,
    );
    highlight('sluice prove, defaults, a baseline of 200 MB', `${seconds.toFixed(0)} s`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Whole documents of three kinds. */
function heldOutSets(folder: string): string[] {
  const kinds: Record<string, string[]> = { mail: [], prose: [], licences: [] };
  for (const { id, kind, text } of documents()) {
    const name = /licen[sc]e|copying/i.test(id) ? 'licences' : kind;
    if (kinds[name]!.length < 500) kinds[name]!.push(JSON.stringify({ id, text }));
  }
  return Object.entries(kinds).map(([name, lines]) => {
    const path = join(folder, `${name}.jsonl`);
    writeFileSync(path, `${lines.join('\n')}\n`);
    return path;
  });
}

printTitle('How fast are proxy models trained, and how long does a proof take?');
trainingSpeed();
await wholeRun();
