import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ConfigError } from './config-error.ts';
import { loadConfig } from './load-config.ts';

const schema = z.strictObject({
  listen: z.strictObject({ port: z.coerce.number().int().min(1, 'must be a port from 1 to 65535') }),
  issuer: z.url('must be an absolute URL'),
});
const names = { MCP_PORT: 'listen.port', OAUTH_ISSUER: 'issuer' };

describe('loadConfig', () => {
  it('is satisfied with the environment alone', () => {
    const config = loadConfig(schema, names, {
      env: { MCP_PORT: '4000', OAUTH_ISSUER: 'https://idp.example' },
    });
    expect(config).toEqual({ listen: { port: 4000 }, issuer: 'https://idp.example' });
  });

  it('lets a variable win over the file and ignores an empty one', () => {
    const config = loadConfig(schema, names, {
      env: { MCP_PORT: '5000', OAUTH_ISSUER: '' },
      file: 'x.yaml',
      readText: () => 'listen: {port: 4000}\nissuer: https://file.example\n',
    });
    expect(config).toEqual({ listen: { port: 5000 }, issuer: 'https://file.example' });
  });

  it('names every bad setting with its path and variable in one message', () => {
    const load = () => loadConfig(schema, names, { env: { MCP_PORT: '0', OAUTH_ISSUER: 'nonsense' } });
    expect(load).toThrow(ConfigError);
    expect(load).toThrow(
      'The configuration cannot be used:\n' +
        '  listen.port (MCP_PORT): must be a port from 1 to 65535\n' +
        '  issuer (OAUTH_ISSUER): must be an absolute URL',
    );
  });

  it('refuses a setting it does not know', () => {
    const load = () =>
      loadConfig(schema, names, {
        env: { MCP_PORT: '1' },
        file: 'x',
        readText: () => 'issuer: https://a.example\nisuer: b',
      });
    expect(load).toThrow(/isuer/);
  });

  it.each([
    ['an empty text', { text: '' }, 'text: must not be empty'],
    ['an empty list', { list: [] }, 'list: must not be empty'],
    ['a number below', { count: 1 }, 'count: must be at least 2'],
    ['no positive number', { above: 0 }, 'above: must be above 0'],
    ['a word of no list', { level: 'loud' }, 'level: must be one of info, warn'],
    ['one of two ways', { key: 'file' }, 'key: the file is empty'],
  ])('says how to mend %s', (_what, settings, line) => {
    const other = z.strictObject({
      text: z.string().min(1).optional(),
      list: z.array(z.string()).min(1).optional(),
      count: z.number().min(2).optional(),
      above: z.number().positive().optional(),
      level: z.enum(['info', 'warn']).optional(),
      key: z.union([z.object({}), z.string().refine(() => false, 'the file is empty')]).optional(),
    });
    const readText = () => JSON.stringify(settings);
    expect(() => loadConfig(other, {}, { env: {}, file: 'x', readText })).toThrow(`\n  ${line}`);
  });

  it.each([
    ['nothing', '', 'listen (MCP_PORT): is required'],
    ['a text for a mapping', 'listen: here', 'listen (MCP_PORT): must be a mapping'],
    ['a list for a mapping', 'listen: [1]', 'listen (MCP_PORT): must be a mapping'],
    ['an unknown name', 'listen: {port: 1, prot: 2}', 'listen: there is no such setting: prot'],
    ['no YAML', 'listen: [', 'x.yaml: is no YAML: '],
    ['no mapping', '- 1', 'x.yaml: must hold a mapping of settings at its top level'],
  ])('says how to mend a file with %s', (_what, text, line) => {
    const read = () => loadConfig(schema, names, { env: {}, file: 'x.yaml', readText: () => text });
    expect(read).toThrow(`\n  ${line}`);
    expect(read).not.toThrow(/received|column \d+:/);
  });

  it.each([
    ['/nowhere/x.yaml', '/nowhere/x.yaml: there is no such file'],
    ['/', '/: is a folder, and must be a file'],
  ])('says why %s cannot be read', (file, line) => {
    expect(() => loadConfig(schema, names, { env: {}, file })).toThrow(line);
  });
});

describe('a path in the settings', () => {
  const paths = z.strictObject({
    audit_file: z.string().optional(),
    clients: z.array(z.strictObject({ secret: z.strictObject({ file: z.string().min(1) }) })).optional(),
    key: z.strictObject({ file: z.string().min(1).optional(), value: z.string().optional() }).optional(),
    profile: z.string().optional(),
  });
  const variables = { AUDIT_FILE: 'audit_file', KEY_FILE: 'key.file', KEY: 'key.value', PROFILE: 'profile' };
  const load = (text: string, env: Record<string, string> = {}, file = '/etc/app/app.yaml') =>
    loadConfig(paths, variables, { env, file, readText: () => text, cwd: '/srv' });

  it('starts in the folder of the file that names it', () => {
    expect(load('{audit_file: log/audit.jsonl, clients: [{secret: {file: ../a.secret}}]}')).toEqual({
      audit_file: '/etc/app/log/audit.jsonl',
      clients: [{ secret: { file: '/etc/a.secret' } }],
    });
  });

  it('starts in the folder of a file that is named relative to the working directory', () => {
    expect(load('key: {file: k}', {}, 'config/app.yaml').key?.file).toBe('/srv/config/k');
  });

  it('starts in the working directory when a variable names it', () => {
    const env = { AUDIT_FILE: 'audit.jsonl', KEY_FILE: './keys/k' };
    expect(load('audit_file: other', env)).toEqual({
      audit_file: '/srv/audit.jsonl',
      key: { file: '/srv/keys/k' },
    });
  });

  it('stays as it is when it is absolute, and so does what is no path', () => {
    const text = '{key: {file: /run/k}, profile: ./entra}';
    expect(load(text)).toEqual({ key: { file: '/run/k' }, profile: './entra' });
    expect(load('', { KEY: './value', PROFILE: './entra' })).toEqual({
      key: { value: './value' },
      profile: './entra',
    });
  });

  it('is still missing when it is empty', () => {
    expect(() => load("key: {file: ''}")).toThrow('key.file');
  });
});
