import { actorChain, type Grant, sameUser } from '@mcp-obo/grant';
import { OAuthError } from '@mcp-obo/oauth-error';
import type { Upstream } from './upstream/upstream.ts';

/** The party that will act: who an actor token speaks for, else the authenticated client (RFC 8693 §2.1). */
export interface ActingParty {
  /** Whether an issuer knows the party by this name. */
  readonly is: (issuer: unknown, subject: unknown) => boolean;
  /** The user behind the party, if it is one. */
  readonly user?: Grant['user'];
  /** Prior actors of the actor token. */
  readonly depth: number;
}

/** Who an actor token speaks for. */
export function actorOf({ issuer, subject, user, act }: Grant): ActingParty {
  return { is: (iss, sub) => iss === issuer && sub === subject, user, depth: actorChain(act).length };
}

/** The authenticated client, by each of its own registrations. */
export function clientAsActor(upstreams: readonly Upstream[], client: string): ActingParty {
  return {
    is: (iss, sub) =>
      upstreams.some(
        (upstream) =>
          upstream.answerIssuers.some((one) => one === iss) &&
          upstream.registration(client)?.clientId === sub,
      ),
    depth: 0,
  };
}

/**
 * Checks that the party may act for the subject. `may_act` (RFC 8693 §4.4) is compared by `iss` and `sub`;
 * a `may_act` without `iss` speaks of the subject token's issuer; without `may_act` policy decides alone.
 * Only the outermost actor counts for access (§4.1): the chain is bounded and never consulted.
 *
 * @throws OAuthError `invalid_request`, as RFC 8693 §2.2.2 asks for tokens that policy does not accept.
 */
export function checkActor(subject: Grant, actor: ActingParty, maxDepth: number): void {
  if (actor.is(subject.issuer, subject.subject) || sameUser(actor.user, subject.user))
    throw refused('actor_is_subject');
  if (1 + actor.depth + actorChain(subject.act).length > maxDepth) throw refused('actor_depth');
  if (!Object.hasOwn(subject.claims, 'may_act')) return;
  const mayAct = subject.claims.may_act;
  if (typeof mayAct !== 'object' || mayAct === null || Array.isArray(mayAct)) throw refused('may_act');
  const { iss = subject.issuer, sub } = mayAct as Record<string, unknown>;
  if (!actor.is(iss, sub)) throw refused('may_act');
}

function refused(reason: string): OAuthError {
  return new OAuthError('invalid_request', 'The actor may not act for the subject.', { reason });
}
