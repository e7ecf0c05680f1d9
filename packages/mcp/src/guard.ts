import type { Grant, Login } from '@mcp-obo/grant';
import {
  createGuardedFetch,
  isLoopbackHost,
  type ProtectedResourceMetadata,
  protectedResourceMetadata,
  protectedResourceMetadataUrl,
} from '@mcp-obo/metadata';
import { isOAuthError, OAuthError, oauthErrorTable } from '@mcp-obo/oauth-error';
import { nothingRevoked, refuseOutdated } from '@mcp-obo/revocation';
import {
  createCatalogue,
  createDecider,
  createRolePolicy,
  type Decision,
  type OperationKind,
  type Requirement,
  type ResolvedOperation,
  type Operation as ScopesOperation,
} from '@mcp-obo/scopes';
import { createValidator, readCredential } from '@mcp-obo/validator';
import { type AskingUsers, createAskingUsers, loginByLink } from './asking-users.ts';
import { type Call, type CallContext, callKey, callOf, type McpAuthInfo, type SdkExtra } from './call.ts';
import { createFaultReport } from './fault.ts';
import { completeIssuer, type HttpRequest, type McpGuardOptions } from './guard-options.ts';
import type { Asked } from './input-required.ts';
import type { Wanted } from './interaction/guard-interactions.ts';
import { countOperations, type LimitOutcome } from './limit.ts';
import { type Message, messagesOf, type Operation } from './operation.ts';
import { createRefuser, noToken, type Refusal, type StepUpDecision } from './refusal.ts';
import { createScreening, type Screening } from './screening.ts';
import { createStepUpMemory } from './step-up-memory.ts';

/** Everything between HTTP and the handlers of an MCP server. Make one per process. */
export interface McpGuard {
  readonly resource: string;
  readonly resourceMetadataUrl: string;
  /** The document of RFC 9728, served at both well-known locations. */
  readonly metadata: ProtectedResourceMetadata;
  /** Host and Origin, before anything else. */
  readonly screen: Screening;
  /** Validates the request's credential. Rejects with an `OAuthError`. */
  readonly admit: (request: HttpRequest) => Promise<Call>;
  /** What the SDK is given as `authInfo`; the token itself is withheld. */
  readonly authInfo: (call: Call) => McpAuthInfo;
  /** The refusal a new login could turn, for a parsed body; undefined when the handlers may run. */
  readonly refuseBody: (call: Call, body: unknown) => Promise<Refusal | undefined>;
  /** Counts the operations of a parsed body against the caller's limits. */
  readonly limit: (call: Call, body: unknown) => Promise<LimitOutcome>;
  /** The HTTP answer for an error of `admit`, of a handler (`Call.failure`), or of our own. */
  readonly refusal: (error: unknown, id?: string | number | null) => Refusal;
  /** The one decision, for an operation that is about to run. */
  readonly decide: (grant: Grant, operation: Operation, known?: KnownOfUser) => Decision;
  /** The challenge of a step-up, for clients that are told by a tool error. */
  readonly challenge: (grant: Grant, decision: StepUpDecision) => string;
  /** Names a list may show to this caller: usable now, or after a step-up. */
  readonly listable: (grant: Grant, kind: OperationKind) => ReadonlySet<string>;
  /** The requirement of what is about to be registered. Throws a `RangeError` when there is none. */
  readonly requirementOf: (operation: ScopesOperation) => Requirement;
  /** The resource a URI stands for, by the same reading the decision has. */
  readonly resolveResource: (uri: string) => ResolvedOperation | undefined;
  /**
   * Refuses an operation that must not run while revocations may be missing, unless the issuer has just said that
   * the token is active. Throws `temporarily_unavailable`.
   */
  readonly refuseOutdated: (grant: Grant, operation: Operation) => void;
  /** What a handler is given. */
  readonly context: (call: Call, signal?: AbortSignal) => CallContext;
  /** The same from what the SDK gives a handler as its last argument. */
  readonly contextOf: (extra: SdkExtra) => CallContext;
  /** Where users give what an exchange lacks; absent when nothing of the kind is set up. */
  readonly interactionPages?: NonNullable<AskingUsers['pages']>;
  /** What users are asked before an operation runs, and what they have answered. */
  readonly asking: Pick<AskingUsers, 'settleApproval' | 'resume' | 'askLogin' | 'provenLogin'>;
  /** For what a handler met: how the user is asked, if the user can help. */
  readonly askUser: (call: Call, extra: SdkExtra, error: unknown) => Promise<Asked | undefined>;
  readonly observe: NonNullable<McpGuardOptions['observe']>;
  /** Tells the log of an error that nobody planned, which the caller is told nothing of. */
  readonly reportFault: (error: unknown) => void;
  readonly now: () => number;
  /** Stops background work. Idempotent. */
  readonly close: () => Promise<void>;
}

