import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAuditFile } from './file.ts';

let folder = '';
let path = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'audit-'));
  path = join(folder, 'audit.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

function append(...lines: readonly string[]): void {
  const file = openAuditFile(path);
  for (const line of lines) file.write(line);
  file.close();
}

describe('an audit file', () => {
  it('holds every line as soon as it is written, and those of before', () => {
    append('one\n', 'two\n');
    const file = openAuditFile(path);
    file.write('three\n');
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\nthree\n');
    file.close();
  });

  it('is for its owner alone, also where it was not before', () => {
    append('one\n');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    chmodSync(path, 0o644);
    append('two\n');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('closes a line that a crash has left half written', () => {
    writeFileSync(path, 'one\n{"half":');
    append('two\n');
    expect(readFileSync(path, 'utf8')).toBe('one\n{"half":\ntwo\n');
  });

  it('takes the lines of several processes', () => {
    const files = [openAuditFile(path), openAuditFile(path)];
    for (let turn = 0; turn < 50; turn += 1)
      for (const [index, file] of files.entries()) file.write(`${index}\n`);
    for (const file of files) file.close();
    expect(readFileSync(path, 'utf8')).toBe('0\n1\n'.repeat(50));
  });

  it('is not written to after it was closed', () => {
    const file = openAuditFile(path);
    file.close();
    file.close();
    expect(() => file.write('late\n')).toThrow(/is closed/);
  });

  it.each([
    ['a folder', () => folder, /cannot be opened|not a regular file/],
    ['nowhere', () => join(folder, 'missing', 'audit.jsonl'), /missing\/audit.jsonl cannot be opened/],
    ['a symbolic link', linked, /cannot be opened/],
    ['a device', () => '/dev/null', /not a regular file/],
  ])('is not %s', (_name, where, message) => {
    expect(() => openAuditFile(where())).toThrow(message);
  });
});

function linked(): string {
  const link = join(folder, 'link');
  writeFileSync(path, '');
  symlinkSync(path, link);
  return link;
}
