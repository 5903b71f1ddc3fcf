import { findTextColumn } from './columns/schema.ts';
import { textColumn } from './columns/text.ts';
import type { TextColumn } from './columns/text-column.ts';
import { restore } from './columns/wire.ts';
import { duplicateConfig, type InputOptions } from './config.ts';
import { tripSignal } from './flow/abort.ts';
import type { Resources } from './flow/memory.ts';
import type { Signatures } from './kernels/signatures/signatures.ts';
import { openInputs } from './open.ts';
import { openPool, type Pool } from './parallel/pool.ts';
import { decodingJob, type Job } from './parallel/tasks.ts';
import type { Paths, ProveConfig } from './prove-options.ts';
import { decodedSchema, scan, scanJob } from './scan.ts';

/** Called with the texts of a batch, and the number of its first document. What it is given is used again afterwards. */
export type TakeTexts = (text: TextColumn, ordinal: number, signatures: Signatures) => void;

/** Which signatures tell near duplicates: the engine's own, at its defaults. */
const signatures = duplicateConfig({}).parameters!;
const PROGRESS_MS = 100;

/** What is held of texts that are read. */
export const SAMPLES: Resources = { name: 'samples', cure: 'ask for fewer --tokens or --seeds' };

/** Reads the texts of inputs, one input after another, by the same threads as long as their text columns are of one type. */
export class TextReader {
  readonly #config: ProveConfig;
  readonly #input: Pick<InputOptions, 'inputFormat'>;
  readonly #trip: ReturnType<typeof tripSignal>;
  #job: Job = { ...decodingJob, textIndex: 0, signatures };
  #pool: Pool | undefined;

  constructor(config: ProveConfig, input: Pick<InputOptions, 'inputFormat'>) {
    this.#config = config;
    this.#input = input;
    this.#trip = tripSignal(config.engine.signal);
  }

  /**
   * Hands over every text of an input with its signatures, in input order.
   * @param resourceBytes what `take` may come to hold; it counts towards `--memory`.
   */
  async read(name: string, input: Paths, resourceBytes: number, take: TakeTexts): Promise<void> {
    const { engine, onError, textColumn: column } = this.#config;
    const inputs = await openInputs({ ...this.#input, input });
    const textIndex = findTextColumn(inputs.schema, column, inputs.sources[0]?.path ?? '-');
    const request = {
      onError,
      textIndex,
      columns: [textIndex],
      signatures,
      examination: undefined,
      resourceBytes,
      resources: SAMPLES,
    };
    const schema = decodedSchema(inputs, request);
    const pool = await this.#poolFor(scanJob(inputs, request));
    const startedAt = performance.now();
    let reportedAt = 0;
    let documents = 0;
    let bytes = 0;
    try {
      for await (const analyzed of scan(inputs, request, engine, pool)) {
        const { placement, slab, rowCount } = analyzed;
        const text = textColumn(restore(schema, placement, new Uint8Array(slab.buffer)), 0);
        take(text, documents, analyzed.signatures!);
        documents += rowCount;
        bytes += text.offsets[rowCount]! - text.offsets[0]!;
        const now = performance.now();
        if (now - reportedAt < PROGRESS_MS) continue;
        reportedAt = now;
        const share = inputs.documents === undefined ? undefined : Math.min(1, documents / inputs.documents);
        const seconds = (now - startedAt) / 1000;
        engine.onEvent?.({
          type: 'work',
          work: { doing: `reading ${name}`, share, documents, bytes, seconds },
        });
      }
    } catch (error) {
      this.#trip.throwIfAborted();
      throw error;
    }
  }

  /** Signatures of texts that were read before. */
  async sign(text: TextColumn): Promise<Signatures> {
    const pool = await this.#poolFor(this.#job);
    try {
      return await pool.run('sign', { bytes: text.bytes, offsets: text.offsets });
    } catch (error) {
      this.#trip.throwIfAborted();
      throw error;
    }
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    this.#trip.end();
    await this.#pool?.close();
  }

  async #poolFor(job: Job): Promise<Pool> {
    if (this.#pool !== undefined && Buffer.compare(job.schema, this.#job.schema) === 0) return this.#pool;
    await this.#pool?.close();
    this.#job = job;
    this.#pool = openPool(job, this.#config.engine.threads, this.#trip.signal);
    return this.#pool;
  }
}
