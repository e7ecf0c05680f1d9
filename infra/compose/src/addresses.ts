/** Names and ports of the parts on the network inside; the names are also in their certificates. */
export const inside = {
  'mcp-server': 4000,
  broker: 4001,
  'downstream-api': 4002,
  keycloak: 8443,
  redis: 6379,
  edge: 8443,
} as const;

export type PartName = keyof typeof inside;

/** A part as the others reach it. */
export function addressOf(part: PartName): string {
  return `https://${part}:${inside[part]}`;
}
