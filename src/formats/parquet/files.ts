import fs from 'node:fs';
import { CurationError } from '../../errors.ts';

/** Which bytes a path named when it was planned: a worker that finds others there must not read them as the same file. */
export interface FileIdentity {
  readonly byteLength: number;
  readonly modifiedMs: number;
}

/** A file this thread holds open. */
export interface OpenFile {
  readonly path: string;
  readonly fd: number;
  readonly byteLength: number;
  /** Names the file in caches. */
  readonly key: string;
}

const MAX_OPEN = 16;
/** In order of last use, oldest first. */
const open = new Map<string, OpenFile>();

/** The file, opened or still open from an earlier morsel. At most 16 stay open; the one unused for longest is closed. */
export function takeFile(path: string, identity: FileIdentity): OpenFile {
  const key = `${identity.byteLength}:${identity.modifiedMs}:${path}`;
  let file = open.get(key);
  if (file === undefined) {
    file = openFile(path, identity, key);
    if (open.size >= MAX_OPEN) {
      const [oldest] = open.values();
      open.delete(oldest!.key);
      fs.closeSync(oldest!.fd);
    }
  } else {
    open.delete(key);
  }
  open.set(key, file);
  return file;
}

function openFile(path: string, identity: FileIdentity, key: string): OpenFile {
  let fd: number | undefined;
  try {
    fd = fs.openSync(path, 'r');
    const { size, mtimeMs } = fs.fstatSync(fd);
    if (size !== identity.byteLength || mtimeMs !== identity.modifiedMs) {
      throw new CurationError(
        'BAD_INPUT',
        `${path}: the file changed while it was being read; run again when it is complete`,
      );
    }
    return { path, fd, byteLength: size, key };
  } catch (cause) {
    if (fd !== undefined) fs.closeSync(fd);
    if (cause instanceof CurationError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CurationError('BAD_INPUT', `${path}: cannot be opened (${reason})`, { cause });
  }
}

/** Reads `length` bytes at `position` into `target` (or new memory); fewer is an error. */
export function readExactly(
  fd: number,
  position: number,
  length: number,
  path: string,
  target: Uint8Array = new Uint8Array(length),
): Uint8Array {
  let done = 0;
  while (done < length) {
    let count: number;
    try {
      count = fs.readSync(fd, target, done, length - done, position + done);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new CurationError('BAD_INPUT', `${path}: byte ${position}: cannot be read (${reason})`, {
        cause,
      });
    }
    if (count === 0) {
      throw new CurationError(
        'BAD_INPUT',
        `${path}: byte ${position}: expected ${length} bytes, found ${done}; is the file cut short?`,
      );
    }
    done += count;
  }
  return target.length === length ? target : target.subarray(0, length);
}
