import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What lmplz made of documents. */
export interface LmplzModel {
  /** By order: distinct n-grams without `<s>` and `<unk>`. */
  readonly counts: number[];
  /** By order: D1, D2, D3+. */
  readonly discounts: number[][];
  /** n-grams in hexadecimal, `<s>` and `</s>`, to log10 of their probability and of their backoff. */
  readonly ngrams: Map<string, { readonly probability: number; readonly backoff: number }>;
}

/**
 * Runs KenLM's lmplz with every byte as a word and every document as a sentence.
 * @param vocabulary symbols of the uniform distribution; undefined: those of the documents, and an unknown one.
 */
export function runLmplz(
  program: string,
  documents: readonly string[],
  order: number,
  vocabulary?: number,
): LmplzModel {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-lmplz-'));
  try {
    const text = join(folder, 'text');
    const arpa = join(folder, 'arpa');
    writeFileSync(text, `${documents.map((document) => wordsOf(document).join(' ')).join('\n')}\n`);
    const padding = vocabulary === undefined ? [] : ['--vocab_pad', `${vocabulary}`];
    const { status, stderr } = spawnSync(
      program,
      [
        '-o',
        `${order}`,
        '-S',
        '64M',
        '-T',
        folder,
        '--discount_fallback',
        ...padding,
        '--text',
        text,
        '--arpa',
        arpa,
      ],
      { encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(`lmplz ended with ${status}: ${stderr}`);
    return parseModel(stderr, readFileSync(arpa, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function parseModel(log: string, arpa: string): LmplzModel {
  const counts: number[] = [];
  const discounts: number[][] = [];
  for (const [, order, count, ...amounts] of log.matchAll(/^(\d) (\d+) D1=(\S+) D2=(\S+) D3\+=(\S+)$/gm)) {
    counts.push(Number(count) - (order === '1' ? 2 : 0));
    discounts.push(amounts.map(Number));
  }
  const ngrams = new Map<string, { probability: number; backoff: number }>();
  for (const [, probability, ngram, backoff] of arpa.matchAll(/^(-?[\d.e-]+)\t([^\t\n]+)(?:\t(\S+))?$/gm)) {
    ngrams.set(ngram!, { probability: Number(probability), backoff: Number(backoff ?? 0) });
  }
  return { counts, discounts, ngrams };
}

function wordsOf(document: string): string[] {
  return [...Buffer.from(document)].map((byte) => byte.toString(16).padStart(2, '0'));
}

/** log10 of a document's probability by an ARPA file's rule: the longest n-gram that it lists, and the backoffs of the histories before. */
export function logProbability({ ngrams }: LmplzModel, document: string, order: number): number {
  const words = ['<s>', ...wordsOf(document), '</s>'];
  let sum = 0;
  for (let i = 1; i < words.length; i++) {
    const word = ngrams.has(words[i]!) ? words[i]! : '<unk>';
    for (let start = Math.max(0, i + 1 - order); ; start++) {
      const listed = ngrams.get([...words.slice(start, i), word].join(' '));
      sum += listed?.probability ?? ngrams.get(words.slice(start, i).join(' '))?.backoff ?? 0;
      if (listed !== undefined) break;
    }
  }
  return sum;
}
