import { freePort } from '@mcp-obo/testbed/ports';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, inject, it } from 'vitest';
import { discover, register } from '../clients/fixture/raw-login.ts';
import { userAtBrowser } from '../clients/fixture/user-at-browser.ts';
import { runConformance } from './fixture/conformance.ts';

const platform = inject('platform');

describe('the conformance suite as a client of the identity provider', () => {
  it(
    verifies(
      ['md:discovery', 'cl:pkce'],
      'finds its metadata and gets a token by authorization code and PKCE',
    ),
    async () => {
      const port = await freePort();
      const callback = `http://127.0.0.1:${port}/callback`;
      const { server } = await discover(platform.urls.mcp);
      const clientId = await register(server.registration_endpoint, callback);
      const alice = userAtBrowser(platform, 'alice');
      let visit: Promise<unknown> | undefined;
      const args = ['--url', server.issuer, '--client-id', clientId, '--port', String(port)];
      const { scenarios } = await runConformance(
        ['authorization', ...args, '--resource', platform.urls.mcp],
        (line) => {
          if (!line.startsWith('http') || visit !== undefined) return;
          visit = alice.allow(new URL(line)).then((answer) => fetch(`${callback}?${answer}`));
        },
      );
      await visit;
      expect(alice.pages()).toContain('login');
      expect(scenarios).toEqual({
        'authorization-server-metadata-endpoint': { succeeded: 2, others: {} },
        'authorization-code-grant': { succeeded: 1, others: {} },
      });
    },
  );
});
