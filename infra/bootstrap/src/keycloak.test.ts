import { describe, expect, it } from 'vitest';
import { prepareNativeKeycloak } from './keycloak.mjs';

describe('prepareNativeKeycloak', () => {
  it('names the version, and passes on what is under way', async () => {
    const lines: string[] = [];
    const prepare = async ({ say }: { say?: (line: string) => void } = {}) => say?.('Getting Keycloak …');
    const prepared = await prepareNativeKeycloak({ say: (line) => lines.push(line), prepare });
    expect(prepared).toEqual({
      ready: true,
      message: expect.stringMatching(/^Keycloak \d+\.\d+\.\d+ under Java$/),
    });
    expect(lines).toEqual(['Getting Keycloak …']);
  });

  it('says in one line why there is none', async () => {
    const prepare = async () => {
      throw new Error('Maven cannot get it: it needs a network.\n  [ERROR] the rest\n  [ERROR] of its words');
    };
    expect(await prepareNativeKeycloak({ prepare })).toEqual({
      ready: false,
      message: 'No Keycloak: Maven cannot get it: it needs a network',
    });
  });
});
