import type { Upstream } from './upstream.ts';

/** The upstreams that may be asked for a target: those that are there for it, else the issuers of the users. */
export function upstreamsFor(upstreams: readonly Upstream[], target: string): readonly Upstream[] {
  const dedicated = upstreams.filter(({ serves }) => serves?.targets.includes(target));
  return dedicated.length > 0 ? dedicated : upstreams.filter(({ serves }) => serves === undefined);
}

/** Whether the upstream takes subject tokens with this `iss`. */
export function takesSubjectsOf({ serves, answerIssuers }: Upstream, issuer: string): boolean {
  return (serves?.subjectIssuers ?? answerIssuers).includes(issuer);
}
