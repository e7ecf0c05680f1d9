import { expect, it } from 'vitest';
import { launchChromium } from './fixture/chromium.ts';

it('a machine without Chromium is told in a sentence what to install', async () => {
  await expect(launchChromium('/nowhere')).rejects.toThrow(
    'There is no Chromium on the PATH: install it with "apt-get install chromium" or the like.',
  );
});
