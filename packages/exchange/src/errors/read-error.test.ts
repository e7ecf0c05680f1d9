import { describe, expect, it } from 'vitest';
import { readErrorBody, readRetryAfter } from './read-error.ts';

const sent = { operation: 'exchange', credential: 'secret' } as const;

describe('an error body', () => {
  it('is read member by member', () => {
    const body = {
      error: 'invalid_grant',
      error_description: 'AADSTS65001: …',
      error_codes: [65001],
      suberror: 'consent_required',
      claims: '{"access_token":{}}',
    };
    expect(readErrorBody(400, body, sent)).toEqual({
      ...sent,
      status: 400,
      error: 'invalid_grant',
      codes: [65001],
      suberror: 'consent_required',
      claims: '{"access_token":{}}',
    });
  });

  it.each([
    ['no object', 'invalid_grant'],
    ['a list', ['invalid_grant']],
    ['nothing', undefined],
    ['members of other types', { error: 7, error_codes: '65001', suberror: {}, claims: {} }],
    ['an error that is a sentence', { error: 'you may not\r\nSet-Cookie: x', suberror: 'a b' }],
    ['claims that are no JSON object', { claims: '[1]' }],
    ['claims that are no JSON', { claims: 'c1' }],
    ['claims that are longer than a header', { claims: JSON.stringify({ x: 'x'.repeat(4096) }) }],
    ['codes that are no numbers', { error_codes: ['65001', 1.5, null] }],
  ])('leaves out what is not as it should be: %s', (_what, body) => {
    expect(readErrorBody(400, body, sent)).toEqual({ ...sent, status: 400, codes: [] });
  });
});

describe('the time to wait', () => {
  const now = Date.parse('Sat, 21 Nov 2026 12:00:00 GMT');
  const epoch = now / 1000;
  it.each<[string, Record<string, string>, number | undefined]>([
    ['seconds (RFC 9110 §10.2.3)', { 'retry-after': '60' }, 60],
    ['at least one', { 'retry-after': '0' }, 1],
    ['at most an hour', { 'retry-after': '999999' }, 3600],
    ['a date', { 'retry-after': 'Sat, 21 Nov 2026 12:00:30 GMT' }, 30],
    ['a date that is past', { 'retry-after': 'Sat, 21 Nov 2026 11:00:00 GMT' }, 1],
    ['not known from a word', { 'retry-after': 'soon' }, undefined],
    ['not known from nothing', {}, undefined],
    ['the reset of Okta', { 'x-rate-limit-reset': `${epoch + 20}` }, 20],
    ['the reset of Auth0', { 'x-ratelimit-reset': `${epoch + 10}` }, 10],
    ['Retry-After when both are there', { 'retry-after': '5', 'x-ratelimit-reset': `${epoch + 10}` }, 5],
    ['not known from a reset that is no number', { 'x-ratelimit-reset': 'soon' }, undefined],
  ])('is %s', (_what, headers, seconds) => {
    expect(readRetryAfter(new Headers(headers), now)).toBe(seconds);
  });
});
