import type { WriteStream } from 'node:tty';
import { displayName } from '../page/words.ts';
import type { Progress, RunEvent, Work } from '../report.ts';
import { formatBytes, formatCount, formatSeconds } from '../units.ts';

export type ProgressMode = 'auto' | 'plain' | 'none';

/** Shows a run to whoever watches standard error. */
export interface Status {
  readonly onEvent: (event: RunEvent) => void;
  /** Takes the status line away, so that the summary starts on a clean line. */
  end(): void;
}

const PLAIN_EVERY_MS = 10_000;

/** `auto` is a line that rewrites itself on a terminal; elsewhere, and with `plain`, a whole line every ten seconds. */
export function createStatus(
  mode: ProgressMode,
  stream: WriteStream | NodeJS.WriteStream = process.stderr,
): Status {
  if (mode === 'none') return { onEvent() {}, end() {} };
  const rewrites = mode === 'auto' && stream.isTTY === true;
  let lastPlain = performance.now();
  let isShown = false;
  /** A line that stays, in place of the status line. */
  const say = (line: string): void => {
    stream.write(`${isShown ? '\r\x1b[2K' : ''}${line}\n`);
    isShown = false;
  };
  return {
    onEvent(event) {
      if (event.type === 'plan') {
        const documents =
          event.documentsExpected === undefined
            ? ''
            : `, about ${formatCount(event.documentsExpected)} documents`;
        const bytes = event.inputBytes === undefined ? '' : `, ${formatBytes(event.inputBytes)}`;
        const index = event.indexBytes === 0 ? '' : `, index ${formatBytes(event.indexBytes)}`;
        say(
          `Reading ${formatCount(event.inputs)} input${event.inputs === 1 ? '' : 's'}${bytes}${documents}; ${event.threads} thread${event.threads === 1 ? '' : 's'}${index}${diskText(event.diskBytes)}`,
        );
      }
      if (event.type === 'measure') say('Measuring scores, in a pass of its own');
      if (event.type === 'cluster') {
        say(`Bringing similar documents together, in a pass of its own${diskText(event.diskBytes)}`);
      }
      if (event.type === 'train') {
        const { models, tokens, threads } = event;
        say(
          `Training ${models} models on ${formatBytes(tokens)} each; ${threads} thread${threads === 1 ? '' : 's'}`,
        );
      }
      const line =
        event.type === 'progress'
          ? statusLine(event.progress)
          : event.type === 'work'
            ? workLine(event.work)
            : undefined;
      if (line === undefined) return;
      const now = performance.now();
      if (rewrites) {
        stream.write(`\r\x1b[2K${line.slice(0, Math.max(10, (stream.columns || 80) - 1))}`);
        isShown = true;
      } else if (now - lastPlain >= PLAIN_EVERY_MS) {
        lastPlain = now;
        stream.write(`${line}\n`);
      }
    },
    end() {
      if (isShown) stream.write('\r\x1b[2K');
      isShown = false;
    },
  };
}

function diskText(bytes: number | undefined): string {
  return bytes === undefined ? '' : `, about ${formatBytes(bytes)} in the work folder`;
}

/** One line: bar, documents, share kept, rate, time left. */
export function statusLine(progress: Progress): string {
  const { documentsRead, documentsKept, documentsExpected, textBytes, bytesWritten, seconds } = progress;
  const share = documentsExpected ? Math.min(1, documentsRead / documentsExpected) : undefined;
  const kept = documentsRead > 0 ? [`${((100 * documentsKept) / documentsRead).toFixed(1)} % kept`] : [];
  const bytes = textBytes > 0 ? textBytes : bytesWritten;
  return joinParts(share, [`${formatCount(documentsRead)} docs`, ...kept], bytes, seconds);
}

/** One line: bar, what is being done, rate, time left. */
export function workLine({ doing, share, documents, bytes, seconds }: Work): string {
  const read = documents === undefined ? [] : [`${formatCount(documents)} docs`];
  // What is done may name a file, and a name may hold what moves the cursor.
  return joinParts(share, [displayName(doing), ...read], bytes, seconds);
}

function joinParts(
  share: number | undefined,
  parts: readonly string[],
  bytes: number,
  seconds: number,
): string {
  const all = [...parts];
  if (share !== undefined) {
    const filled = Math.round(share * 20);
    all.unshift(`${'█'.repeat(filled)}${'░'.repeat(20 - filled)} ${(share * 100).toFixed(0)} %`);
  }
  if (seconds > 0) all.push(`${(bytes / seconds / 1e6).toFixed(0)} MB/s`);
  if (share !== undefined && share > 0.01 && share < 1) {
    all.push(`${formatSeconds((seconds / share) * (1 - share))} left`);
  }
  return all.join('  ');
}
