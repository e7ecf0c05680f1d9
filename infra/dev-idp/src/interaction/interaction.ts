import type { IncomingMessage, ServerResponse } from 'node:http';
import { errors, type default as Provider } from 'oidc-provider';
import type { Accounts } from '../accounts.ts';
import type { Consents } from '../consents.ts';
import type { Log } from '../log.ts';
import { consentPage } from '../pages/consent-page.ts';
import { html } from '../pages/html.ts';
import { loginPage } from '../pages/login-page.ts';
import { page, pageHeaders } from '../pages/page.ts';
import type { Resources } from '../resources.ts';
import { asksFreshLogin, freshLogin, passwordLogin } from '../step-up.ts';
import { askedScopes, grantAsked } from './asked.ts';
import { readForm } from './form-body.ts';

/** What the pages of one tenant need. */
export interface InteractionDeps {
  readonly tenant: string;
  readonly provider: () => Provider;
  readonly accounts: Accounts;
  readonly consents: Consents;
  readonly resources: Resources;
  readonly log: Log;
}

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly provider: Provider;
  readonly interaction: Interaction;
  readonly clientName: string;
}

const denied = { error: 'access_denied', error_description: 'the user said no' };

/** Serves `/interaction/{uid}`: the page the prompt asks for, and what the user answers. */
export function createInteractions(deps: InteractionDeps) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const provider = deps.provider();
    try {
      const interaction = await provider.interactionDetails(request, response);
      const client = await provider.Client.find(String(interaction.params.client_id));
      const clientName = client?.clientName ?? client?.clientId ?? 'an unknown client';
      const step = { request, response, provider, interaction, clientName };
      const handle = interaction.prompt.name === 'login' ? login : consent;
      await handle(deps, step);
    } catch (error) {
      if (!(error instanceof errors.SessionNotFound)) throw error;
      send(response, 400, sessionEnded(deps.tenant));
    }
  };
}

async function login(deps: InteractionDeps, step: Exchange): Promise<void> {
  const { request, response, provider, interaction, clientName } = step;
  const show = (status: number, extra: { username?: string; error?: string } = {}) =>
    send(
      response,
      status,
      loginPage({ tenant: deps.tenant, clientName, action: actionOf(provider, interaction), ...extra }),
    );
  if (request.method !== 'POST') {
    const hint = interaction.params.login_hint;
    return show(200, typeof hint === 'string' ? { username: hint } : {});
  }
  const form = await readForm(request);
  if (form?.get('decision') === 'cancel') return provider.interactionFinished(request, response, denied);
  const username = form?.get('username') ?? '';
  const user = deps.accounts.authenticate(username, form?.get('password') ?? '');
  if (user === undefined) {
    deps.log.warn({ event: 'login_failed', client: interaction.params.client_id }, 'login failed');
    return show(401, { username, error: 'User name or password is wrong.' });
  }
  deps.log.info({ event: 'login', user: user.sub, client: interaction.params.client_id }, 'logged in');
  const acr = asksFreshLogin(interaction.params.acr_values) ? freshLogin : passwordLogin;
  await provider.interactionFinished(request, response, {
    login: { accountId: user.sub, acr, amr: ['pwd'] },
  });
}

async function consent(deps: InteractionDeps, step: Exchange): Promise<void> {
  const { request, response, provider, interaction, clientName } = step;
  const sub = interaction.session?.accountId ?? '';
  const user = deps.accounts.find(sub);
  const client = String(interaction.params.client_id);
  if (request.method !== 'POST') {
    const content = {
      tenant: deps.tenant,
      clientName,
      clientId: client,
      userName: user?.name ?? sub,
      redirectHost: redirectHost(String(interaction.params.redirect_uri)),
      action: actionOf(provider, interaction),
      asked: askedScopes(interaction, deps.resources),
    };
    return send(response, 200, consentPage(content));
  }
  const form = await readForm(request);
  const accepted = form?.get('decision') === 'accept';
  deps.log.info(
    { event: 'consent', accepted, user: sub, client },
    accepted ? 'consent given' : 'consent denied',
  );
  if (!accepted) return provider.interactionFinished(request, response, denied);
  const grantId = await grantAsked({ provider, interaction, sub, client, consents: deps.consents });
  await provider.interactionFinished(request, response, { consent: { grantId } });
}

function actionOf(provider: Provider, interaction: Interaction): string {
  return `${new URL(provider.issuer).pathname}/interaction/${interaction.uid}`;
}

function redirectHost(redirectUri: string): string {
  const { protocol, host } = new URL(redirectUri);
  return host === '' ? protocol : host;
}

function sessionEnded(tenant: string): string {
  const body = html`<p id="error" role="alert">It was finished, or too much time has passed. Go back to your application and start again.</p>`;
  return page({ title: 'This sign-in has ended', tenant, body });
}

function send(response: ServerResponse, status: number, markup: string): void {
  response.writeHead(status, { ...pageHeaders }).end(markup);
}
