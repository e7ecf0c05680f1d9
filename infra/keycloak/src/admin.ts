import { z } from 'zod';

/** The Admin REST API, as an administrator of all realms. */
export interface KeycloakAdmin {
  /** Who this is, for another process that is to be the same administrator. */
  readonly access: AdminAccess;
  /**
   * Sends a request to a path below `/admin/realms` (`acme/users?username=alice`) and gives the parsed answer,
   * undefined when there is none. Rejects with a `KeycloakAdminError` for every status but 2xx.
   */
  readonly request: (method: string, path: string, body?: unknown) => Promise<unknown>;
  readonly createRealm: (representation: object) => Promise<void>;
  /** The user of that name; rejects when there is none. */
  readonly user: (realm: string, username: string) => Promise<KeycloakEntity>;
  /** The client of that client id; rejects when there is none. */
  readonly client: (realm: string, clientId: string) => Promise<KeycloakEntity>;
  /** Changes members of something that Keycloak replaces as a whole (PUT): reads, merges, writes. */
  readonly change: (path: string, members: object) => Promise<void>;
}

/** A representation with the id that Keycloak gave it. */
export interface KeycloakEntity {
  readonly id: string;
  readonly [member: string]: unknown;
}

/** A confidential client of the realm `master` with the role of an administrator. */
export interface AdminAccess {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

export interface AdminOptions extends AdminAccess {
  readonly fetch?: typeof fetch;
  /** Milliseconds; `Date.now` unless told. */
  readonly now?: () => number;
}

/** The Admin REST API refused. */
export class KeycloakAdminError extends Error {
  override readonly name = 'KeycloakAdminError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const tokenAnswer = z.object({ access_token: z.string(), expires_in: z.number() });
const entities = z.array(z.looseObject({ id: z.string() }));
/** A token that ends sooner is not used any more. Milliseconds. */
const margin = 10_000;

/** Signs in with client credentials when first needed, again before the token ends, and once when it is refused. */
export function createKeycloakAdmin(options: AdminOptions): KeycloakAdmin {
  const { url, clientId, clientSecret, now = Date.now } = options;
  const send = options.fetch ?? fetch;
  let token: { readonly value: string; readonly until: number } | undefined;

  const signIn = async () => {
    const response = await send(`${url}/realms/master/protocol/openid-connect/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: clientSecret,
      }),
    });
    if (!response.ok) throw await refusal('POST', 'the token of the administrator', response);
    const { access_token, expires_in } = tokenAnswer.parse(await response.json());
    token = { value: access_token, until: now() + expires_in * 1000 - margin };
    return token;
  };

  const request: KeycloakAdmin['request'] = async (method, path, body) => {
    const attempt = async ({ value }: { readonly value: string }) =>
      send(`${url}/admin/realms${path === '' ? '' : `/${path}`}`, {
        method,
        headers: { authorization: `Bearer ${value}`, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    let response = await attempt(token !== undefined && token.until > now() ? token : await signIn());
    if (response.status === 401) {
      await response.body?.cancel();
      response = await attempt(await signIn());
    }
    if (!response.ok) throw await refusal(method, path, response);
    const text = await response.text();
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  };

  const only = async (path: string, what: string): Promise<KeycloakEntity> => {
    const [found] = entities.parse(await request('GET', path));
    if (found === undefined) throw new KeycloakAdminError(404, `Keycloak has no ${what}.`);
    return found;
  };

  return {
    access: { url, clientId, clientSecret },
    request,
    createRealm: async (representation) => void (await request('POST', '', representation)),
    user: (realm, username) =>
      only(
        `${realm}/users?exact=true&username=${encodeURIComponent(username)}`,
        `user ${username} in ${realm}`,
      ),
    client: (realm, clientId) =>
      only(`${realm}/clients?clientId=${encodeURIComponent(clientId)}`, `client ${clientId} in ${realm}`),
    change: async (path, members) => {
      const whole = z.looseObject({}).parse(await request('GET', path));
      await request('PUT', path, { ...whole, ...members });
    },
  };
}

async function refusal(method: string, path: string, response: Response): Promise<KeycloakAdminError> {
  const text = (await response.text()).slice(0, 400);
  return new KeycloakAdminError(
    response.status,
    `Keycloak answers ${method} ${path} with ${response.status}: ${text}`,
  );
}
