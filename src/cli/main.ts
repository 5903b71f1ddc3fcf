import { CurationError } from '../errors.ts';
import { sluiceVersion } from '../version.ts';
import { describeOptions, parseOptions } from './options.ts';
import { createStatus, type ProgressMode } from './status.ts';
import type { CliVerb } from './verb.ts';
import { verbs } from './verbs.ts';

/**
 * The command line: words to verb, options, run; then the summary on standard error.
 * @returns the exit code: 0 done, 1 the data or the disk, 2 the command line, 130 interrupted.
 */
export async function main(words: readonly string[]): Promise<number> {
  const [name, ...rest] = words;
  try {
    if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
      process.stdout.write(overview());
      return name === undefined ? 2 : 0;
    }
    if (name === '--version' || name === '-v') {
      process.stdout.write(`${sluiceVersion()}\n`);
      return 0;
    }
    const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
    if (verb === undefined) {
      throw new CurationError(
        'USAGE',
        `no verb "${name}"; there are ${Object.keys(verbs).join(', ')}; see sluice --help`,
      );
    }
    return await runVerb(name, verb, rest);
  } catch (error) {
    if (!(error instanceof CurationError)) throw error;
    process.stderr.write(`sluice: ${error.message}\n`);
    return error.code === 'USAGE' ? 2 : 1;
  }
}

async function runVerb(name: string, verb: CliVerb, words: readonly string[]): Promise<number> {
  const loaded = await verb.load();
  const { values, positionals } = parseOptions(name, loaded.options, words, loaded.needs.input);
  if (values['help'] === true) {
    process.stdout.write(
      `${verb.summary}\n\nUsage: ${verb.usage}\n\n${loaded.about}\n\nOptions:\n${describeOptions(loaded.options)}\n\nExamples:\n${loaded.examples.map((example) => `  ${example}\n`).join('')}`,
    );
    return 0;
  }
  const printed = await loaded.print?.(positionals, values);
  if (printed !== undefined) {
    process.stdout.write(printed);
    return 0;
  }
  if (loaded.needs.input && positionals.length === 0)
    throw new CurationError('USAGE', `expected an input; see sluice ${name} --help`);
  if (loaded.needs.out && typeof values['out'] !== 'string') {
    throw new CurationError(
      'USAGE',
      `expected -o OUT, a directory or - for standard output; see sluice ${name} --help`,
    );
  }
  const controller = new AbortController();
  const interrupt = (): void => controller.abort(new Interrupted());
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  const mode = (values['progress'] ?? 'auto') as ProgressMode;
  const status = createStatus(mode);
  try {
    const summary = await loaded.run(positionals, values, {
      signal: controller.signal,
      onEvent: status.onEvent,
    });
    status.end();
    if (mode !== 'none') process.stderr.write(summary);
    return 0;
  } catch (error) {
    status.end();
    if (!(error instanceof Interrupted)) throw error;
    process.stderr.write(
      `sluice: interrupted; ${loaded.whenInterrupted ?? 'finished parts stay, there is no manifest'}\n`,
    );
    return 130;
  } finally {
    process.removeListener('SIGINT', interrupt);
    process.removeListener('SIGTERM', interrupt);
  }
}

class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

function overview(): string {
  const list = Object.entries(verbs)
    .map(([name, { summary }]) => `  ${name.padEnd(15)}${summary}\n`)
    .join('');
  return `Sluice ${sluiceVersion()}: streaming curation engine for LLM training text\n\nUsage: sluice VERB IN... -o OUT [options]\n\nVerbs:\n${list}\nsluice VERB --help shows the options of a verb.\n`;
}
