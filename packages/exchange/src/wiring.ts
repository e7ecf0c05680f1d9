import type { EngineOptions } from './contract.ts';
import { policyProblems } from './policy.ts';

/**
 * Refuses options that cannot work together.
 *
 * @throws TypeError with every problem in one message.
 */
export function assertWiring({ targets, upstreams, policy }: EngineOptions): void {
  const own = upstreams.filter(({ serves }) => serves === undefined);
  const issuers = own.map((upstream) => upstream.issuer);
  const tenants = upstreams.map((upstream) => upstream.tenant);
  const problems = [
    ...issuers
      .filter((issuer, index) => issuers.indexOf(issuer) !== index)
      .map((issuer) => `upstreams name the issuer "${issuer}" twice`),
    ...foreignAnswerIssuers(own),
    ...servedTwice(upstreams),
    ...servedUnknown(upstreams, targets),
    ...Object.entries(targets)
      .filter(([name, target]) => name !== target.name)
      .map(([name, target]) => `targets.${name} is named "${target.name}"`),
    ...policyProblems(policy, targets, tenants),
  ];
  if (problems.length > 0) throw new TypeError(`The exchange is not set up right: ${problems.join('; ')}.`);
}

/** Upstreams may get tokens of one issuer (Entra v1.0 and v2.0) only where it says of all the same users the same. */
function foreignAnswerIssuers(upstreams: EngineOptions['upstreams']): readonly string[] {
  return upstreams.flatMap((upstream, index) =>
    upstream.answerIssuers
      .filter((issuer) =>
        upstreams
          .slice(0, index)
          .some(
            ({ answerIssuers, tenant, profile }) =>
              answerIssuers.includes(issuer) && (tenant !== upstream.tenant || profile !== upstream.profile),
          ),
      )
      .map((issuer) => `upstreams of different tenants or profiles have answers of "${issuer}"`),
  );
}

/** For one target and the users of one issuer there is one upstream. */
function servedTwice(upstreams: EngineOptions['upstreams']): readonly string[] {
  const served = upstreams.flatMap(({ serves }) =>
    (serves?.targets ?? []).flatMap((target) =>
      (serves?.subjectIssuers ?? []).map((issuer) => JSON.stringify([target, issuer])),
    ),
  );
  return served
    .filter((one, index) => served.indexOf(one) !== index)
    .map((one) => `two upstreams serve the target and issuer ${one}`);
}

function servedUnknown(
  upstreams: EngineOptions['upstreams'],
  targets: EngineOptions['targets'],
): readonly string[] {
  return upstreams
    .flatMap(({ serves }) => serves?.targets ?? [])
    .filter((name) => !Object.hasOwn(targets, name))
    .map((name) => `an upstream serves "${name}", which is not in targets`);
}
