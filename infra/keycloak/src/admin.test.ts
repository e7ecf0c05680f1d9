import { describe, expect, it } from 'vitest';
import { createKeycloakAdmin, KeycloakAdminError } from './admin.ts';

/** A Keycloak that hands out numbered tokens and takes only the newest. */
function world() {
  const seen: string[] = [];
  let issued = 0;
  let now = 0;
  let valid = 0;
  const answers: Record<string, () => Response> = {
    'GET acme/users?exact=true&username=alice': () => Response.json([{ id: 'u1', username: 'alice' }]),
    'GET acme/users?exact=true&username=nobody': () => Response.json([]),
    'GET acme/users/u1': () => Response.json({ id: 'u1', enabled: true, email: 'a@acme.example' }),
    'GET acme/missing': () => Response.json({ error: 'not found' }, { status: 404 }),
  };
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const url = String(input);
    if (url.endsWith('/token')) {
      issued += 1;
      valid = issued;
      seen.push(`token ${issued}`);
      return Response.json({ access_token: String(issued), expires_in: 60 });
    }
    const path = url.slice('http://kc/admin/realms/'.length);
    const authorization = new Headers(init?.headers).get('authorization');
    seen.push(`${init?.method} ${path} ${authorization}${init?.body === undefined ? '' : ` ${init.body}`}`);
    if (authorization !== `Bearer ${valid}`) return new Response(null, { status: 401 });
    return answers[`${init?.method} ${path}`]?.() ?? new Response(null, { status: 204 });
  };
  const admin = createKeycloakAdmin({
    url: 'http://kc',
    clientId: 'a',
    clientSecret: 'b',
    fetch,
    now: () => now,
  });
  return {
    admin,
    seen,
    pass: (ms: number) => {
      now += ms;
    },
    revoke: () => {
      valid = -1;
    },
  };
}

describe('the administrator of Keycloak', () => {
  it('signs in once, and again before the token ends', async () => {
    const { admin, seen, pass } = world();
    await admin.user('acme', 'alice');
    pass(49_999);
    await admin.user('acme', 'alice');
    expect(seen.filter((line) => line.startsWith('token'))).toEqual(['token 1']);
    pass(1);
    await admin.user('acme', 'alice');
    expect(seen.at(-1)).toContain('Bearer 2');
  });

  it('signs in again when the token is refused, once', async () => {
    const { admin, seen, revoke } = world();
    await admin.user('acme', 'alice');
    revoke();
    expect(await admin.user('acme', 'alice')).toMatchObject({ id: 'u1' });
    expect(seen.slice(-3).map((line) => line.split(' ')[0])).toEqual(['GET', 'token', 'GET']);
  });

  it('writes the whole of what it changes, as Keycloak replaces it', async () => {
    const { admin, seen } = world();
    await admin.change('acme/users/u1', { enabled: false });
    expect(seen.at(-1)).toBe(
      'PUT acme/users/u1 Bearer 1 {"id":"u1","enabled":false,"email":"a@acme.example"}',
    );
  });

  it.each<[string, (admin: ReturnType<typeof world>['admin']) => Promise<unknown>, RegExp]>([
    ['a user that is not there', (admin) => admin.user('acme', 'nobody'), /no user nobody in acme/],
    ['a refusal', (admin) => admin.request('GET', 'acme/missing'), /GET acme\/missing with 404.*not found/],
  ])('rejects with the status for %s', async (_case, act, message) => {
    const failed = act(world().admin);
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.toMatchObject({ name: 'KeycloakAdminError', status: 404 });
    await expect(failed).rejects.toBeInstanceOf(KeycloakAdminError);
  });
});
