import { describe, expect, it } from 'vitest';
import { createBrowserOpener } from './browser.ts';

function opener(platform: NodeJS.Platform) {
  const started: [string, ...string[]][] = [];
  const start = async (command: string, args: readonly string[]) => {
    started.push([command, ...args]);
  };
  return { started, open: createBrowserOpener({ platform, start }) };
}

describe('opening the browser', () => {
  it.each<[NodeJS.Platform, string[]]>([
    ['linux', ['xdg-open']],
    ['darwin', ['open']],
    ['win32', ['rundll32', 'url.dll,FileProtocolHandler']],
    ['freebsd', ['xdg-open']],
  ])('on %s hands the URL over as one argument', async (platform, command) => {
    const { started, open } = opener(platform);
    await open(new URL('https://idp.example/authorize?a=1&b=$(touch x)'));
    expect(started).toEqual([[...command, 'https://idp.example/authorize?a=1&b=$(touch%20x)']]);
  });

  it.each(['file:///etc/passwd', 'javascript:alert(1)', 'calculator:'])('refuses %s', async (url) => {
    const { started, open } = opener('linux');
    await expect(open(new URL(url))).rejects.toThrow('must be on the web');
    expect(started).toEqual([]);
  });
});
