import { CurationError } from '../../errors.ts';
import { type Example, type InspectedReason, type Inspection, inspect } from '../../inspect.ts';
import { formatCount } from '../../units.ts';
import type { LoadedVerb } from '../verb.ts';

export const inspectVerb: LoadedVerb = {
  options: {
    reason: { kind: 'text', value: 'NAME', help: 'only what was dropped for this reason' },
    top: { kind: 'count', value: 'N', help: 'only the most frequent reasons; default all' },
    examples: { kind: 'count', value: 'N', help: 'documents shown for each reason; default 2' },
    width: { kind: 'count', value: 'N', help: 'characters of text shown of each; default 240' },
    help: { kind: 'flag', short: 'h', help: 'this text' },
  },
  about:
    'DIR: the output directory of a finished run. With --keep-rejects in that run, examples are spread over all that was dropped.',
  examples: ['sluice inspect clean', 'sluice inspect clean --reason gopher_short_doc --examples 10'],
  needs: { input: true, out: false },
  async run([directory, ...others], values, { signal }) {
    if (others.length > 0)
      throw new CurationError('USAGE', `expected one directory, found ${others.length + 1}`);
    const inspection = await inspect({
      directory: directory!,
      ...(values['reason'] === undefined ? {} : { reason: values['reason'] as string }),
      ...(values['examples'] === undefined ? {} : { examples: values['examples'] as number }),
      ...(signal === undefined ? {} : { signal }),
    });
    const top = (values['top'] as number | undefined) ?? inspection.reasons.length;
    const width = (values['width'] as number | undefined) ?? 240;
    process.stdout.write(describe(inspection, directory!, top, width));
    return '';
  },
};

function describe({ report, reasons }: Inspection, directory: string, top: number, width: number): string {
  const { read, kept, edited } = report.documents;
  const share = (count: number): string => (read === 0 ? '' : ` (${((100 * count) / read).toFixed(1)} %)`);
  const changed = edited > 0 ? `, ${formatCount(edited)} of them edited` : '';
  const head = `${directory}: ${formatCount(read)} documents read, ${formatCount(kept)} kept${share(kept)}${changed}\n`;
  return (
    head +
    reasons
      .slice(0, top)
      .map(
        (one) =>
          `\n${one.reason}  ${formatCount(one.documents)}${share(one.documents)}\n${details(one, width)}`,
      )
      .join('')
  );
}

function details({ spread, examples }: InspectedReason, width: number): string {
  const lines: string[] = [];
  if (spread !== undefined && spread.most > spread.least) {
    lines.push(
      `  ${short(spread.least)} ${sparkline(spread.counts)} ${short(spread.most)}${thresholdOf(examples)}`,
    );
  }
  for (const example of examples) {
    lines.push(
      `  ${example.source} row ${example.row}${example.id === undefined ? '' : `, id ${example.id}`}${evidence(example)}`,
    );
    if (example.text !== undefined) lines.push(...snippet(example.text, width));
  }
  return lines.map((line) => `${line}\n`).join('');
}

function thresholdOf([example]: readonly Example[]): string {
  return example?.threshold === undefined ? '' : `   threshold ${short(example.threshold)}`;
}

function evidence({ statistic, threshold, detail, twin }: Example): string {
  const number =
    statistic === undefined
      ? ''
      : `: ${short(statistic)}${threshold === undefined ? '' : ` against ${short(threshold)}`}`;
  const like = twin === undefined ? '' : `, like ${twin.source} row ${twin.row}`;
  return `${number}${detail === undefined ? '' : `, ${visible(detail)}`}${like}`;
}

/** The first characters of a text, in lines that fit a terminal. */
function snippet(text: string, width: number): string[] {
  const flat = visible(text.slice(0, 4 * width)).trim();
  const characters = Array.from(flat);
  const cut =
    characters.length > width || text.length > 4 * width
      ? `${characters.slice(0, width).join('')} ...`
      : flat;
  return (cut.match(/.{1,100}(?:\s|$)|.{1,100}/gu) ?? []).map((line) => `    │ ${line.trimEnd()}`);
}

/** One line of what a terminal can show: what is not printable could move its cursor or change its colours. */
function visible(text: string): string {
  return text.replaceAll(/[\p{White_Space}\p{Cc}\p{Cf}\p{Cs}]+/gu, ' ');
}

const HEIGHTS = '▁▂▃▄▅▆▇█';

function sparkline(counts: readonly number[]): string {
  const most = Math.max(...counts);
  return counts
    .map((count) => (count === 0 ? ' ' : HEIGHTS[Math.min(7, Math.floor((8 * count) / (most + 1)))]))
    .join('');
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
