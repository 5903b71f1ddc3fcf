import type { WriteStream } from 'node:tty';
import type { Progress, RunEvent } from '../report.ts';
import { formatBytes, formatCount, formatSeconds } from '../units.ts';

export type ProgressMode = 'auto' | 'plain' | 'none';

/** Shows a run to whoever watches standard error. */
export interface Status {
  readonly onEvent: (event: RunEvent) => void;
  /** Takes the status line away, so that the summary starts on a clean line. */
  end(): void;
}

const PLAIN_EVERY_SECONDS = 10;

/** `auto` is a line that rewrites itself on a terminal; elsewhere, and with `plain`, a whole line every ten seconds. */
export function createStatus(
  mode: ProgressMode,
  stream: WriteStream | NodeJS.WriteStream = process.stderr,
): Status {
  if (mode === 'none') return { onEvent() {}, end() {} };
  const rewrites = mode === 'auto' && stream.isTTY === true;
  let lastPlain = 0;
  let isShown = false;
  return {
    onEvent(event) {
      if (event.type === 'plan') {
        const documents =
          event.documentsExpected === undefined
            ? ''
            : `, about ${formatCount(event.documentsExpected)} documents`;
        const bytes = event.inputBytes === undefined ? '' : `, ${formatBytes(event.inputBytes)}`;
        const index = event.indexBytes === 0 ? '' : `, index ${formatBytes(event.indexBytes)}`;
        stream.write(
          `Reading ${formatCount(event.inputs)} input${event.inputs === 1 ? '' : 's'}${bytes}${documents}; ${event.threads} thread${event.threads === 1 ? '' : 's'}${index}\n`,
        );
      }
      if (event.type === 'measure') stream.write('Measuring scores, in a pass of its own\n');
      if (event.type !== 'progress') return;
      if (rewrites) {
        stream.write(`\r\x1b[2K${statusLine(event.progress, stream.columns || 80)}`);
        isShown = true;
      } else if (event.progress.seconds - lastPlain >= PLAIN_EVERY_SECONDS) {
        lastPlain = event.progress.seconds;
        stream.write(`${statusLine(event.progress, 200)}\n`);
      }
    },
    end() {
      if (isShown) stream.write('\r\x1b[2K');
      isShown = false;
    },
  };
}

/** One line, cut to `columns`: bar, documents, share kept, rate, time left. */
export function statusLine(progress: Progress, columns: number): string {
  const { documentsRead, documentsKept, documentsExpected, textBytes, bytesWritten, seconds } = progress;
  const parts: string[] = [];
  const share = documentsExpected ? Math.min(1, documentsRead / documentsExpected) : undefined;
  if (share !== undefined) {
    const filled = Math.round(share * 20);
    parts.push(`${'█'.repeat(filled)}${'░'.repeat(20 - filled)} ${(share * 100).toFixed(0)} %`);
  }
  parts.push(`${formatCount(documentsRead)} docs`);
  if (documentsRead > 0) parts.push(`${((100 * documentsKept) / documentsRead).toFixed(1)} % kept`);
  const bytes = textBytes > 0 ? textBytes : bytesWritten;
  if (seconds > 0) parts.push(`${(bytes / seconds / 1e6).toFixed(0)} MB/s`);
  if (share !== undefined && share > 0.01 && share < 1) {
    parts.push(`${formatSeconds((seconds / share) * (1 - share))} left`);
  }
  return parts.join('  ').slice(0, Math.max(10, columns - 1));
}
