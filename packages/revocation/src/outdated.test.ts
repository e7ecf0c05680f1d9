import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { refuseOutdated } from './outdated.ts';
import { nothingRevoked, type RevocationView } from './view.ts';

const viewOf = (fresh: boolean, age: number): RevocationView => ({
  ...nothingRevoked,
  isFresh: () => fresh,
  age: () => age,
});

describe('a process that may have missed revocations', () => {
  it.each([
    ['a fresh view', 'anything', viewOf(true, 4000), false, undefined],
    ['a view of six seconds', 'what only reads', viewOf(false, 6000), true, undefined],
    ['a view of five minutes', 'what only reads', viewOf(false, 300_000), true, undefined],
    ['a view of more than five minutes', 'nothing that only reads', viewOf(false, 300_001), true, 503],
    ['a view of six seconds', 'nothing that changes something', viewOf(false, 6000), false, 503],
  ])(verifies('rs:revocation-view', 'with %s serves %s'), (_view, _what, view, readOnly, status) => {
    let refused: unknown;
    try {
      refuseOutdated(view, { readOnly });
    } catch (error) {
      refused = error;
    }
    if (status === undefined) expect(refused).toBeUndefined();
    else
      expect(refused).toMatchObject({
        code: 'temporarily_unavailable',
        status,
        reason: 'revocations_unknown',
        retryAfter: 5,
      });
  });
});
