import { hash } from 'node:crypto';
import type { Form } from '../form.ts';
import { AadstsError } from './aadsts.ts';
import type { AuthenticatedApp } from './client-authentication.ts';
import type { EntraTenant } from './directory.ts';
import { signIdToken } from './id-token.ts';
import { required } from './parameters.ts';
import { type EntraState, lifeFromNow, signAccessToken } from './state.ts';

/** The authorization code grant, as far as somebody needs it who wants to know who signed in. */
export async function authorizationCode(
  state: EntraState,
  tenant: EntraTenant,
  caller: AuthenticatedApp,
  form: Form,
): Promise<Record<string, unknown>> {
  const code = required(form, 'code');
  const issued = state.codes.get(code);
  state.codes.delete(code);
  if (issued === undefined || issued.client !== caller.app.appId) throw new AadstsError(70000);
  if (issued.expiresAt <= state.now()) throw new AadstsError(70008);
  if (issued.redirectUri !== form.redirect_uri) throw new AadstsError(70000);
  if (hash('sha256', required(form, 'code_verifier'), 'base64url') !== issued.codeChallenge)
    throw new AadstsError(501481);
  const { user, nonce, login } = issued;
  const uti = state.uuid();
  state.sessions.remember(uti, { policies: new Set(), startedAt: state.now() });
  const accessToken = await signAccessToken(state, {
    tenant,
    user,
    client: caller,
    resource: caller.app,
    identifier: caller.app.identifierUris?.[0] ?? caller.app.appId,
    scopes: ['openid', 'profile'],
    roles: [],
    capable: false,
    mfa: false,
    implicit: false,
    uti,
    ...lifeFromNow(state),
  });
  return {
    token_type: 'Bearer',
    scope: 'openid profile',
    expires_in: state.lifetime,
    access_token: accessToken,
    id_token: await signIdToken(state, { tenant, app: caller.app, user, nonce, login }),
  };
}
