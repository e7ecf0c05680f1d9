import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { securityEventsSection } from './section.ts';

const schema = securityEventsSection({ read: () => 'the content of a file' });
const endpoint = 'https://idp.example/poll';
const audiences = ['https://broker.example'];
const client = { client_id: 'broker', method: 'client_secret_basic', secret: { value: 'x' } };

function problemsOf(section: object): readonly string[] {
  const { error } = schema.safeParse(section);
  return error?.issues.map(({ path, message }) => [...path.map(String), message].join(': ')) ?? [];
}

describe('how an issuer tells of security events', () => {
  it.each<readonly [string, object]>([
    ['pushed by anybody who can sign', { push: {} }],
    ['pushed by who shows a token', { push: { token: [{ file: '/run/secrets/push' }, { value: 'next' }] } }],
    ['fetched with a token', { poll: { endpoint, token: { value: 'x' } } }],
    ['fetched by a registration', { poll: { endpoint, client, scopes: ['ssf.read'] }, push: {} }],
    [
      'by a transmitter of its own',
      { push: {}, transmitter: 'https://org.example', jwks_uri: 'https://org.example/keys' },
    ],
  ])(verifies('tb:revocation', 'can be %s'), (_what, section) => {
    expect(problemsOf({ audiences, ...section })).toEqual([]);
  });

  it('keeps only the hash of what a transmitter shows', () => {
    const section = schema.parse({ audiences, push: { token: { value: 'a secret' } } });
    expect(JSON.stringify(section)).not.toContain('a secret');
    expect(section.credential_changes).toEqual(['revoke', 'update', 'delete']);
  });

  it.each<readonly [string, object, RegExp]>([
    ['neither pushed nor fetched', {}, /^needs push, poll or both/],
    ['for nobody', { push: {}, audiences: [] }, /^audiences/],
    [
      'of a transmitter without keys',
      { push: {}, transmitter: 'https://org.example' },
      /^jwks_uri: is required with transmitter/,
    ],
    ['fetched with nothing', { poll: { endpoint } }, /^poll: needs either token or client/],
    [
      'fetched with two credentials',
      { poll: { endpoint, client, token: { value: 'x' } } },
      /^poll: needs either token or client/,
    ],
    ['fetched over plain http', { poll: { endpoint: 'http://idp.example/poll', client } }, /^poll: endpoint/],
    [
      'fetched without a pause',
      { poll: { endpoint, client, interval_seconds: 0 } },
      /^poll: interval_seconds/,
    ],
    [
      'by changes that there are none of',
      { push: {}, credential_changes: ['stolen'] },
      /^credential_changes/,
    ],
  ])(verifies('op:config', 'cannot be %s'), (_what, section, problem) => {
    expect(problemsOf({ audiences, ...section }).join('\n')).toMatch(problem);
  });
});
