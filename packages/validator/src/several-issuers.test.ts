import { createTestIssuer } from '@mcp-obo/testbed/issuer';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { bearer, createClock, issuerConfig, noon, outcomeOf } from '../test/platform.ts';
import { createValidator, type ValidatorEvent } from './index.ts';

describe('several issuers', () => {
  const clock = createClock();
  const acme = createTestIssuer({ issuer: 'https://idp.example/acme', alg: 'ES256', now: clock.now });
  const globex = createTestIssuer({ issuer: 'https://idp.example/globex', alg: 'ES256', now: clock.now });
  const globexAudience = 'api://globex';
  const fetch = (url: string) => (url.includes('/acme/') ? acme : globex).fetch(url);
  const events: ValidatorEvent[] = [];
  const validator = createValidator({
    issuers: [
      issuerConfig(acme),
      issuerConfig(globex, { tenant: 'globex', audiences: [globexAudience], scopePrefixes: ['api://g/'] }),
    ],
    now: clock.now,
    fetch,
    onEvent: (event) => events.push(event),
  });
  const outcome = (token: string) => outcomeOf(validator, token);
  const ofGlobex = { aud: globexAudience };

  it(verifies('rs:multi-issuer', 'are told apart by tenant, user and dialect'), async () => {
    const scope = { scope: 'api://g/expenses:read' };
    const grants = [
      await validator.validate(bearer(await acme.mint(scope))),
      await validator.validate(bearer(await globex.mint({ ...ofGlobex, ...scope }))),
    ];
    expect(grants.map(({ tenant, user, scopes }) => ({ tenant, issuer: user?.issuer, scopes }))).toEqual([
      { tenant: 'acme', issuer: 'https://idp.example/acme', scopes: ['api://g/expenses:read'] },
      { tenant: 'globex', issuer: 'https://idp.example/globex', scopes: ['expenses:read'] },
    ]);
    expect(events.filter(({ type }) => type === 'success')).toMatchObject([
      { tenant: 'acme' },
      { tenant: 'globex' },
    ]);
  });

  it(
    verifies(
      ['rs:multi-issuer', 'rs:issuer'],
      'lend each other neither key nor audience, though their kids are equal',
    ),
    async () => {
      expect(acme.key.kid).toBe(globex.key.kid);
      const signedByOther = { key: globex.key.privateKey };
      expect(await outcome(await acme.mint({}, signedByOther))).toBe('401 signature');
      expect(await outcome(await acme.mint(ofGlobex))).toBe('401 audience');
      expect(await outcome(await globex.mint())).toBe('401 audience');
      expect(await outcome(await globex.mint({ ...ofGlobex, iss: acme.issuer }))).toBe('401 audience');
    },
  );

  it(
    verifies('rs:multi-issuer', 'lend each other no cache entry: keys withdrawn by one spoil only its own'),
    async () => {
      const [mine, theirs] = [
        await acme.mint({ exp: noon + 3600 }),
        await globex.mint({ ...ofGlobex, exp: noon + 3600 }),
      ];
      await outcome(mine);
      await outcome(theirs);
      acme.rotate({ keep: false });
      clock.advance(300);
      expect(await outcome(mine)).toBe('401 unknown_key');
      expect(await outcome(theirs)).toBe('user-1');
    },
  );

  it(verifies('rs:multi-issuer', 'fail alone: one that is down does not touch the other'), async () => {
    const down = createValidator({
      issuers: [issuerConfig(acme), issuerConfig(globex, { tenant: 'globex', audiences: [globexAudience] })],
      now: clock.now,
      fetch: (url) => (url.includes('/acme/') ? Promise.reject(new Error('down')) : globex.fetch(url)),
    });
    expect(await outcomeOf(down, await acme.mint())).toBe('503 keys_unavailable');
    expect(await outcomeOf(down, await globex.mint(ofGlobex))).toBe('user-1');
    await expect(down.ready()).rejects.toMatchObject({ status: 503 });
  });
});
