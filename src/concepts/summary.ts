import type { CurationReport } from './curation.ts';
import {
  type Change,
  type ConceptSort,
  changesOf,
  conceptName,
  formatAll,
  formatNumber,
  formatRatio,
  formatShare,
  formatSize,
  sortChanges,
} from './words.ts';

export interface ConceptsTableOptions {
  readonly sort: ConceptSort;
  /** Rows at most. */
  readonly top: number;
  /** Columns of the terminal; names are cut to fit. */
  readonly width: number;
}

const HEAD = ['concept', 'documents', 'kept', 'tokens', 'written', 'complexity', 'seen', 'share'] as const;
const LEAST_NAME = 16;

/**
 * Concepts for the terminal, a line each under a line of heads and one that says how many there are. Plain text without a character that could move
 * the cursor. Only a terminal too narrow for the numbers gets longer lines.
 */
export function conceptsTable(
  curation: CurationReport,
  { sort, top, width }: ConceptsTableOptions,
): string[] {
  const changes = changesOf(curation);
  const shown = sortChanges(changes, sort).slice(0, top);
  const rows = shown.map(cellsOf);
  const widths = HEAD.map((head, at) => Math.max(head.length, ...rows.map((cells) => cells[at]!.length)));
  const line = (cells: readonly string[]): string =>
    cells.map((cell, at) => cell.padStart(widths[at]!)).join('  ');
  const room = Math.max(LEAST_NAME, width - line(HEAD).length - 2);
  const up = changes.filter(({ direction }) => direction === 'up').length;
  const down = changes.filter(({ direction }) => direction === 'down').length;
  return [
    `${formatAll(changes.length)} concepts, ${formatAll(up)} went up and ${formatAll(down)} went down; ` +
      `${formatSize(curation.writtenTokens)} tokens written of ${formatSize(curation.budgetTokens)} asked for`,
    ...(shown.length === 0 ? [] : [`${line(HEAD)}  names`]),
    ...shown.map((change, at) => `${line(rows[at]!)}  ${fit(conceptName(change.concept), room)}`),
  ];
}

function cellsOf(change: Change): string[] {
  const { concept } = change;
  return [
    String(concept.concept),
    formatSize(concept.documents),
    formatSize(concept.keptDocuments),
    formatSize(concept.tokens),
    formatSize(concept.writtenTokens),
    formatNumber(concept.complexity),
    formatNumber(concept.epochs),
    `${formatShare(change.after)} ${ARROWS[change.direction]} ${formatRatio(change)}`,
  ];
}

const ARROWS: Readonly<Record<Change['direction'], string>> = { up: '↑', down: '↓', level: '=' };

/** A text in so many columns of a terminal, its end left out if it must be. */
function fit(text: string, columns: number): string {
  const characters = Array.from(text);
  const widths = characters.map(columnsOf);
  if (widths.reduce((sum, one) => sum + one, 0) <= columns) return text;
  let used = 1;
  let kept = 0;
  while (kept < characters.length && used + widths[kept]! <= columns) used += widths[kept++]!;
  return `${characters.slice(0, kept).join('').trimEnd()}…`;
}

/** Columns that a terminal gives a character: none for marks, two for what is East Asian or a picture. */
function columnsOf(character: string): number {
  const code = character.codePointAt(0)!;
  if (code < 0x300) return 1;
  if (/^[\p{Mn}\p{Me}\p{Cf}]$/u.test(character)) return 0;
  const isWide =
    (code >= 0x1100 && code < 0x1160) ||
    (code >= 0x2e80 && code < 0xa4d0) ||
    (code >= 0xac00 && code < 0xd7a4) ||
    (code >= 0xf900 && code < 0xfb00) ||
    (code >= 0xfe30 && code < 0xfe70) ||
    (code >= 0xff00 && code < 0xff61) ||
    (code >= 0xffe0 && code < 0xffe7) ||
    (code >= 0x1f300 && code < 0x1fb00) ||
    (code >= 0x20000 && code < 0x40000);
  return isWide ? 2 : 1;
}
