import { freePort } from '@mcp-obo/testbed/ports';
import { portsFrom, takenPorts } from '../src/addresses.ts';

/** A base port whose followers are free too. */
export async function freeBase(): Promise<number> {
  for (;;) {
    const base = await freePort();
    if (base < 65_000 && (await takenPorts(portsFrom(base))).length === 0) return base;
  }
}
