import type { CurationReport } from '../concepts/curation.ts';
import { changesOf, conceptName, formatRatio, sortChanges } from '../concepts/words.ts';
import type { ClusterReport, NearDuplicateReport, PlanReport, Report } from '../report.ts';
import { formatBytes, formatCount, formatSeconds } from '../units.ts';

/** A line of a summary: what, and what is said of it. */
type Line = readonly [label: string, says: string];

/** What a person wants to know when a run is over; plain text, ends with a new line. */
export function summarize(report: Report, out: string): string {
  const { documents, bytes, seconds } = report;
  const count = (value: number): string => formatCount(value).padStart(11);
  const text = (value: number, mark: string): string =>
    bytes.text > 0 ? `${mark} ${formatBytes(value)} of text` : '';
  const lines: Line[] = [
    ['read', `${count(documents.read)} documents${text(bytes.text, ',')}`],
    ['kept', `${count(documents.kept)}${share(documents.kept, report)}${text(bytes.textKept, ' ')}`],
    ...(documents.edited > 0
      ? [['edited', `${count(documents.edited)}${share(documents.edited, report)}`] as const]
      : []),
    ...reasonLines(report),
    ...(report.nearDuplicate === undefined ? [] : indexLines(report.nearDuplicate)),
    ...(report.clusters === undefined ? [] : clusterLines(report.clusters)),
    ...(report.curation === undefined ? [] : curationLines(report.curation)),
    ...measuredLines(report),
    ...(report.plan === undefined ? [] : planLines(report.plan)),
    ...report.unreadable.slice(0, 3).map((message): Line => ['unreadable', message]),
    ...(report.unreadable.length > 3 ? [['unreadable', '... more in report.json'] as const] : []),
  ];
  if (out !== '-') {
    const ledger = report.verb === 'convert' ? '' : ', ledger/';
    const page = report.curation === undefined ? '' : ', report.html';
    lines.push([
      'written to',
      `${out} (${formatBytes(bytes.output)})${page}, report.json, manifest.json${ledger}`,
    ]);
  }
  const cutShort = report.isCutShort ? '; cut short by the reader of standard output' : '';
  const head = `${DONE[report.verb]} in ${formatSeconds(seconds)}, ${rate(report)}, peak memory ${formatBytes(report.peakMemoryBytes)}${cutShort}`;
  const width = Math.max(...lines.map(([label]) => label.length)) + 2;
  return [head, ...lines.map(([label, says]) => `  ${label.padEnd(width)}${says}`.trimEnd()), ''].join('\n');
}

const DONE: Readonly<Record<Report['verb'], string>> = {
  dedup: 'Deduplicated',
  filter: 'Filtered',
  run: 'Ran',
  convert: 'Converted',
  curate: 'Curated',
};

const BAR_WIDTH = 24;
const MOST_REASONS = 12;

/**
 * Why documents were dropped, most frequent first, each with a bar in proportion. Reasons that never came are left out, but for
 * duplicates; rare ones are counted together.
 */
function reasonLines(report: Report): Line[] {
  const found = Object.entries(report.documents.dropped)
    .filter(([reason, dropped]) => dropped > 0 || reason.endsWith('-duplicate'))
    .toSorted(([, a], [, b]) => b - a);
  const shown: (readonly [string, number])[] = found.slice(0, MOST_REASONS);
  const others = found.slice(MOST_REASONS);
  if (others.length > 0) {
    const sum = others.reduce((total, [, dropped]) => total + dropped, 0);
    shown.push([`${others.length} more, in report.json`, sum]);
  }
  const most = Math.max(1, ...shown.map(([, dropped]) => dropped));
  return shown.map(([reason, dropped]) => {
    const bar = '▇'.repeat(Math.round((BAR_WIDTH * dropped) / most));
    return [reason, `${formatCount(dropped).padStart(11)}${share(dropped, report)}  ${bar}`];
  });
}

function indexLines({
  bands,
  rows,
  ngram,
  filterBytes,
  fill,
  falsePositiveRate,
  recall,
}: NearDuplicateReport): Line[] {
  return [
    [
      'index',
      `${bands} bands x ${rows} rows of ${ngram}-word shingles, ${formatBytes(filterBytes)}, ${(fill * 100).toFixed(1)} % full, false positives ${falsePositiveRate.toExponential(1)}`,
    ],
    ['catches', caught(recall)],
  ];
}

