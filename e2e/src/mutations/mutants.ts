import type { Mutant } from './mutant.ts';
import { acrossProcesses } from './mutants/across-processes.ts';
import { askingOnce } from './mutants/asking-once.ts';
import { clientAuthentication } from './mutants/client-authentication.ts';
import { consent } from './mutants/consent.ts';
import { failingRedis } from './mutants/failing-redis.ts';
import { identityAssertion } from './mutants/identity-assertion.ts';
import { introspection } from './mutants/introspection.ts';
import { minting } from './mutants/minting.ts';
import { resourceRegistry } from './mutants/resource-registry.ts';
import { resourceServer } from './mutants/resource-server.ts';
import { revocation } from './mutants/revocation.ts';
import { scopes } from './mutants/scopes.ts';
import { securityEvents } from './mutants/security-events.ts';
import { tokenBroker } from './mutants/token-broker.ts';

/** Every mutant, by the group of the requirement it breaks. */
export const mutants: readonly Mutant[] = [
  ...resourceServer,
  ...introspection,
  ...scopes,
  ...tokenBroker,
  ...askingOnce,
  ...failingRedis,
  ...clientAuthentication,
  ...minting,
  ...identityAssertion,
  ...resourceRegistry,
  ...consent,
  ...revocation,
  ...securityEvents,
  ...acrossProcesses,
];
