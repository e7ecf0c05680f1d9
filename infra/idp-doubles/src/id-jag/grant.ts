import type { Form } from '../form.ts';
import { scopeList } from '../form.ts';
import type { RegisteredClient } from '../registered-client.ts';
import type { Signer } from '../signer.ts';
import { accessTokenType, tokenExchangeGrant } from '../token-type.ts';

/** `urn:ietf:params:oauth:token-type:id-jag` (draft-ietf-oauth-identity-assertion-authz-grant §4). */
export const idJagType = 'urn:ietf:params:oauth:token-type:id-jag';

/** A client, and for which authorization servers an administrator lets it have assertions. */
export interface AssertingClient extends RegisteredClient {
  readonly assertions: readonly {
    /** Issuer of the authorization server. */
    readonly audience: string;
    /** The client's id there. */
    readonly clientId: string;
    /** Most that an assertion for it says. */
    readonly scopes: readonly string[];
  }[];
}

/** Everything that the identity provider knows. */
export interface AssertingState {
  readonly clients: readonly AssertingClient[];
  readonly signer: Signer;
  readonly issuer: () => string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly uuid: () => string;
}

/** An answer of the token endpoint. */
export interface TokenEndpointAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The token exchange for an assertion, rule by rule in the order of the draft's §4. */
export async function grantAssertion(
  form: Form,
  client: AssertingClient,
  state: AssertingState,
): Promise<TokenEndpointAnswer> {
  if (form.grant_type !== tokenExchangeGrant) return refuse('unsupported_grant_type');
  if (form.requested_token_type !== idJagType || form.subject_token_type !== accessTokenType)
    return refuse('invalid_request');
  const claims = await state.signer.verify(form.subject_token ?? '').catch(() => undefined);
  const now = Math.floor(state.now() / 1000);
  const isTheirs = [claims?.aud].flat().includes(client.clientId);
  if (claims?.exp === undefined || claims.exp <= now || !isTheirs) return refuse('invalid_request');
  const allowed = client.assertions.find(({ audience }) => audience === form.audience);
  if (allowed === undefined) return refuse('invalid_target');
  const scopes = scopeList(form.scope).filter((scope) => allowed.scopes.includes(scope));
  if (scopes.length === 0) return refuse('invalid_scope');
  const assertion = await state.signer.sign(
    {
      iss: state.issuer(),
      sub: claims.sub,
      aud: allowed.audience,
      client_id: allowed.clientId,
      ...(form.resource === undefined ? {} : { resource: form.resource }),
      scope: scopes.join(' '),
      jti: state.uuid(),
      iat: now,
      exp: now + 300,
    },
    { typ: 'oauth-id-jag+jwt' },
  );
  return {
    status: 200,
    body: {
      issued_token_type: idJagType,
      access_token: assertion,
      token_type: 'N_A',
      scope: scopes.join(' '),
      expires_in: 300,
    },
  };
}

function refuse(error: string): TokenEndpointAnswer {
  return { status: 400, body: { error } };
}
