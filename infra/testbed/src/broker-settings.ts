/** A target whose tokens the broker mints, as its configuration has it. */
export function mintTarget(
  name: string,
  audience: string,
  scopes: readonly string[],
  machineScopes: readonly string[] = [],
) {
  return { name, audience, upstream: 'mint', scopes, machine_scopes: machineScopes };
}

/** A rule of the broker's policy for one client of the tenant `acme`. */
export function policyRule(client: string, target: string, scopes: readonly string[], more: object = {}) {
  return { clients: [client], target, tenants: ['acme'], scopes, ...more };
}
