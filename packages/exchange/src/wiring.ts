import type { EngineOptions } from './contract.ts';
import { policyProblems } from './policy.ts';

/**
 * Refuses options that cannot work together.
 *
 * @throws TypeError with every problem in one message.
 */
export function assertWiring({ targets, upstreams, policy }: EngineOptions): void {
  const issuers = upstreams.flatMap((upstream) => upstream.answerIssuers);
  const tenants = upstreams.map((upstream) => upstream.tenant);
  const problems = [
    ...issuers
      .filter((issuer, index) => issuers.indexOf(issuer) !== index)
      .map((issuer) => `upstreams name the issuer "${issuer}" twice`),
    ...Object.entries(targets)
      .filter(([name, target]) => name !== target.name)
      .map(([name, target]) => `targets.${name} is named "${target.name}"`),
    ...policyProblems(policy, targets, tenants),
  ];
  if (problems.length > 0) throw new TypeError(`The exchange is not set up right: ${problems.join('; ')}.`);
}
