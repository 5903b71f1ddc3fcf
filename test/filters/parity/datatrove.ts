import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ParityDocument } from './boundaries.ts';

/** What datatrove is asked to run: name in `datatrove_verdicts.py`, options as it has them. */
export interface Job {
  readonly filter: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** Its verdict: null is "passes as it is"; an error is none. */
export type DatatroveVerdict =
  | null
  | { readonly reason: string; readonly text?: never; readonly error?: never }
  | { readonly text: string; readonly reason?: never; readonly error?: never }
  | { readonly error: string; readonly text?: never; readonly reason?: never };

/** An interpreter that has datatrove, or undefined. */
export const python: string | undefined = process.env['SLUICE_TEST_PYTHON'];
if (python === undefined) {
  process.stdout.write(
    'no SLUICE_TEST_PYTHON: filters are compared with the stored verdicts of datatrove only\n',
  );
}

/** datatrove at work in a process of its own. */
export interface Datatrove {
  /**
   * One verdict for each job, or for those named by position. Questions may be asked ahead, but not without end: whoever asks
   * limits them. Answers come in order.
   */
  ask(document: ParityDocument, jobs?: readonly number[]): Promise<readonly DatatroveVerdict[]>;
  close(): Promise<void>;
}

/** @throws Error if it cannot run these jobs here: a package is missing. */
export async function openDatatrove(jobs: readonly Job[]): Promise<Datatrove> {
  const script = fileURLToPath(new URL('./datatrove_verdicts.py', import.meta.url));
  const lists = dirname(createRequire(import.meta.url).resolve('naughty-words/package.json'));
  const child = spawn(python!, [script, lists], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, PYTHONUTF8: '1' },
  });
  const complaints: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk));
  child.stdin.on('error', () => {});
  const exit = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const answers = createInterface({ input: child.stdout, crlfDelay: 0 })[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string> => {
    const { done, value } = await answers.next();
    if (done === true) throw new Error(`datatrove ended:\n${Buffer.concat(complaints).toString()}`);
    return value;
  };
  child.stdin.write(`${JSON.stringify(jobs)}\n`);
  const greeting = await nextLine();
  if (greeting !== 'ready') throw new Error(`${python}: ${greeting}`);

  /** Settles when the answer before was read: readers of one stream take turns. */
  let turn: Promise<unknown> = Promise.resolve();
  return {
    ask({ text, url }, chosen) {
      child.stdin.write(`${JSON.stringify({ text, url, jobs: chosen })}\n`);
      const answer = turn.then(nextLine).then((line) => JSON.parse(line) as DatatroveVerdict[]);
      turn = answer.catch(() => undefined);
      return answer;
    },
    close() {
      child.stdin.end();
      return exit;
    },
  };
}
