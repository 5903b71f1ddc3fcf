import { copyBytes } from '../columns/copy.ts';
import { CurationError } from '../errors.ts';
import { findAddresses, findEmails } from '../kernels/pii-scan.ts';
import { unicodeTables } from '../kernels/unicode.ts';
import type { Document, Evidence, Filter, FilterDefinition, StepOptions } from './filter.ts';

/**
 * Replaces e-mail addresses, then IPv4 addresses in what that gave, as pipeline/formatters/pii.py of datatrove 0.10 does, with one
 * difference: replacements are taken in turn, and there the turn goes on from document to document, so the output depends on the order
 * of the documents and on how they were shared out. Here each document starts with the first replacement.
 *
 * What follows from the patterns and is kept as it is: an address may start or end inside a longer number (`1238.8.8.8` becomes `1` and
 * a replacement); `email@example@example.com` keeps its first part; a letter of any script right before an address shields it; an address
 * with a leading zero stays, and so does one that is not globally reachable, by the table of Python 3.11.7.
 *
 * Done twice it may do more than once: what is put in are addresses, and together with what stands beside them they can make longer ones.
 * Where addresses stand apart, with a single replacement each, the second time changes nothing.
 */
export const pii: FilterDefinition = {
  name: 'pii',
  summary: 'replaces e-mail and IP addresses',
  options: {
    remove_emails: { kind: 'flag', default: true, help: 'replace e-mail addresses' },
    remove_ips: { kind: 'flag', default: true, help: 'replace IPv4 addresses' },
    only_remove_public_ips: {
      kind: 'flag',
      default: true,
      help: 'leave IPv4 addresses that are not globally reachable',
    },
    email_replacement: {
      kind: 'texts',
      default: ['email@example.com', 'firstname.lastname@example.org'],
      value: 'TEXTS',
      help: 'what to put for e-mail addresses, in turn, anew in each document',
    },
    ip_replacement: {
      kind: 'texts',
      default: [
        '22.214.171.124',
        '126.96.36.199',
        '188.8.131.52',
        '184.108.40.206',
        '220.127.116.11',
        '18.104.22.168',
      ],
      value: 'TEXTS',
      help: 'what to put for IPv4 addresses, in turn, anew in each document; these answered no ping',
    },
  },
  reasons: () => [],
  load: async (options) => {
    for (const name of ['email_replacement', 'ip_replacement'])
      if (textsOf(options, name).length === 0)
        throw new CurationError(
          'USAGE',
          `${name}: expected at least one text, found none; to delete addresses give one empty text`,
        );
    return {};
  },
  create: (options) => createPii(options),
};

function textsOf(options: StepOptions, name: string): readonly string[] {
  return options[name] as readonly string[];
}

function createPii(options: StepOptions): Filter {
  const tables = unicodeTables();
  const emails = new Replacer(textsOf(options, 'email_replacement'));
  const addresses = new Replacer(textsOf(options, 'ip_replacement'));
  const removesEmails = options['remove_emails'] !== false;
  const removesIps = options['remove_ips'] !== false;
  const onlyPublic = options['only_remove_public_ips'] !== false;
  const evidence: Evidence = { statistic: NaN, threshold: NaN, detail: undefined };
  const spans: number[] = [];

  function judge(document: Document): number {
    let { bytes, start, end } = document;
    let isChanged = false;
    if (removesEmails) {
      findEmails(bytes, start, end, tables, spans);
      if (spans.length > 0) {
        end = emails.replace(bytes, start, end, spans);
        bytes = emails.text;
        start = 0;
        isChanged = true;
        spans.length = 0;
      }
    }
    if (removesIps) {
      findAddresses(bytes, start, end, onlyPublic, spans);
      if (spans.length > 0) {
        end = addresses.replace(bytes, start, end, spans);
        bytes = addresses.text;
        start = 0;
        isChanged = true;
        spans.length = 0;
      }
    }
    if (isChanged) document.replace(bytes, start, end);
    return 0;
  }

  return { judge, evidence };
}

/** Puts texts in the place of spans, into memory of its own that is used again. */
class Replacer {
  /** What the last {@link replace} made, from 0. */
  text: Uint8Array = new Uint8Array(0);
  private readonly replacements: readonly Uint8Array[];

  constructor(replacements: readonly string[]) {
    this.replacements = replacements.map((text) => new TextEncoder().encode(text));
  }

  /**
   * Copies `bytes[start .. end)` to `text` with the spans (start, end pairs, in order) replaced in turn, the first by the first replacement.
   * @returns the length of what it made.
   */
  replace(bytes: Uint8Array, start: number, end: number, spans: readonly number[]): number {
    const { replacements } = this;
    let length = end - start;
    for (let at = 0, turn = 0; at < spans.length; at += 2) {
      length += replacements[turn]!.length - (spans[at + 1]! - spans[at]!);
      turn = turn + 1 === replacements.length ? 0 : turn + 1;
    }
    if (this.text.length < length) this.text = new Uint8Array(Math.max(length, 2 * this.text.length, 4096));
    const { text } = this;
    let from = start;
    let to = 0;
    for (let at = 0, turn = 0; at < spans.length; at += 2) {
      copyBytes(bytes.subarray(from, spans[at]), text, to);
      to += spans[at]! - from;
      text.set(replacements[turn]!, to);
      to += replacements[turn]!.length;
      from = spans[at + 1]!;
      turn = turn + 1 === replacements.length ? 0 : turn + 1;
    }
    copyBytes(bytes.subarray(from, end), text, to);
    return length;
  }
}
