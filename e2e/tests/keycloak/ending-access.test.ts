import { mkdirSync, writeFileSync } from 'node:fs';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { readDocument, rowsOf, sectionOf } from '../docs/markdown.ts';
import { type Access, openAccess, type Way, wayNames } from './fixture/access.ts';
import { sharedAdmin } from './fixture/events.ts';
import { realmEndpoint } from './fixture/log-in.ts';
import { measure, type Stop } from './fixture/stopping.ts';

const { urls } = inject('platform');
const { version } = inject('keycloak');
const admin = sharedAdmin();
/** Seconds that the tokens of users and the exchanged ones live here. */
const life = 30;

const employee = {
  scope: 'mcp:tools:execute expenses:read expenses:write',
  exchangedLater: 'api:expenses.write',
};
const manager = {
  scope: 'mcp:tools:execute expenses:read expenses:approve',
  exchangedLater: 'api:expenses.approve',
};

const post = async (name: 'revoke' | 'logout', form: Readonly<Record<string, string>>) => {
  const response = await fetch(realmEndpoint(urls.issuers.acme, name), {
    method: 'POST',
    body: new URLSearchParams(form),
  });
  if (!response.ok) throw new Error(`${name} is answered with ${response.status}.`);
};
const setEnabled = async (kind: 'users' | 'clients', id: string, enabled: boolean) =>
  admin.change(`acme/${kind}/${id}`, { enabled });

/** What happens, to whom, and what undoes it for those who come after. */
interface Ending {
  readonly username: string;
  readonly ask: typeof employee;
  readonly event: (access: Access) => Promise<unknown>;
  readonly undo?: (access: Access) => Promise<unknown>;
}

const userId = async ({ username }: Access) => (await admin.user('acme', username)).id;
const clientRow = async ({ client }: Access) => (await admin.client('acme', client.clientId)).id;
const managers = async (method: string, access: Access) => {
  const { id } = (await admin.request('GET', 'acme/group-by-path/expenses/managers')) as { id: string };
  return admin.request(method, `acme/users/${await userId(access)}/groups/${id}`);
};

const endings: Readonly<Record<string, Ending>> = {
  'user disabled': {
    username: 'alice',
    ask: employee,
    event: async (access) => setEnabled('users', await userId(access), false),
    undo: async (access) => setEnabled('users', await userId(access), true),
  },
  'user leaves the group that gave the role': {
    username: 'maria',
    ask: manager,
    event: (access) => managers('DELETE', access),
    undo: (access) => managers('PUT', access),
  },
  'session ended by the client (logout)': {
    username: 'bob',
    ask: employee,
    event: ({ login, client }) =>
      post('logout', { client_id: client.clientId, refresh_token: login.refreshToken }),
  },
  'session ended by the administrator': {
    username: 'bob',
    ask: employee,
    event: ({ login }) => admin.request('DELETE', `acme/sessions/${login.claims.sid}`),
  },
  'refresh token revoked': {
    username: 'bob',
    ask: employee,
    event: ({ login, client }) => post('revoke', { client_id: client.clientId, token: login.refreshToken }),
  },
  'access token revoked': {
    username: 'bob',
    ask: employee,
    event: ({ login, client }) => post('revoke', { client_id: client.clientId, token: login.accessToken }),
  },
  'client disabled': {
    username: 'bob',
    ask: employee,
    event: async (access) => setEnabled('clients', await clientRow(access), false),
  },
};

const documented = new Map(
  rowsOf(sectionOf(readDocument('docs/idp/keycloak.md'), 'What stops, and when'))
    // The other table there says what shared signals end.
    .filter(({ length }) => length === 1 + wayNames.length)
    .map(([name = '', ...cells]) => [name, cells]),
);
const measured = new Map<string, Readonly<Record<Way, Stop>>>();
const row = (name: string) => wayNames.map((way) => measured.get(name)?.[way]);

/** Tokens that the broker gets live as long as those of the users, so that their end can be waited for. */
async function exchangedLive(seconds: number | ''): Promise<void> {
  const { id, attributes } = await admin.client('acme', urls.mcp);
  await admin.change(`acme/clients/${id}`, {
    attributes: { ...(attributes as object), 'access.token.lifespan': String(seconds) },
  });
}

/** One ending from the login to the last refusal. */
async function live(name: string, { username, ask, event, undo }: Ending): Promise<void> {
  const access = await openAccess(username, { seconds: life, ...ask });
  try {
    measured.set(name, await measure(access, () => event(access)));
  } finally {
    await undo?.(access);
    await access.client.remove();
  }
}

describe('what stops, and when, with nobody telling the platform', () => {
  // All at once: most of the time is spent waiting for the tokens to end.
  beforeAll(async () => {
    await exchangedLive(life);
    await Promise.all(Object.entries(endings).map(([name, ending]) => live(name, ending)));
    writeTable();
  }, 240_000);
  afterAll(() => exchangedLive(''));

  it.each(Object.keys(endings))(
    verifies(['tb:cache-ttl', 'rs:time'], '%s: each way ends as docs/idp/keycloak.md has it'),
    (name) => {
      expect(row(name).map((stop) => stop?.when)).toEqual(documented.get(name));
    },
  );

  it.each(Object.keys(endings))(
    verifies('tb:error-map', '%s: the call whose exchange is refused is told that its token is not valid'),
    (name) => {
      expect(measured.get(name)?.['MCP call, API needed'].loss).toMatchObject({
        status: 401,
        challenge: expect.stringMatching(/^Bearer error="invalid_token"/),
      });
    },
  );

  it('is documented for these events and no others', () => {
    expect([...documented.keys()]).toEqual(Object.keys(endings));
  });
});

/** The table with figures, to be read beside the one of the documentation. */
function writeTable(): void {
  const cell = ({ when, after }: Stop) => (after === undefined ? when : `${when} (${after} ms)`);
  const lines = Object.keys(endings).map(
    (name) => `| ${[name, ...row(name).map((stop) => (stop === undefined ? '' : cell(stop)))].join(' | ')} |`,
  );
  const dir = new URL('../../../artifacts/', import.meta.url);
  mkdirSync(dir, { recursive: true });
  writeFileSync(
    new URL('ending-access.md', dir),
    [
      `# What stops, and when: Keycloak ${version}`,
      '',
      `Tokens of users and exchanged ones live ${life} s here. Times are from the event to the first refusal, one try a second.`,
      '',
      `| event | ${wayNames.join(' | ')} |`,
      `|${'---|'.repeat(wayNames.length + 1)}`,
      ...lines,
      '',
    ].join('\n'),
  );
}
