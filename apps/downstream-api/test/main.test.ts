import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createTestIssuer } from '@mcp-obo/testbed/issuer';
import { freePort } from '@mcp-obo/testbed/ports';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'downstream-api-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function run(settings: object, people: object) {
  const peopleFile = join(folder, 'people.yaml');
  const file = join(folder, 'api.yaml');
  writeFileSync(peopleFile, JSON.stringify(people));
  writeFileSync(file, JSON.stringify({ people_file: peopleFile, ...settings }));
  const child = spawn(process.execPath, [main, '--config', file]);
  let output = '';
  let errors = '';
  const ready = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk) => {
      output += chunk;
      if (output.includes('"listening"')) resolve();
    });
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const ended = new Promise<{ code: number | null; output: string; errors: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, output, errors }));
  });
  return { child, ready: Promise.race([ready, ended]), ended };
}

describe('the process', () => {
  it('finds the keys of an issuer on loopback by discovery, serves rows, records, and ends on SIGTERM', async () => {
    const [idpPort, port] = [await freePort(), await freePort()];
    const issuer = createTestIssuer({ issuer: `http://127.0.0.1:${idpPort}/acme` });
    const served = await issuer.serve();
    const auditFile = join(folder, 'audit.jsonl');
    const { child, ready, ended } = run(
      {
        listen: { port },
        resource: `http://127.0.0.1:${port}`,
        issuers: [{ tenant: 'acme', issuer: issuer.issuer }],
        database_file: join(folder, 'expenses.db'),
        seed_expenses: true,
        audit_file: auditFile,
      },
      [{ issuer: issuer.issuer, user_key: 'u-alice', username: 'alice', role: 'employee' }],
    );
    await ready;
    const token = await issuer.mint({ aud: 'api://expenses', sub: 'u-alice', scope: 'api:expenses.read' });
    const response = await fetch(`http://127.0.0.1:${port}/expenses`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const { expenses } = (await response.json()) as { expenses: { id: string }[] };
    expect(expenses.map(({ id }) => id)).toEqual(['exp-2', 'exp-1']);
    child.kill('SIGTERM');
    const { code, output, errors } = await ended;
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    for (const line of output.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('msg');
    expect(JSON.parse(readFileSync(auditFile, 'utf8'))).toMatchObject({
      decision: 'allow',
      service: 'downstream-api',
    });
    expect(statSync(auditFile).mode & 0o777).toBe(0o600);
    await served.close();
  });

  it('names what is wrong with settings and people, and exits with 2', async () => {
    const settings = { resource: 'https://api.example', issuers: [{ issuer: 'https://idp.example' }] };
    const bad = await run({ resource: 'x' }, []).ended;
    expect(bad.code).toBe(2);
    expect(bad.errors).toContain('resource (API_RESOURCE)');
    expect(bad.errors).toContain('issuers');
    const nobody = await run(settings, [{ username: 'alice' }]).ended;
    expect(nobody.code).toBe(2);
    expect(nobody.errors).toContain('0.user_key');
  });

  it('says in a sentence that the port is in use, and exits with 1', async () => {
    const port = await freePort();
    const other = createServer().listen(port, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const issuers = [{ issuer: 'https://idp.example' }];
    const { code, errors } = await run({ listen: { port }, resource: 'https://api.example', issuers }, [])
      .ended;
    other.close();
    expect(code).toBe(1);
    expect(errors).toMatch(new RegExp(`^downstream-api cannot start: Port ${port} .* is in use`));
  });
});
