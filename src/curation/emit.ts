import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { placeApart } from '../columns/wire.ts';
import { RecordReader } from '../flow/record-spool.ts';
import type { Finished } from '../output.ts';
import { read } from '../read.ts';
import type { Report } from '../report.ts';
import { type AppendToLedger, run, type Verb } from '../run.ts';
import type { Analyzed } from '../stages/analyze.ts';
import { ledgerSchema } from '../stages/ledger.ts';
import { type LedgerRows, revisedSchema, reviseLedger } from '../stages/ledger-revision.ts';
import type { Verdicts } from '../verdicts.ts';
import { CONCEPT, NOTE_COLUMNS } from './checks.ts';
import type { Measured } from './measure.ts';
import type { CurateConfig, CurateOptions } from './options.ts';
import { DECISION, DECISION_REASONS, NO_CONCEPT, NO_TWIN } from './records.ts';
import type { Settled } from './settle.ts';
import type { Spool } from './spool.ts';

const LEDGER_COLUMNS = [
  { name: CONCEPT, type: 'int32', isNullable: true },
  { name: 'copies', type: 'uint32', isNullable: false },
] as const;

/**
 * Reads the spool and writes what was chosen: first every document once, then those that are written twice again, and so on, so that
 * the copies of a document lie apart.
 * @param finish makes the report of the whole curation of what this reading counted.
 */
export async function emit(
  spool: Spool,
  measured: Measured,
  settled: Settled,
  options: CurateOptions,
  { engine }: CurateConfig,
  finish: (counted: Report) => Finished,
): Promise<Report> {
  const readings = settled.rounds.flatMap((parts, round) => parts.map((part) => ({ ...part, round })));
  const { sources } = spool.inputs;
  const decisions = new DecisionReader(settled);
  const verb: Verb = {
    name: 'curate',
    inputs: {
      ...spool.inputs,
      sources: readings.map(({ number }) => sources[number]!),
      documents: readings.reduce((sum, { number }) => sum + measured.spool[number]!.rows, 0),
    },
    textIndex: spool.textIndex,
    idIndex: -1,
    signatures: 'none',
    examination: undefined,
    addedFields: [],
    indexBytes: 0,
    resourceBytes: measured.clusters.byteLength,
    reasons: ['left-out'],
    beside: {
      noteColumns: NOTE_COLUMNS,
      ledger: revisedSchema(ledgerSchema, LEDGER_COLUMNS),
      rejects: false,
      samples: false,
    },
    recipe: undefined,
    createJudge: () => ({ judge, report: () => ({}) }),
    writeLedger: (append) => writeLedger(measured, settled, options, append),
    finish,
  };

  let reading = -1;
  let index = 0;
  async function judge({ source, rowCount }: Analyzed): Promise<Verdicts> {
    if (source !== reading) {
      reading = source;
      index = readings[source]!.firstIndex;
    }
    const { round } = readings[source]!;
    const verdicts = new Uint8Array(rowCount);
    const sizes = new Uint32Array(rowCount);
    const concepts = new Uint32Array(rowCount);
    for (let row = 0; row < rowCount; row++, index++) {
      const waiting = decisions.seek(index);
      // Only at the end of a block: a promise a row would cost more than the decision.
      if (waiting !== undefined) await waiting;
      if (decisions.copies <= round) {
        verdicts[row] = 1;
        continue;
      }
      sizes[row] = decisions.clusterSize;
      concepts[row] = decisions.concept;
    }
    return { verdicts, twins: undefined, evidence: undefined, cuts: undefined, notes: [sizes, concepts] };
  }

  try {
    return await run(verb, {
      ...options,
      // Decisions go by place: a row of our own files that cannot be read is the end.
      onError: 'fail',
      onEvent(event) {
        if (event.type !== 'plan') engine.onEvent?.(event);
      },
    });
  } finally {
    await decisions.close();
  }
}

/** The ledger of the filters, with what was decided since. */
async function writeLedger(
  measured: Measured,
  settled: Settled,
  { signal }: CurateOptions,
  append: AppendToLedger,
): Promise<void> {
  const folder = join(measured.folder, 'ledger');
  const input = (await readdir(folder)).sort().map((name) => join(folder, name));
  if (input.length === 0) return;
  const decisions = new DecisionReader(settled);
  let index = 0;
  async function revise(rows: LedgerRows): Promise<void> {
    const codes = DECISION_REASONS.map((reason) => rows.codeOf(reason));
    for (let row = 0; row < rows.rowCount; row++) {
      if (rows.reasons[row] !== 0) continue;
      const waiting = decisions.seek(index++);
      if (waiting !== undefined) await waiting;
      const { reason, twin, concept, copies } = decisions;
      if (concept !== NO_CONCEPT) rows.set(0, row, concept);
      if (reason === 0) {
        rows.set(1, row, copies);
        continue;
      }
      rows.decide(row, codes[reason - 1]!);
      rows.measure(row, decisions.statistic, decisions.threshold);
      if (twin !== NO_TWIN) rows.twin(row, measured.locate(twin));
    }
  }
  const batches = read({
    input,
    inputFormat: 'arrow',
    threads: 1,
    ...(signal === undefined ? {} : { signal }),
  });
  try {
    for await (const batch of reviseLedger(batches, ledgerSchema, { columns: LEDGER_COLUMNS, revise })) {
      await append(placeApart(batch));
    }
  } finally {
    await decisions.close();
  }
}

/** Reads decisions in the order of the spool, again from anywhere. */
class DecisionReader {
  private readonly settled: Settled;
  private records: RecordReader | undefined;
  private nextIndex = -1;

  constructor(settled: Settled) {
    this.settled = settled;
  }

  /** Moves to the decision about a document; what is returned, if anything, is to be waited for. */
  seek(index: number): Promise<void> | undefined {
    const isNext = index === this.nextIndex;
    this.nextIndex = index + 1;
    return isNext && this.records!.next() ? undefined : this.open(index, isNext);
  }

  /** Reads on, or from another place. */
  private async open(index: number, isNext: boolean): Promise<void> {
    if (!isNext) {
      await this.records?.close();
      this.records = new RecordReader(this.settled.decisions.read(index), DECISION.recordBytes);
    }
    await this.records!.advance();
  }

  get reason(): number {
    return this.records!.view.getUint8(this.records!.at + DECISION.reason);
  }

  get copies(): number {
    return this.records!.view.getUint8(this.records!.at + DECISION.copies);
  }

  get concept(): number {
    return this.records!.view.getUint16(this.records!.at + DECISION.concept, true);
  }

  get twin(): number {
    return this.records!.view.getUint32(this.records!.at + DECISION.twin, true);
  }

  get clusterSize(): number {
    return this.records!.view.getUint32(this.records!.at + DECISION.clusterSize, true);
  }

  get statistic(): number {
    return this.records!.view.getFloat64(this.records!.at + DECISION.statistic, true);
  }

  get threshold(): number {
    return this.records!.view.getFloat64(this.records!.at + DECISION.threshold, true);
  }

  async close(): Promise<void> {
    await this.records?.close();
  }
}