/** What the user has done for an operation besides the login of the token. */
export interface KnownOfUser {
  readonly approved?: 'call' | 'session';
  readonly login?: Login;
}

/** Wires validation, metadata, decision and exchange. Throws a `TypeError` or `RangeError` that names a wrong option. */
export function createMcpGuard(options: McpGuardOptions): McpGuard {
  const { resource, exchange, revocations = nothingRevoked } = options;
  const issuers = options.issuers.map((issuer) => completeIssuer(issuer, resource));
  const now = options.now ?? Date.now;
  const observe = options.observe ?? (() => undefined);
  const reportFault = createFaultReport(options.log);
  const firstScopes = options.firstScopes ?? ['mcp:tools:execute'];
  const resourceMetadataUrl = protectedResourceMetadataUrl(resource);
  const validator = createValidator({
    issuers,
    revocations,
    now,
    fetch: options.fetch ?? fetchFor(options),
    log: options.log,
    onEvent: options.onValidatorEvent,
  });
  const catalogue = createCatalogue(options.requirements);
  const decider = createDecider({
    catalogue,
    tiers: options.tiers,
    rolePolicy: createRolePolicy(options.roles),
  });
  const refuser = createRefuser({ resourceMetadata: resourceMetadataUrl, issuers, firstScopes });
  const stepUps = createStepUpMemory(now);
  const toolErrorClients = new Set(options.toolErrorClients);
  const subjectTokens = new WeakMap<Grant, string>();
  const wanted = new WeakMap<object, Wanted>();
  const asking = createAskingUsers({
    interactions: options.interactions,
    exchange,
    store: options.store,
    resource,
    serverName: options.resourceName,
    revocations,
    subjectTokenOf: (grant) => subjectTokens.get(grant),
    now,
    observe,
    reportFault,
  });

  function decide(grant: Grant, operation: Operation, known: KnownOfUser = {}): Decision {
    if (operation.kind === 'tool-list') return decider.decideList(grant, 'tool');
    const seconds = Math.floor(now() / 1000);
    return decider.decide(grant, { kind: operation.kind, name: operation.name }, operation.args, [], {
      now: seconds,
      steppedUp: stepUps.answered(grant, subjectOf(operation)),
      ...known,
    });
  }

  /** What was asked for, by the name of its requirement: a resource's URI is not one. */
  function subjectOf({ kind, name }: Operation): string {
    return kind === 'tool-list' ? kind : `${kind} ${catalogue.find({ kind, name })?.name ?? ''}`;
  }

  async function refuseMessage(grant: Grant, message: Message): Promise<Refusal | undefined> {
    const { id, method, operation, elicitsUrl } = message;
    if (elicitsUrl !== undefined) asking.note(grant, elicitsUrl);
    stepUps.used(grant, operation === undefined ? `method ${method}` : subjectOf(operation));
    if (operation === undefined) return undefined;
    const decision = decide(grant, operation);
    if (decision.outcome !== 'step-up' || toolErrorClients.has(grant.client)) return undefined;
    if (loginByLink(decision) !== undefined) {
      const login = await asking.provenLogin(grant);
      if (login !== undefined && decide(grant, operation, { login }).outcome !== 'step-up') return undefined;
    }
    observe({ type: 'authorization', grant, operation, decision, at: 'edge' });
    stepUps.challenged(grant, subjectOf(operation), decision.challenge.error);
    return refuser.fromStepUp(grant, decision, id);
  }

  async function downstreamToken(
    grant: Grant,
    target: string,
    scopes: readonly string[],
    signal?: AbortSignal,
  ) {
    if (exchange === undefined) throw misconfigured('no_exchange');
    if (grant.user === undefined)
      return (await exchange.forMachine({ target, scopes, tenant: grant.tenant, signal })).accessToken;
    const subjectToken = subjectTokens.get(grant);
    if (subjectToken === undefined) throw misconfigured('foreign_grant');
    try {
      return (await exchange.onBehalfOf({ target, scopes, subjectToken, signal })).accessToken;
    } catch (error) {
      if (isOAuthError(error)) wanted.set(error, { target, scopes, subjectToken });
      throw error;
    }
  }

  const context = ({ grant }: Call, signal?: AbortSignal): CallContext => ({
    grant,
    signal,
    downstreamToken: (target, scopes) => downstreamToken(grant, target, scopes, signal),
  });

  return {
    resource,
    screen: createScreening(options),
    resourceMetadataUrl,
    metadata: protectedResourceMetadata({
      resource,
      authorizationServers: loginIssuers(issuers),
      scopesSupported: firstScopes,
      resourceName: options.resourceName,
      resourceDocumentation: options.resourceDocumentation,
    }),
    admit: async (request) => {
      try {
        const credential = readCredential(request, resource);
        if (credential === undefined)
          throw new OAuthError('invalid_token', 'Authentication is needed.', { reason: noToken });
        const grant = await validator.validate(credential);
        if (!validator.isConfirmed(grant)) refuseOutdated(revocations, { readOnly: true });
        subjectTokens.set(grant, credential.token);
        observe({ type: 'authentication', ok: true, reason: 'ok', grant });
        return { grant };
      } catch (error) {
        const { reason, code } = asOAuthError(error);
        observe({ type: 'authentication', ok: false, reason, fault: oauthErrorTable[code].fault });
        throw error;
      }
    },
    authInfo: (call) => ({
      token: '',
      clientId: call.grant.client,
      scopes: [...call.grant.scopes],
      expiresAt: call.grant.expiresAt,
      resource: new URL(resource),
      extra: { [callKey]: call },
    }),
    refuseBody: async ({ grant }, body) => {
      for (const message of messagesOf(body)) {
        const refusal = await refuseMessage(grant, message);
        if (refusal !== undefined) return refusal;
      }
      return undefined;
    },
    limit: async ({ grant }, body) => {
      if (options.limiter === undefined) return { headers: {} };
      const outcome = await countOperations(options.limiter, grant, messagesOf(body));
      if (outcome.exceeded !== undefined) observe({ type: 'limit', grant, operation: outcome.exceeded });
      return outcome;
    },
    refusal: (error, id) => {
      reportFault(error);
      return refuser.fromError(asOAuthError(error), id);
    },
    decide,
    challenge: refuser.challenge,
    listable: (grant, kind) => new Set(decider.listable(grant, kind).map(({ name }) => name)),
    requirementOf: catalogue.requirementOf,
    refuseOutdated: (grant, { kind, name }) => {
      if (validator.isConfirmed(grant)) return;
      const tier = kind === 'tool-list' ? 'read-only' : catalogue.find({ kind, name })?.tier;
      refuseOutdated(revocations, { readOnly: tier === 'read-only' });
    },
    resolveResource: (uri) => catalogue.resolve({ kind: 'resource', name: uri }),
    context,
    contextOf: (extra) => {
      const call = callOf(extra);
      if (call === undefined) throw misconfigured('unguarded');
      return context(call, extra.signal ?? extra.mcpReq?.signal);
    },
    ...(asking.pages !== undefined && { interactionPages: asking.pages }),
    asking,
    askUser: async ({ grant }, extra, error) => {
      const what = typeof error === 'object' && error !== null ? wanted.get(error) : undefined;
      return what === undefined ? undefined : await asking.askConsent(grant, extra, error, what);
    },
    observe,
    reportFault,
    now,
    close: async () => {
      validator.close();
      await exchange?.close();
    },
  };
}

/** Loopback is open only to a configuration that names it. */
function fetchFor({ issuers, allowPrivate, issuerCa }: McpGuardOptions) {
  const hosts = issuers.map(({ issuer, jwksUri }) => new URL(jwksUri ?? issuer).hostname);
  return createGuardedFetch({
    allowLoopbackHttp: hosts.some(isLoopbackHost),
    allowPrivate,
    ...(issuerCa !== undefined && { tls: { ca: issuerCa } }),
  });
}

/** Anything that is not an `OAuthError` is a fault of ours and says so. */
function asOAuthError(error: unknown): OAuthError {
  if (isOAuthError(error)) return error;
  return new OAuthError('server_error', 'The request could not be served.', { cause: error, reason: 'bug' });
}

function misconfigured(reason: string): OAuthError {
  return new OAuthError('server_error', 'The request could not be served.', { reason });
}

/** Where users log in: not at a broker, but at the issuers it speaks for. */
function loginIssuers(issuers: McpGuardOptions['issuers']): readonly string[] {
  return [
    ...new Set(
      issuers.flatMap(({ issuer, vouchesFor = [] }) => (vouchesFor.length === 0 ? [issuer] : vouchesFor)),
    ),
  ];
}
