import { displayName } from '../page/words.ts';
import { type Groups, groupBy, groupComparisons } from './groups.ts';
import type { Comparison, Proof } from './proof.ts';
import {
  confidenceText,
  type Figure,
  figuresOf,
  noneWorseText,
  scaleText,
  titleText,
  worseText,
} from './words.ts';

const WIDTH = 100;

/**
 * A proof for the terminal: the numbers of the page in its order, each with its interval and the proxy under which it is true. Plain text; ends with a
 * new line. Only a name that is longer than a line makes one longer than 100 columns.
 * @param output directory of prove.json and prove.html; undefined where nothing was written.
 */
export function summarizeProof(proof: Proof, output: string | undefined): string {
  const groups = groupComparisons(proof);
  const lines = [
    ...wrapped(`${titleText(proof)}: ${scaleText(proof)}; ${confidenceText(proof)} intervals`, '', '  '),
    ...worseLines(proof),
    ...comparedLines(proof, groups.compared),
    ...controlLines(proof, groups),
    ...stepLines(proof, groups.steps),
    ...proof.cautions.flatMap((caution) => wrapped(`caution: ${displayName(caution)}`, '  ', '    ')),
  ];
  if (output !== undefined) {
    const folder = displayName(output).replace(/\/+$/, '');
    lines.push(`  written to ${folder}/prove.json and ${folder}/prove.html`);
  }
  return `${lines.join('\n')}\n`;
}

function worseLines(proof: Proof): string[] {
  if (proof.worse.length === 0) return wrapped(noneWorseText(proof), '  ', '  ');
  const groups = groupBy(proof.worse, ({ arm, against, proxy }) => JSON.stringify([arm, against, proxy]));
  return groups.flatMap(([, entries]) => wrapped(`WORSE  ${worseText(proof, entries)}`, '  ', '    '));
}

function comparedLines(proof: Proof, compared: readonly Comparison[]): string[] {
  return groupBy(compared, ({ arm, against }) => JSON.stringify([arm, against])).flatMap(([, own]) => {
    const [{ arm, against }] = own as [Comparison];
    return [
      `  ${displayName(arm)} against ${displayName(against)}`,
      ...numberLines(own.flatMap((comparison) => figuresOf(proof, comparison)).map(figureRow)),
    ];
  });
}

function controlLines(proof: Proof, { controls }: Groups): string[] {
  if (controls.length === 0) return ['  controls: none'];
  const rows = controls.map((control): Row => {
    const [{ value, range, name }] = figuresOf(proof, control);
    const covers = control.faster.low <= 1 && control.faster.high >= 1;
    return [displayName(control.arm), `${value} (${range})`, `${covers ? '' : 'DOES NOT COVER 1: '}${name}`];
  });
  return ['  controls, which should be 1', ...numberLines(rows)];
}

function stepLines(proof: Proof, steps: readonly Comparison[]): string[] {
  if (steps.length === 0) return [];
  return [
    '  what each step is worth: the whole recipe against the recipe less that step',
    ...groupBy(steps, ({ against }) => against).flatMap(([against, own]) => [
      `   ${displayName(against)}`,
      ...numberLines(own.flatMap((comparison) => figuresOf(proof, comparison).slice(0, 2)).map(figureRow)),
    ]),
  ];
}

/** A number in a line: what it is called in short, how large it is, and what it is under which proxy. */
type Row = readonly [head: string, number: string, says: string];

function figureRow({ kind, value, range, name, sign }: Figure): Row {
  if (range === '') return [kind, value, name];
  return [kind, `${value} (${range})`, `${name}${sign === 'level' ? ': no difference shown' : ''}`];
}

function numberLines(rows: readonly Row[]): string[] {
  const heads = Math.max(0, ...rows.map(([head]) => head.length));
  const numbers = Math.max(0, ...rows.map(([, number]) => number.length));
  return rows.flatMap(([head, number, says]) => {
    const start = `    ${head.padEnd(heads)}  ${number.padEnd(numbers)}  `;
    // Below a name that takes most of the line nothing would be left to continue in.
    return wrapped(says, start, ' '.repeat(Math.min(start.length, WIDTH / 2)));
  });
}

/** A text in lines of {@link WIDTH}, cut at spaces. */
function wrapped(text: string, first: string, later: string): string[] {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of text.split(' ')) {
    if (!isEmpty && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = later;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line];
}
