import { type FileMetaData, parquetMetadata } from 'hyparquet';
import { CurationError } from '../../errors.ts';
import { Damage } from './damage.ts';
import { readExactly } from './files.ts';
import { THRIFT, ThriftReader } from './thrift.ts';

/** A footer, parsed, and where it starts: pages lie before. */
export interface Footer {
  readonly metadata: FileMetaData;
  readonly start: number;
}

/** Reads and parses the footer of an open file. Every defect of it is a CurationError that begins with `path`. */
export function readFooter(fd: number, path: string, byteLength: number): Footer {
  const bad = (expected: string, found: string, options?: ErrorOptions): CurationError =>
    new CurationError('BAD_INPUT', `${path}: Parquet footer: expected ${expected}, found ${found}`, options);
  // Magic, length of an empty footer, magic: nothing smaller can be a Parquet file.
  if (byteLength < 12) throw bad('at least 12 bytes', `${byteLength}`);
  const tail = readExactly(fd, byteLength - 8, 8, path);
  const magic = Buffer.from(tail.subarray(4)).toString('latin1');
  if (magic === 'PARE') {
    throw new CurationError('UNSUPPORTED', `${path}: the file is encrypted; decrypt it first`);
  }
  if (magic !== 'PAR1') throw bad('"PAR1" at the end', `${JSON.stringify(magic)}; is the file cut short?`);
  const length = new DataView(tail.buffer, tail.byteOffset).getUint32(0, true);
  const start = byteLength - 8 - length;
  if (start < 4 || length === 0) throw bad(`a length below ${byteLength - 12}`, `${length}`);
  const bytes = readExactly(fd, start, length + 8, path);
  try {
    // hyparquet allocates by lengths it reads: they are walked first.
    new ThriftReader(bytes.subarray(0, length)).skip(THRIFT.struct);
    const metadata = parquetMetadata(bytes, { geoparquet: false });
    refuseEncrypted(metadata, path);
    return { metadata, start };
  } catch (cause) {
    if (cause instanceof CurationError) throw cause;
    throw bad('file metadata', cause instanceof Error ? `damage (${cause.message})` : 'damage', { cause });
  }
}

function refuseEncrypted(metadata: FileMetaData, path: string): void {
  for (const [i, group] of metadata.row_groups.entries()) {
    for (const column of group.columns) {
      if (column.crypto_metadata !== undefined || column.encrypted_column_metadata !== undefined) {
        throw new CurationError(
          'UNSUPPORTED',
          `${path}: row group ${i}: a column is encrypted; decrypt the file first`,
        );
      }
      if (column.file_path !== undefined && column.file_path !== '') {
        throw new CurationError(
          'UNSUPPORTED',
          `${path}: row group ${i}: a column lies in another file, ${JSON.stringify(column.file_path)}; read that file instead`,
        );
      }
      if (column.meta_data === undefined) throw new Damage(`row group ${i} without column metadata`);
    }
  }
}
