import { generic, type IdpProfile } from '@mcp-obo/idp-profile';
import { createValidator } from '@mcp-obo/validator';
import {
  createAnswerValidator,
  createExchangeEngine,
  createIdJag,
  type EngineOptions,
} from '../src/index.ts';
import { createFakeIdp, type TokenAnswer } from './fake-idp.ts';
import { acme, noon, resource } from './setup.ts';

export const idJagType = 'urn:ietf:params:oauth:token-type:id-jag';
export const wikiIssuer = 'https://login.wiki.example';
export const target = {
  name: 'wiki',
  audience: 'https://api.wiki.example',
  kind: 'jwt',
  scopes: ['wiki.read', 'wiki.write'],
  machineScopes: ['wiki.index'],
} as const;

/** What the identity provider and the other side do, where it is not what they should. */
export interface Script {
  /** Claims of the assertion. */
  readonly assertion?: Readonly<Record<string, unknown>>;
  readonly assertionHeader?: Readonly<Record<string, unknown>>;
  /** The answer to the first request. */
  readonly first?: (assertion: string) => TokenAnswer;
  /** Claims of the token of the other side. */
  readonly token?: Readonly<Record<string, unknown>>;
  /** The answer to the second request. */
  readonly second?: () => TokenAnswer;
  readonly kind?: 'jwt' | 'opaque';
  readonly profile?: IdpProfile;
}

/** An engine between the identity provider of acme and the authorization server of a wiki in another domain. */
export function createWiki(script: Script = {}) {
  const time = { now: noon };
  const now = () => time.now * 1000;
  const idp = createFakeIdp({ issuer: acme, now });
  const wiki = createFakeIdp({ issuer: wikiIssuer, now });
  const assertions: string[] = [];
  idp.answerWith(async ({ form }) => {
    const assertion = await idp.issuer.mint(
      {
        sub: 'user-alice',
        aud: form.get('audience'),
        client_id: 'mcp-at-wiki',
        resource: form.get('resource'),
        scope: form.get('scope'),
        ...script.assertion,
      },
      { header: { typ: 'oauth-id-jag+jwt', ...script.assertionHeader } },
    );
    assertions.push(assertion);
    const answer = {
      access_token: assertion,
      issued_token_type: idJagType,
      token_type: 'N_A',
      expires_in: 300,
    };
    return script.first?.(assertion) ?? answer;
  });
  wiki.answerWith(async ({ form }) => {
    if (script.second !== undefined) return script.second();
    const machine = form.get('grant_type') === 'client_credentials';
    const access_token = await wiki.issuer.mint({
      sub: machine ? 'mcp-at-wiki' : 'wiki-user-7',
      client_id: 'mcp-at-wiki',
      aud: target.audience,
      scope: form.get('scope'),
      ...script.token,
    });
    return { access_token, token_type: 'Bearer', expires_in: 300 };
  });
  const fetch = (url: string | URL, init?: RequestInit) =>
    (String(url).startsWith(wikiIssuer) ? wiki : idp).fetch(url, init);
  const credential = (clientId: string, clientSecret: string) => ({
    'mcp-server': { kind: 'client_secret_post', clientId, clientSecret } as const,
  });
  let randoms = 0;
  const upstreams = [
    createIdJag({
      tenant: 'acme',
      targets: ['wiki'],
      identityProvider: {
        issuer: acme,
        profile: script.profile ?? generic,
        tokenEndpoint: idp.tokenEndpoint,
        jwksUri: `${acme}/jwks`,
        credentials: credential(resource, 'secret at the identity provider'),
      },
      authorizationServer: {
        issuer: wikiIssuer,
        profile: generic,
        tokenEndpoint: wiki.tokenEndpoint,
        jwksUri: `${wikiIssuer}/jwks`,
        credentials: credential('mcp-at-wiki', 'secret at the wiki'),
        guard: { retries: 0 },
      },
      fetch,
      now,
      random: () => `random-${++randoms}`,
    }),
  ];
  const targets = { wiki: { ...target, kind: script.kind ?? target.kind } };
  const rule = { clients: ['mcp-server', 'stranger'], target: 'wiki', tenants: ['acme'] };
  const policy: EngineOptions['policy'] = {
    version: '1',
    rules: [
      { ...rule, scopes: ['wiki.read'] },
      { ...rule, machine: true, scopes: ['wiki.index'] },
    ],
  };
  const engine = createExchangeEngine({
    targets,
    upstreams,
    policy,
    answers: createAnswerValidator({ upstreams, targets, fetch, now }),
    now,
  });
  const subjects = createValidator({
    issuers: [
      { issuer: acme, tenant: 'acme', profile: generic, audiences: [resource], jwksUri: `${acme}/jwks` },
    ],
    fetch,
    now,
  });
  const login = async () => {
    const subjectToken = await idp.issuer.mint({ sub: 'user-alice', aud: resource, exp: noon + 900 });
    const credential = { scheme: 'Bearer', token: subjectToken, method: 'POST', url: resource } as const;
    return { grant: await subjects.validate(credential), subjectToken };
  };
  const ask = async (over: object = {}) =>
    engine.exchange({
      client: 'mcp-server',
      target: 'wiki',
      scopes: ['wiki.read'],
      ...(await login()),
      ...over,
    });
  return { idp, wiki, assertions, engine, login, ask };
}
