import { rm } from 'node:fs/promises';
import { makeWorkFolder } from '../flow/atomic-file.ts';
import { ExternalSort, type ExternalSortOptions } from '../flow/external-sort.ts';
import { RecordSpool, type RecordSpoolOptions } from '../flow/record-spool.ts';

/** A folder of its own for what lies on disk meanwhile, with the files that are open in it. */
export class WorkFolder {
  readonly path: string;
  private readonly open: { close(): Promise<void> }[] = [];

  private constructor(path: string) {
    this.path = path;
  }

  /** @throws CurationError `BAD_OUTPUT` if it cannot be made. */
  static async make(directory: string, name: string): Promise<WorkFolder> {
    return new WorkFolder(await makeWorkFolder(directory, name));
  }

  spool(options: Omit<RecordSpoolOptions, 'folder'>): RecordSpool {
    return this.own(new RecordSpool({ ...options, folder: this.path }));
  }

  sort(options: Omit<ExternalSortOptions, 'folder'>): ExternalSort {
    return this.own(new ExternalSort({ ...options, folder: this.path }));
  }

  /** Closes what is open, the last first, and takes the folder away, whatever has happened. */
  async remove(): Promise<void> {
    try {
      for (const one of this.open.reverse()) await one.close();
    } finally {
      await rm(this.path, { recursive: true, force: true });
    }
  }

  private own<T extends { close(): Promise<void> }>(one: T): T {
    this.open.push(one);
    return one;
  }
}
