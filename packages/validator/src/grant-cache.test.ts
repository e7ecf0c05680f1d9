import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { bearer, noon, setUp } from '../test/platform.ts';

describe('the cache of verified tokens', () => {
  it('answers for a token that was verified, without a second look', async () => {
    const { idp, validator, events } = setUp();
    const token = await idp.mint();
    const grant = await validator.validate(bearer(token));
    expect(await validator.validate(bearer(token))).toBe(grant);
    expect(events.filter(({ type }) => type === 'success')).toMatchObject([
      { cached: false },
      { cached: true },
    ]);
  });

  it('never outlives exp', async () => {
    const { idp, outcome, clock, events } = setUp();
    const token = await idp.mint({ exp: noon + 100 });
    await outcome(token);
    clock.advance(99);
    expect(await outcome(token)).toBe('user-1');
    clock.advance(1);
    expect(await outcome(token)).toBe('user-1');
    expect(events.filter(({ type }) => type === 'success')).toMatchObject([
      { cached: false },
      { cached: true },
      { cached: false },
    ]);
    clock.advance(30);
    expect(await outcome(token)).toBe('401 expired');
  });

  it(
    verifies('rs:signature', 'gives up tokens whose key was withdrawn, once the keys were renewed (J26)'),
    async () => {
      const { idp, outcome, clock } = setUp({ maxLifetime: 3600 });
      const token = await idp.mint({ exp: noon + 3600 });
      await outcome(token);
      idp.rotate({ keep: false });
      clock.advance(299);
      expect(await outcome(token)).toBe('user-1');
      await Promise.resolve();
      clock.advance(1);
      expect(await outcome(token)).toBe('401 unknown_key');
    },
  );

  it('goes on when keys were renewed and none was withdrawn', async () => {
    const { idp, outcome, clock, events, fetches } = setUp();
    const token = await idp.mint({ exp: noon + 3600 });
    await outcome(token);
    clock.advance(300);
    await outcome(token);
    expect(fetches()).toBe(2);
    await outcome(token);
    expect(events.filter(({ type }) => type === 'success').at(-1)).toMatchObject({ cached: true });
  });

  it('is what a grant is held by: the same for its token until keys or time take it', async () => {
    const { idp, validator, clock } = setUp({ maxLifetime: 3600 });
    const grant = await validator.validate(bearer(await idp.mint({ exp: noon + 3600 })));
    expect(validator.holds(grant)).toBe(true);
    expect(validator.holds({ ...grant })).toBe(false);
    idp.rotate({ keep: false });
    clock.advance(299);
    validator.holds(grant);
    await Promise.resolve();
    clock.advance(1);
    expect(validator.holds(grant)).toBe(false);
  });

  it('holds no grant from its exp on, and none that was forgotten', async () => {
    const { idp, validator, clock } = setUp({}, { cache: { maxEntries: 1 } });
    const first = await validator.validate(bearer(await idp.mint({ exp: noon + 100 })));
    clock.advance(100);
    expect(validator.holds(first)).toBe(false);
    const second = await validator.validate(bearer(await idp.mint({ exp: noon + 300 })));
    await validator.validate(bearer(await idp.mint({ exp: noon + 300 })));
    expect(validator.holds(second)).toBe(false);
  });

  it('is bounded, and can be switched off', async () => {
    for (const cache of [{ maxEntries: 1 }, false] as const) {
      const { idp, outcome, events } = setUp({}, { cache });
      const [first, second] = [await idp.mint(), await idp.mint()];
      for (const token of [first, second, first]) await outcome(token);
      expect(events.filter(({ type }) => type === 'success')).toMatchObject([
        { cached: false },
        { cached: false },
        { cached: false },
      ]);
    }
  });
});
