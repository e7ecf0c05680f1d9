import ipaddr from 'ipaddr.js';
import { isLoopbackHost } from './resource.ts';

/** What a server may reach inside its own network. Everything else must be a public unicast address. */
export interface AddressPolicyOptions {
  /**
   * Exceptions, each a host name (its private and loopback addresses are then allowed) or an address or CIDR
   * (`10.1.0.0/16`). Link-local addresses, where clouds keep their credentials, need an address or CIDR: a
   * name never opens them.
   */
  readonly allowPrivate?: readonly string[];
  /** Opens loopback addresses to loopback hosts (`localhost`, `127.0.0.1`, `[::1]`). For development. */
  readonly allowLoopback?: boolean;
}

/** Decides for an address a host name was resolved to, or the address itself when the URL holds a literal. */
export type AddressPolicy = (hostname: string, address: string) => boolean;

/**
 * Makes the decision of the SSRF guard (OWASP SSRF prevention; MCP security best practices, SSRF).
 *
 * @throws TypeError when an exception is neither a host name nor an address nor a CIDR.
 */
export function createAddressPolicy(options: AddressPolicyOptions = {}): AddressPolicy {
  const networks: Network[] = [];
  const hosts = new Set<string>();
  for (const entry of options.allowPrivate ?? []) {
    const network = parseNetwork(entry);
    if (network !== undefined) networks.push(network);
    else hosts.add(parseHostName(entry));
  }
  return (hostname, address) => {
    if (!ipaddr.isValid(address)) return false;
    const parsed = embedded(ipaddr.process(address));
    if (networks.some((network) => contains(network, parsed))) return true;
    const kind = kindOf(parsed);
    const host = hostname.toLowerCase();
    return (
      kind === 'public' ||
      (kind === 'private' && hosts.has(host)) ||
      (kind === 'loopback' && (hosts.has(host) || (options.allowLoopback === true && isLoopbackHost(host))))
    );
  };
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Network = readonly [Address, number];
type Kind = 'public' | 'private' | 'loopback' | 'never';

const kinds: Readonly<Record<string, Kind>> = {
  unicast: 'public',
  private: 'private',
  uniqueLocal: 'private',
  carrierGradeNat: 'private',
  loopback: 'loopback',
};

/** Public by range, yet the metadata or control endpoint of a cloud's virtual machine (Azure WireServer). */
const controlEndpoints = ['168.63.129.16'];

const globalUnicast: Network = [ipaddr.parse('2000::'), 3];
const nat64: Network = [ipaddr.parse('64:ff9b::'), 96];

function kindOf(address: Address): Kind {
  if (controlEndpoints.includes(address.toString())) return 'never';
  const kind = kinds[address.range()] ?? 'never';
  const outsideOfGlobal = address.kind() === 'ipv6' && !contains(globalUnicast, address);
  return kind === 'public' && outsideOfGlobal ? 'never' : kind;
}

/** A NAT64 address is as good as the IPv4 address in it (RFC 6052 §2.2). */
function embedded(address: Address): Address {
  return contains(nat64, address) ? ipaddr.fromByteArray(address.toByteArray().slice(12)) : address;
}

function contains([network, bits]: Network, address: Address): boolean {
  return network.kind() === address.kind() && address.match([network, bits] as never);
}

function parseNetwork(entry: string): Network | undefined {
  if (ipaddr.isValidCIDR(entry)) return ipaddr.parseCIDR(entry);
  const literal = entry.replace(/^\[(.*)\]$/, '$1');
  const address = ipaddr.isValid(literal) ? ipaddr.process(literal) : undefined;
  return address === undefined ? undefined : [address, address.kind() === 'ipv4' ? 32 : 128];
}

function parseHostName(entry: string): string {
  if (/^(?!-)[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/i.test(entry)) return entry.toLowerCase();
  throw new TypeError(
    `allowPrivate takes host names, addresses and CIDRs, without scheme or port: ${JSON.stringify(entry)}`,
  );
}
