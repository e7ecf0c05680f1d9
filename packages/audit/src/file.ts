import { closeSync, constants, fchmodSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';

/** A file that audit lines are appended to. */
export interface AuditFile {
  /** Appends the line before it returns. */
  readonly write: (line: string) => void;
  /** Idempotent. */
  readonly close: () => void;
}

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_RDWR } = constants;

/**
 * Opens a file for audit records, for its owner alone (mode 0600), and never through a symbolic link. A
 * record that a crash has left half written is closed with a line feed, so that it spoils no other.
 *
 * @throws Error with a sentence that names the path, when it is no regular file or cannot be opened.
 */
export function openAuditFile(path: string): AuditFile {
  const fd = open(path);
  let closed = false;
  try {
    const { size } = prepare(fd, path);
    if (size > 0 && !endsWithLineFeed(fd, size)) writeAll(fd, '\n');
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return {
    write: (line) => {
      // The number of a closed file may be that of another one by now.
      if (closed) throw new Error(`The audit file ${path} is closed.`);
      writeAll(fd, line);
    },
    close: () => {
      if (!closed) closeSync(fd);
      closed = true;
    },
  };
}

function open(path: string): number {
  try {
    return openSync(path, O_APPEND | O_CREAT | O_NOFOLLOW | O_RDWR, 0o600);
  } catch (cause) {
    throw new Error(`The audit file ${path} cannot be opened for writing.`, { cause });
  }
}

function prepare(fd: number, path: string): { readonly size: number } {
  const stat = fstatSync(fd);
  if (!stat.isFile()) throw new Error(`The audit file ${path} is not a regular file.`);
  if ((stat.mode & 0o777) !== 0o600) fchmodSync(fd, 0o600);
  return stat;
}

function endsWithLineFeed(fd: number, size: number): boolean {
  const last = Buffer.alloc(1);
  readSync(fd, last, 0, 1, size - 1);
  return last[0] === 0x0a;
}

/** A single write of a short line to a file opened for appending is not torn apart by another process. */
function writeAll(fd: number, text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest));
}
