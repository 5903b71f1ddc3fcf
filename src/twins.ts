import { rm } from 'node:fs/promises';
import type { TwinsConfig } from './config.ts';
import { makeWorkFolder } from './flow/atomic-file.ts';
import type { Signatures } from './kernels/signatures/signatures.ts';
import type { NearDuplicateReport } from './report.ts';
import { duplicateReasons, NEAR_DUPLICATE } from './stages/deduplicate.ts';
import type { LedgerRevision, LedgerRows } from './stages/ledger-revision.ts';
import { TwinSearch } from './stages/twin-search.ts';
import { type Origin, UNREADABLE } from './verdicts.ts';

const MEBIBYTE = 2 ** 20;
/** Batches of the ledger while it is revised, and what sorts take besides what they are given. */
const RESERVED_BYTES = 48 * MEBIBYTE;
/** Of the sorts; the thread that reads the ledger takes about as much when most of it has been given back. */
const LEAST_SORT_BYTES = 96 * MEBIBYTE;
const MOST_SORT_BYTES = 1024 * MEBIBYTE;
/** Of a row of the ledger before it is revised, compressed; ids that do not repeat take most of it. */
const LEDGER_ROW_BYTES = 32;

/** Bytes that a search for twins takes of `--memory`. */
export function twinsByteLength(memoryBytes: number): number {
  const sortBytes = Math.min(MOST_SORT_BYTES, Math.max(LEAST_SORT_BYTES, Math.floor(memoryBytes / 8)));
  return RESERVED_BYTES + sortBytes;
}

/** Bytes that it takes in the work folder, about. */
export function twinsDiskByteLength(documents: number, bands: number): number {
  return TwinSearch.diskByteLength(documents, bands) + documents * LEDGER_ROW_BYTES;
}

/** Writes down who has which band keys while documents are judged; when all are, the ledger is told the twin of each near duplicate. */
export class Twins {
  readonly byteLength: number;
  private readonly bands: number;
  private readonly workDirectory: string;
  private folder: string | undefined;
  private search: TwinSearch | undefined;
  private counts: TwinSearch['counts'] = { named: 0, unnamed: 0 };

  constructor(bands: number, { workDirectory }: TwinsConfig, memoryBytes: number) {
    this.bands = bands;
    this.workDirectory = workDirectory;
    this.byteLength = twinsByteLength(memoryBytes);
  }

  /** Makes the work folder; before the first document. */
  async open(): Promise<string> {
    this.folder = await makeWorkFolder(this.workDirectory, 'sluice-twins');
    this.search = new TwinSearch({
      bands: this.bands,
      sought: NEAR_DUPLICATE,
      folder: this.folder,
      memoryBytes: this.byteLength - RESERVED_BYTES,
    });
    return this.folder;
  }

  /** Takes the next documents; await it before the next call. @param verdicts of the deduplicator. */
  async add(signatures: Signatures, verdicts: Uint8Array, skip: Uint8Array | undefined): Promise<void> {
    await this.search!.add(signatures, verdicts, skip);
  }

  /** What becomes of the ledger when all documents were added. */
  revision(locate: (ordinal: number) => Origin): LedgerRevision {
    // Rows that could not be read have no number among the documents.
    let ordinal = 0;
    return {
      columns: [],
      revise: async (rows: LedgerRows) => {
        const near = rows.codeOf(duplicateReasons[NEAR_DUPLICATE - 1]!);
        const unreadable = rows.codeOf(UNREADABLE);
        const sought: number[] = [];
        const ordinals: number[] = [];
        for (let row = 0; row < rows.rowCount; row++) {
          const reason = rows.reasons[row]!;
          if (reason === near) {
            sought.push(row);
            ordinals.push(ordinal);
          }
          if (reason !== unreadable) ordinal++;
        }
        const twins = await this.search!.twinsOf(ordinals);
        sought.forEach((row, i) => rows.twin(row, twins[i]! < 0 ? undefined : locate(twins[i]!)));
        this.counts = this.search!.counts;
      },
    };
  }

  report(): Pick<NearDuplicateReport, 'twins'> {
    return { twins: this.counts };
  }

  /** Removes the work folder, whatever has happened; safe twice. */
  async close(): Promise<void> {
    await this.search?.close();
    if (this.folder !== undefined) await rm(this.folder, { recursive: true, force: true });
  }
}
