import { hash } from 'node:crypto';
import type { Policy, Target } from '@mcp-obo/exchange';
import type { BrokerConfig, TargetConfig } from './config.ts';

/** The targets of the configuration as the engine knows them. */
export function engineTargets({ targets }: BrokerConfig): Record<string, Target> {
  return Object.fromEntries(targets.map((target) => [target.name, engineTarget(target)]));
}

function engineTarget(target: TargetConfig): Target {
  const { name, audience, companions, kind, scopes } = target;
  return {
    name,
    audience,
    companions,
    kind,
    scopes,
    machineScopes: target.machine_scopes,
    ignoredScopes: target.ignored_scopes,
    ...(target.answer_audience === undefined ? {} : { answerAudience: target.answer_audience }),
    ...(target.resource === undefined ? {} : { resource: target.resource }),
    ...(target.scope_prefix === undefined ? {} : { scopePrefix: target.scope_prefix }),
    ...(target.max_lifetime === undefined ? {} : { maxLifetime: target.max_lifetime }),
  };
}

/**
 * The policy of the configuration as the engine knows it. Rules and targets are part of the version, so that what
 * was obtained under others is not found, also when somebody forgot to change the number.
 */
export function enginePolicy({ policy, targets }: Pick<BrokerConfig, 'policy' | 'targets'>): Policy {
  const content = hash('sha256', JSON.stringify([policy.rules, targets]), 'base64url');
  return {
    version: `${policy.version} ${content}`,
    rules: policy.rules.map(({ subject_scopes: subjectScopes = [], machine = false, ...rule }) => ({
      ...rule,
      subjectScopes,
      machine,
    })),
  };
}
