import type {
  Document,
  FilterDefinition,
  OptionValue,
  StepOptions,
  WordRule,
} from '../../../src/filters/filter.ts';
import { createRuleKernel, type RuleKernel } from '../../../src/kernels/rules/kernel.ts';

/** What became of one document. */
export interface Outcome {
  /** Undefined: it passed. */
  readonly reason: string | undefined;
  readonly statistic: number;
  readonly threshold: number;
  readonly detail: string | undefined;
  /** The text it passed with, a copy; undefined where it is the one it came with. */
  readonly text: Uint8Array | undefined;
}

/** A filter, or several in a row, at work on one document after another. */
export interface Judge {
  readonly name: string;
  readonly definition: FilterDefinition;
  /** @param around bytes that lie before and behind the document in memory. */
  judge(bytes: Uint8Array, column?: string, around?: Uint8Array): Outcome;
}

const kernels = new Map<WordRule, Promise<RuleKernel>>();

/** One kernel for each rule, shared by all filters as in a thread of the engine. */
async function kernelOf(words: WordRule): Promise<RuleKernel> {
  const made = kernels.get(words) ?? Promise.resolve(createRuleKernel(words));
  kernels.set(words, made);
  return made;
}

/** Defaults filled in, as whoever reads a recipe does. */
export function filledOptions(
  definition: FilterDefinition,
  given: Readonly<Record<string, OptionValue>>,
): StepOptions {
  const options: Record<string, OptionValue> = {};
  for (const [name, { default: value }] of Object.entries(definition.options)) {
    if (value !== undefined) options[name] = value;
  }
  return { ...options, ...given };
}

/** The definition in the file of that name. */
async function definitionNamed(name: string): Promise<FilterDefinition> {
  const file = (await import(`../../../src/filters/${name}.ts`)) as Readonly<
    Record<string, FilterDefinition>
  >;
  const definition = Object.values(file).find((one) => one.name === name);
  if (definition === undefined) throw new RangeError(`src/filters/${name}.ts exports no filter of that name`);
  return definition;
}

/** Opens a filter. */
export async function openJudge(
  name: string,
  given: Readonly<Record<string, OptionValue>> = {},
  words: WordRule = 'whitespace',
  ownKernel?: RuleKernel,
): Promise<Judge> {
  const definition = await definitionNamed(name);
  const options = filledOptions(definition, given);
  const resources = (await definition.load?.(options)) ?? {};
  const kernel = ownKernel ?? (await kernelOf(words));
  const filter = await definition.create(options, { resources, words, kernel });
  const reasons = definition.reasons(options);
  return {
    name,
    definition,
    judge(bytes, column, around = AROUND) {
      kernel.forget();
      const document = openDocument(bytes, column, around, kernel);
      const verdict = filter.judge(document);
      if (verdict === 0) return passed(document.isEdited ? copyOf(document) : undefined);
      if (document.isEdited) throw new Error(`${name}: another text for a document that it drops`);
      const reason = reasons[verdict - 1];
      if (reason === undefined)
        throw new RangeError(`${name}: verdict ${verdict} of ${reasons.length} reasons`);
      return { reason, ...filter.evidence, text: undefined };
    },
  };
}

/** Several filters in a row: each sees what the one before left. */
export function inARow(judges: readonly Judge[]): Judge {
  return {
    name: judges.map(({ name }) => name).join(' + '),
    definition: judges[0]!.definition,
    judge(bytes, column, around) {
      let text: Uint8Array | undefined;
      for (const judge of judges) {
        const outcome = judge.judge(text ?? bytes, column, around);
        if (outcome.reason !== undefined) return { ...outcome, text: undefined };
        text = outcome.text ?? text;
      }
      return passed(text);
    },
  };
}

const passed = (text: Uint8Array | undefined): Outcome => ({
  reason: undefined,
  statistic: Number.NaN,
  threshold: Number.NaN,
  detail: undefined,
  text,
});

const copyOf = ({ bytes, start, end }: Document): Uint8Array => bytes.slice(start, end);

/** What lies around a document, so that a filter that reads past its bounds finds something it should not. */
export const AROUND: Uint8Array = Buffer.from('the end of and{ lorem ipsum.\n-8.8.8.8a@b.co \u{1f600}');

interface OpenDocument extends Document {
  bytes: Uint8Array;
  start: number;
  end: number;
  isEdited: boolean;
}

function openDocument(
  bytes: Uint8Array,
  column: string | undefined,
  around: Uint8Array,
  kernel: RuleKernel,
): OpenDocument {
  return {
    bytes: Buffer.concat([around, bytes, around]),
    start: around.length,
    end: around.length + bytes.length,
    column,
    isEdited: false,
    replace(replacement, start, end) {
      this.bytes = replacement;
      this.start = start;
      this.end = end;
      this.isEdited = true;
      kernel.forget();
    },
  };
}
