import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseConfig, startTestIdp, type TestIdp } from './idp.ts';

const folder = new URL('..', import.meta.url);
let idp: TestIdp;
let readme: string;
beforeAll(async () => {
  idp = await startTestIdp();
  readme = await readFile(new URL('README.md', folder), 'utf8');
});
afterAll(() => idp.close());

const samples = (language: string) =>
  [...readme.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(
    ([, code = '']) => code,
  );

describe('the README', () => {
  it('shows code that logs in', async () => {
    const [sample = '', ...others] = samples('ts');
    expect(others).toEqual([]);
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module-typescript', '-e', sample],
      {
        cwd: folder,
        timeout: 20_000,
        env: { ...process.env, AUTHORIZATION_URL: idp.authorizationUrl().href },
      },
    );
    const { status } = await idp.redeem(new URL(`http://127.0.0.1/?code=${stdout}`));
    expect(status).toBe(200);
  });

  it('shows a configuration that is right', () => {
    const [sample = ''] = samples('yaml');
    expect(parseConfig(parse(sample) as object).tenants[0]?.name).toBe('acme');
  });
});