function clusterLines({ clusters, largest, minSimilarity, deviation, recall }: ClusterReport): Line[] {
  return [
    ['clusters', `${formatCount(clusters)} of two documents or more, the largest of ${formatCount(largest)}`],
    ['catches', caught(recall)],
    [
      'keeps',
      `what is estimated less than ${minSimilarity} similar (standard deviation ${deviation.toFixed(3)})`,
    ],
  ];
}

function planLines({ path, budget, drift }: PlanReport): Line[] {
  const percent = (part: number): string => `${(100 * part).toFixed(1)} %`;
  const lines: Line[] = [
    [
      'plan',
      `${path}, applied in one pass: approximate; ${percent(budget.keptShare)} of the text kept, ${percent(budget.expectedShare)} expected, ${percent(budget.plannedShare)} written where it was made`,
    ],
  ];
  if (drift === undefined) return lines;
  const { meanDistanceThen, meanDistanceNow, shareDistance, shareDistanceByChance, staleBy } = drift;
  lines.push([
    'drift',
    `mean distance to concepts ${meanDistanceNow.toFixed(3)}, was ${meanDistanceThen.toFixed(3)}; ${percent(shareDistance)} of the documents in other concepts, ${percent(shareDistanceByChance)} by chance`,
  ]);
  if (staleBy.length > 0) {
    lines.push(['stale', 'this dump is another than that of the plan: learn concepts again, without --plan']);
  }
  return lines;
}

function curationLines(curation: CurationReport): Line[] {
  const { budgetTokens, writtenTokens, concepts, redundancy, rule } = curation;
  const changes = sortChanges(changesOf(curation), 'change');
  const most = (direction: 'up' | 'down'): string =>
    changes
      .filter((change) => change.direction === direction)
      .slice(0, 2)
      .map((change) => `${conceptName(change.concept)} (${formatRatio(change)})`)
      .join('; ') || 'none';
  const cosine = redundancy.form === 'off' ? '' : `, the same from a cosine of ${redundancy.threshold} on`;
  return [
    [
      'budget',
      `${formatCount(writtenTokens)} of ${formatCount(budgetTokens)} tokens written${writtenTokens < 0.999 * budgetTokens ? `; there are no more, each document ${rule.mostEpochs === 1 ? 'once' : `${rule.mostEpochs} times`}` : ''}`,
    ],
    ['concepts', `${formatCount(concepts.length)}${cosine}; sluice concepts lists them`],
    ['raised most', most('up')],
    ['cut most', most('down')],
  ];
}

function caught(recall: ClusterReport['recall']): string {
  const at = (similarity: number): string[] => {
    const point = recall.find((entry) => Math.abs(entry.similarity - similarity) < 1e-9);
    return point === undefined ? [] : [`${(100 * point.probability).toFixed(1)} % of pairs at ${similarity}`];
  };
  return [0.7, 0.8, 0.9].flatMap(at).join(', ');
}

function measuredLines({ repeatedLines, calibrations }: Report): Line[] {
  const lines: Line[] = (calibrations ?? []).map(({ step, documents, error }) => [
    step,
    `threshold measured on ${formatCount(documents)} documents; the share is off by at most ${(100 * error).toFixed(2)} % at each cut`,
  ]);
  if (repeatedLines !== undefined) {
    const { removed, counted, distinct, falsePositiveRate } = repeatedLines;
    lines.push([
      'repeated',
      `${formatCount(removed)} of ${formatCount(counted)} lines or sentences cut, ${formatCount(distinct)} different ones; chance of counting one too high ${falsePositiveRate.toExponential(1)}`,
    ]);
  }
  return lines;
}

function share(count: number, { documents: { read } }: Report): string {
  return read === 0 ? '' : `  ${((100 * count) / read).toFixed(1).padStart(5)} %`;
}

function rate({ bytes, seconds, documents }: Report): string {
  const documentRate = `${formatCount(documents.read / seconds)} documents/s`;
  return bytes.text === 0
    ? documentRate
    : `${(bytes.text / seconds / 1e6).toFixed(0)} MB/s of text, ${documentRate}`;
}
