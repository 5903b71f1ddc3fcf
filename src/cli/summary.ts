import type { Report } from '../report.ts';
import { formatBytes, formatCount, formatSeconds } from '../units.ts';

/** What a person wants to know when a run is over; plain text, ends with a new line. */
export function summarize(report: Report, out: string): string {
  const { documents, bytes, seconds } = report;
  const share = (count: number): string =>
    documents.read === 0 ? '' : `  ${((100 * count) / documents.read).toFixed(1).padStart(5)} %`;
  const count = (value: number): string => formatCount(value).padStart(13);
  const lines = [
    `${DONE[report.verb]} in ${formatSeconds(seconds)}, ${rate(report)}, peak memory ${formatBytes(report.peakMemoryBytes)}${report.isCutShort ? '; cut short by the reader of standard output' : ''}`,
    `  read          ${count(documents.read)} documents${bytes.text > 0 ? `, ${formatBytes(bytes.text)} of text` : ''}`,
    `  kept          ${count(documents.kept)}${share(documents.kept)}${bytes.text > 0 ? `  ${formatBytes(bytes.textKept)} of text` : ''}`,
  ];
  if (documents.edited > 0)
    lines.push(`  edited        ${count(documents.edited)}${share(documents.edited)}`);
  lines.push(...reasonLines(report));
  const near = report.nearDuplicate;
  if (near !== undefined) {
    const at = (similarity: number): string => {
      const point = near.recall.find((entry) => Math.abs(entry.similarity - similarity) < 1e-9);
      return point === undefined ? '' : `${(100 * point.probability).toFixed(1)} % of pairs at ${similarity}`;
    };
    const caught = [0.7, 0.8, 0.9].map(at).filter((text) => text !== '');
    lines.push(
      `  index         ${near.bands} bands x ${near.rows} rows of ${near.ngram}-word shingles, ${formatBytes(near.filterBytes)}, ${(near.fill * 100).toFixed(1)} % full, false positives ${near.falsePositiveRate.toExponential(1)}`,
      `  catches       ${caught.join(', ')}`,
    );
  }
  const repeated = report.repeatedLines;
  if (repeated !== undefined) {
    lines.push(
      `  repeated      ${formatCount(repeated.removed)} of ${formatCount(repeated.counted)} lines or sentences cut, ${formatCount(repeated.distinct)} different ones; counted too high at a rate of ${repeated.falsePositiveRate.toExponential(1)}`,
    );
  }
  for (const { step, documents: measured, error } of report.calibrations ?? []) {
    lines.push(
      `  ${step.padEnd(14)}threshold measured on ${formatCount(measured)} documents; the share kept is off by at most ${(100 * error).toFixed(2)} %`,
    );
  }
  for (const message of report.unreadable.slice(0, 3)) lines.push(`  unreadable    ${message}`);
  if (report.unreadable.length > 3) lines.push(`  unreadable    ... more in report.json`);
  if (out !== '-')
    lines.push(
      `  written to    ${out} (${formatBytes(bytes.output)}), report.json, manifest.json${report.verb === 'convert' ? '' : ', ledger/'}`,
    );
  return `${lines.join('\n')}\n`;
}

const DONE: Readonly<Record<Report['verb'], string>> = {
  dedup: 'Deduplicated',
  filter: 'Filtered',
  run: 'Ran',
  convert: 'Converted',
};

const BAR_WIDTH = 24;
const MOST_REASONS = 12;

/**
 * Why documents were dropped, most frequent first, each with a bar in proportion. Reasons that never came are left out, but for
 * duplicates; rare ones are counted together.
 */
function reasonLines({ documents }: Report): string[] {
  const found = Object.entries(documents.dropped)
    .filter(([reason, dropped]) => dropped > 0 || reason.endsWith('-duplicate'))
    .toSorted(([, a], [, b]) => b - a);
  const shown: (readonly [string, number])[] = found.slice(0, MOST_REASONS);
  const others = found.slice(MOST_REASONS);
  if (others.length > 0) {
    const sum = others.reduce((total, [, dropped]) => total + dropped, 0);
    shown.push([`${others.length} more, in report.json`, sum]);
  }
  const most = Math.max(1, ...shown.map(([, dropped]) => dropped));
  const width = Math.max(14, ...shown.map(([reason]) => reason.length + 1));
  return shown.map(([reason, dropped]) => {
    const percent =
      documents.read === 0 ? '' : `  ${((100 * dropped) / documents.read).toFixed(1).padStart(5)} %`;
    const bar = '▇'.repeat(Math.round((BAR_WIDTH * dropped) / most));
    return `  ${reason.padEnd(width)}${formatCount(dropped).padStart(13)}${percent}  ${bar}`.trimEnd();
  });
}

function rate({ bytes, seconds, documents }: Report): string {
  const documentRate = `${formatCount(documents.read / seconds)} documents/s`;
  return bytes.text === 0
    ? documentRate
    : `${(bytes.text / seconds / 1e6).toFixed(0)} MB/s of text, ${documentRate}`;
}
