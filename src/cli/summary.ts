import type { Report } from '../report.ts';
import { formatBytes, formatCount, formatSeconds } from '../units.ts';

/** What a person wants to know when a run is over; plain text, ends with a new line. */
export function summarize(report: Report, out: string): string {
  const { documents, bytes, seconds } = report;
  const share = (count: number): string =>
    documents.read === 0 ? '' : `  ${((100 * count) / documents.read).toFixed(1).padStart(5)} %`;
  const count = (value: number): string => formatCount(value).padStart(13);
  const lines = [
    `${report.verb === 'dedup' ? 'Deduplicated' : 'Converted'} in ${formatSeconds(seconds)}, ${rate(report)}, peak memory ${formatBytes(report.peakMemoryBytes)}${report.isCutShort ? '; cut short by the reader of standard output' : ''}`,
    `  read          ${count(documents.read)} documents${bytes.text > 0 ? `, ${formatBytes(bytes.text)} of text` : ''}`,
    `  kept          ${count(documents.kept)}${share(documents.kept)}${bytes.text > 0 ? `  ${formatBytes(bytes.textKept)} of text` : ''}`,
  ];
  for (const [reason, dropped] of Object.entries(documents.dropped)) {
    if (dropped > 0 || reason !== 'unreadable')
      lines.push(`  ${reason.padEnd(16)}${formatCount(dropped).padStart(11)}${share(dropped)}`);
  }
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
  for (const message of report.unreadable.slice(0, 3)) lines.push(`  unreadable    ${message}`);
  if (report.unreadable.length > 3) lines.push(`  unreadable    ... more in report.json`);
  if (out !== '-')
    lines.push(
      `  written to    ${out} (${formatBytes(bytes.output)}), report.json, manifest.json${report.verb === 'dedup' ? ', ledger/' : ''}`,
    );
  return `${lines.join('\n')}\n`;
}

function rate({ bytes, seconds, documents }: Report): string {
  const documentRate = `${formatCount(documents.read / seconds)} documents/s`;
  return bytes.text === 0
    ? documentRate
    : `${(bytes.text / seconds / 1e6).toFixed(0)} MB/s of text, ${documentRate}`;
}
