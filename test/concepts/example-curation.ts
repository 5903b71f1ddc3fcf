import type { ConceptReport, CurationReport, Distribution } from '../../src/concepts/curation.ts';
import { seeded } from '../engine/support.ts';

const WORDS =
  'kernel driver module film actor scene coffee espresso grinder topic partition broker licence warranty liability senate congress treaty install package mirror recipe flour oven refund transfer card galaxy orbit telescope patient dose trial goal league striker 操作系统 软件包 ハンドブック кофе фильм пакет Verwaltung Datenbank'.split(
    ' ',
  );

/** A curation made up of so many concepts: a few large and simple ones, many small ones, shares by complexity, four epochs at most. */
export function exampleCuration(concepts: number, seed = 1): CurationReport {
  const random = seeded(seed);
  const pick = (): string => WORDS[Math.floor(random() * WORDS.length)]!;
  const drawn = Array.from({ length: concepts }, (_, concept) => {
    const documents = Math.max(1, Math.round((400_000 / concepts) * 40 ** (2 * random() - 1)));
    const tokens = documents * Math.round(180 + 900 * random() ** 2);
    const intra = 0.35 + 0.4 * random();
    const inter = 0.3 + 0.4 * random() * intra;
    return { concept, documents, tokens, intra, inter, complexity: intra * inter };
  });
  const tokens = drawn.reduce((sum, one) => sum + one.tokens, 0);
  const budgetTokens = Math.round(tokens * 0.3);
  const weights = drawn.map(({ complexity }) => Math.exp(complexity / 0.1));
  const weight = weights.reduce((sum, one) => sum + one, 0);
  const reports = drawn.map((one, at): ConceptReport => {
    const share = weights[at]! / weight;
    const epochs = Math.min(4, Math.max(0, (share * budgetTokens) / one.tokens));
    const isGone = at % 97 === 96;
    const writtenTokens = isGone ? 0 : Math.round(one.tokens * epochs);
    return {
      ...one,
      names: at % 29 === 28 ? [] : [...new Set([pick(), pick(), pick(), pick()])],
      examples: [0, 1, 2].map((row) => ({
        source: `data/part-${String(at % 7).padStart(4, '0')}.parquet`,
        row: at * 31 + row,
        text: Array.from({ length: 60 }, pick).join(' '),
      })),
      semanticDuplicates: Math.floor(one.documents * 0.08),
      outliers: Math.floor(one.documents * 0.01),
      share,
      quotaTokens: Math.round(share * budgetTokens),
      epochs: isGone ? 0 : epochs,
      keptDocuments: isGone ? 0 : Math.round(one.documents * Math.min(1, epochs)),
      writtenTokens,
    };
  });
  const documents = reports.reduce((sum, one) => sum + one.documents, 0);
  const kept = reports.reduce((sum, { keptDocuments }) => sum + keptDocuments, 0);
  const writtenTokens = reports.reduce((sum, one) => sum + one.writtenTokens, 0);
  const left = (step: CurationReport['funnel'][number]['step'], part: number) => ({
    step,
    documents: Math.round(documents * part),
    tokens: Math.round(tokens * part),
  });
  return {
    bytesPerToken: 4.2,
    budgetTokens,
    writtenTokens,
    funnel: [
      left('read', 2.1),
      left('filters', 1.6),
      left('exact duplicates', 1.2),
      left('near duplicates', 1),
      left('semantic duplicates', 0.92),
      left('outliers', 0.91),
      { step: 'quotas', documents: kept, tokens: Math.round(writtenTokens * 0.8) },
      { step: 'repeats', documents: Math.round(kept * 1.3), tokens: writtenTokens },
    ],
    encoder: { name: 'lexical', dimensions: 256, sample: 262_144 },
    redundancy: {
      form: 'leaders',
      threshold: 0.9312,
      source: 'calibrated',
      dropped: Math.round(documents * 0.08),
    },
    rule: {
      quota: 'proportional',
      sizeExponent: 0.7,
      temperature: 0.1,
      floor: 0.5,
      mostEpochs: 4,
      lambda: 1.732,
      fill: 'quality',
      balance: { by: 'lang', rule: 'unimax' },
    },
    concepts: reports,
    distributions: [
      distribution(
        'source',
        [
          'data/part-0000.parquet',
          'https-dump/a/very/long/path/that/does/not/fit/part-0001.parquet',
          'forum',
          'books',
          'wiki',
        ],
        tokens,
        writtenTokens,
      ),
      distribution('lang', ['en', 'de', 'ja', 'ru', '(all others)'], tokens, writtenTokens),
    ],
  };
}

function distribution(of: string, names: readonly string[], tokens: number, written: number): Distribution {
  return {
    of,
    groups: names.map((name, at) => ({
      name,
      documents: 1000 * (at + 1),
      tokens: Math.round(tokens * 0.5 ** (at + 1)),
      keptDocuments: 500,
      writtenTokens: Math.round((written * (1 + at)) / 15),
    })),
  };
}
