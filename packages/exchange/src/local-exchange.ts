import { randomUUID } from 'node:crypto';
import { type IdpProfile, idpProfile, type ProfileName } from '@mcp-obo/idp-profile';
import type { GuardedFetchOptions } from '@mcp-obo/metadata';
import { createValidator, type IssuerConfig, type Validator } from '@mcp-obo/validator';
import { createAnswerValidator } from './answer-validator.ts';
import type { Cache } from './cache.ts';
import { createExchangeEngine } from './engine.ts';
import type { OnExchangeEvent } from './events.ts';
import type { UserInteractions } from './interaction/contract.ts';
import { createInteractions } from './interaction/interactions.ts';
import { fetchFor } from './network.ts';
import type { TokenExchange } from './on-behalf-of.ts';
import type { PolicyRule } from './policy.ts';
import type { Target } from './target.ts';
import type { Fetch } from './upstream/answer-fetch.ts';
import { createUpstream } from './upstream/create-upstream.ts';
import type { UpstreamCredential } from './upstream/upstream.ts';

/** An identity provider, as one MCP server needs it: whose tokens it takes, and how it exchanges them. */
export interface LocalIssuer extends IssuerConfig {
  /** The server's own registration, which performs the exchange. */
  readonly credential: UpstreamCredential;
  /** Found by discovery when absent. */
  readonly tokenEndpoint?: string;
  /** Further `iss` values of its tokens (Entra v1.0). */
  readonly answerIssuers?: readonly string[];
}

export interface LocalExchangeOptions {
  readonly issuers: readonly LocalIssuer[];
  readonly targets: readonly Target[];
  /** Rules for this one server, in all tenants unless they name some. What no rule allows is refused. */
  readonly policy: readonly (Omit<PolicyRule, 'clients' | 'tenants'> &
    Partial<Pick<PolicyRule, 'tenants'>>)[];
  /** Shared with other processes. Default: none, what is obtained stays in the memory of this one. */
  readonly cache?: Cache;
  /** Validates the users' tokens; pass the server's own to share its work. Default: made from `issuers`. */
  readonly validator?: Pick<Validator, 'validate'>;
  /** Redirect URIs of this server at its issuers, for what users must do there. Default: none, they cannot. */
  readonly redirectUris?: readonly string[];
  readonly onEvent?: OnExchangeEvent;
  /** Default: a guarded fetch, open to loopback only when an issuer is there. */
  readonly fetch?: Fetch;
  /** Settings of the default fetch. */
  readonly network?: GuardedFetchOptions;
  /** Milliseconds since the epoch. Default: the system clock. */
  readonly now?: () => number;
  /** A fresh unguessable string. Default: a random UUID. */
  readonly random?: () => string;
}

const client = 'local';

/**
 * Exchanges in this process: for one MCP server, without a broker.
 *
 * @throws TypeError at start when issuers, targets and policy do not fit together.
 */
export function createLocalExchange(options: LocalExchangeOptions): TokenExchange {
  const { now = Date.now, random = randomUUID, onEvent } = options;
  const own = fetchFor(
    options.issuers.map(({ issuer }) => issuer),
    options.network,
  );
  const fetch: Fetch = options.fetch ?? own;
  const tenants = [...new Set(options.issuers.map(({ tenant }) => tenant))];
  const targets = Object.fromEntries(options.targets.map((target) => [target.name, target]));
  const upstreams = options.issuers.map(({ profile, credential, ...issuer }) =>
    createUpstream({ ...issuer, ...parts(profile, credential), fetch, now, random }),
  );
  const validator = options.validator ?? createValidator({ issuers: options.issuers, fetch, now });
  const answers = createAnswerValidator({ upstreams, targets, fetch, now });
  const policy = {
    version: 'local',
    rules: options.policy.map((rule) => ({ tenants, ...rule, clients: [client] })),
  };
  const engine = createExchangeEngine({
    targets,
    upstreams,
    policy,
    ...(options.cache === undefined ? {} : { cache: options.cache }),
    answers,
    now,
    onEvent,
  });

  function interactionsWith(redirectUris: readonly string[]): UserInteractions {
    const interactions = createInteractions({
      issuers: upstreams.map((upstream) => ({
        ...upstream,
        credentials: Object.fromEntries(
          options.issuers
            .filter(({ issuer }) => issuer === upstream.issuer)
            .map(({ credential }) => [client, credential]),
        ),
      })),
      targets,
      policy,
      redirectUris: { [client]: redirectUris },
      evictByTag: engine.evictByTag,
      fetch,
      now,
      random,
    });
    return {
      start: async ({ subjectToken, signal: _signal, ...request }) =>
        interactions.start({ ...request, client, grant: await validate(subjectToken) }),
      login: async ({ subjectToken, signal: _signal, ...request }) =>
        interactions.login({ ...request, client, grant: await validate(subjectToken) }),
      finish: ({ signal: _signal, ...request }) => interactions.finish({ ...request, client }),
    };
  }

  const validate = (token: string) =>
    validator.validate({ scheme: 'Bearer', token, method: 'POST', url: '' });

  return {
    async onBehalfOf({ subjectToken, ...request }) {
      const grant = await validate(subjectToken);
      return engine.exchange({ ...request, client, grant, subjectToken });
    },
    forMachine: (request) => engine.machine({ ...request, client }),
    ...(options.redirectUris !== undefined && { interactions: interactionsWith(options.redirectUris) }),
    async close() {
      answers.close();
      await engine.close();
      await Promise.all([options.cache?.close(), own.close()]);
    },
  };
}

function parts(profile: IdpProfile | ProfileName, credential: UpstreamCredential) {
  return {
    profile: typeof profile === 'string' ? idpProfile(profile) : profile,
    credentials: { [client]: credential },
  };
}
