import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { followConfig } from './follow-config.ts';
import { loadConfig } from './load-config.ts';

const schema = z.strictObject({ level: z.string(), secret: z.strictObject({ file: z.string() }) });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function follow(files: Record<string, string>) {
  const told: unknown[] = [];
  const stop = followConfig({
    source: {
      env: {},
      file: '/etc/app.yaml',
      readText(path) {
        const text = files[path];
        if (text === undefined) throw new Error(`no file ${path}`);
        return text;
      },
    },
    load(source) {
      const { level, secret } = loadConfig(schema, {}, source);
      const key = source.readText?.(secret.file) ?? '';
      if (key === 'bad') throw new Error('bad key');
      return { level, key };
    },
    onChange(config) {
      if (config.level === 'refused') throw new Error('refused');
      told.push(config);
    },
    onFault: (error) => told.push(String(error)),
    everyMs: 1000,
  });
  const later = () => vi.advanceTimersByTime(1000);
  return { files, told, stop, later };
}

const files = () => ({ '/etc/app.yaml': 'level: info\nsecret: {file: key}', '/etc/key': 'one' });

describe('a configuration that is followed', () => {
  it('is told of when its file or one that it names has changed, and only then', () => {
    const { files: now, told, later } = follow(files());
    later();
    expect(told).toEqual([]);
    now['/etc/key'] = 'two';
    later();
    later();
    expect(told).toEqual([{ level: 'info', key: 'two' }]);
    now['/etc/app.yaml'] = 'level: warn\nsecret: {file: other}';
    now['/etc/other'] = 'three';
    later();
    now['/etc/other'] = 'four';
    later();
    expect(told.slice(1)).toEqual([
      { level: 'warn', key: 'three' },
      { level: 'warn', key: 'four' },
    ]);
  });

  it.each([
    ['a file that cannot be used', { '/etc/key': 'bad' }, 'Error: bad key'],
    ['a file that is gone', { '/etc/key': undefined }, 'Error: no file /etc/key'],
    [
      'a broken configuration file',
      { '/etc/app.yaml': 'level: [' },
      /^ConfigError: The configuration cannot/,
    ],
    ['what its taker refuses', { '/etc/app.yaml': 'level: refused\nsecret: {file: key}' }, 'Error: refused'],
  ])('stays in use before %s, which is told of once; mended, it is taken', (_what, change, fault) => {
    const { files: now, told, later } = follow(files());
    Object.assign(now, change);
    later();
    later();
    later();
    expect(told).toEqual([typeof fault === 'string' ? fault : expect.stringMatching(fault)]);
    Object.assign(now, files(), { '/etc/key': 'two' });
    later();
    expect(told[1]).toEqual({ level: 'info', key: 'two' });
  });

  it('is not looked at any more once it is ended', () => {
    const { files: now, told, later, stop } = follow(files());
    stop();
    now['/etc/key'] = 'two';
    later();
    expect(told).toEqual([]);
  });
});
