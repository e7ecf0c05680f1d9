import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { createAddressPolicy } from './address-policy.ts';

describe('the address policy', () => {
  it.each([
    ['IPv4', '93.184.216.34'],
    ['IPv6', '2606:2800:220:1:248:1893:25c8:1946'],
    ['NAT64 of a public address', '64:ff9b::5db8:d822'],
  ])(verifies('md:ssrf', 'allows a public address: %s'), (_name, address) => {
    expect(createAddressPolicy()('idp.example', address)).toBe(true);
  });

  it.each([
    ['RFC 1918 10/8', '10.0.0.1'],
    ['RFC 1918 172.16/12', '172.31.255.255'],
    ['RFC 1918 192.168/16', '192.168.1.1'],
    ['carrier-grade NAT', '100.100.100.200'],
    ['loopback', '127.0.0.1'],
    ['loopback IPv6', '::1'],
    ['link-local, cloud metadata', '169.254.169.254'],
    ['link-local IPv6', 'fe80::1'],
    ['unique local, cloud metadata', 'fd00:ec2::254'],
    ['Azure WireServer', '168.63.129.16'],
    ['unspecified', '0.0.0.0'],
    ['unspecified IPv6', '::'],
    ['broadcast', '255.255.255.255'],
    ['multicast', '224.0.0.1'],
    ['multicast IPv6', 'ff02::1'],
    ['reserved', '240.0.0.1'],
    ['documentation', '192.0.2.1'],
    ['IPv4-mapped', '::ffff:10.0.0.1'],
    ['IPv4-compatible', '::127.0.0.1'],
    ['NAT64 of a private address', '64:ff9b::a00:1'],
    ['6to4', '2002:a00:1::'],
    ['IPv6 outside of global unicast', '4000::1'],
    ['Teredo', '2001:0:a00:1::'],
    ['no address at all', 'localhost'],
    ['an empty string', ''],
  ])(verifies('md:ssrf', 'refuses %s'), (_name, address) => {
    expect(createAddressPolicy()('idp.example', address)).toBe(false);
  });

  it('opens private and loopback addresses to a host by name, whatever its case, and to no other', () => {
    const policy = createAddressPolicy({ allowPrivate: ['Keycloak.internal'] });
    expect(policy('keycloak.INTERNAL', '10.0.0.1')).toBe(true);
    expect(policy('keycloak.internal', '127.0.0.1')).toBe(true);
    expect(policy('other.internal', '10.0.0.1')).toBe(false);
    expect(policy('x.keycloak.internal', '10.0.0.1')).toBe(false);
  });

  it.each(['169.254.169.254', 'fe80::1', '168.63.129.16', '0.0.0.0'])(
    verifies('md:ssrf', 'never opens %s by a host name'),
    (address) => {
      expect(createAddressPolicy({ allowPrivate: ['a.internal'] })('a.internal', address)).toBe(false);
    },
  );

  it('opens an address or a network to every name', () => {
    const policy = createAddressPolicy({ allowPrivate: ['10.1.0.0/16', '192.168.1.7', '[fd00::7]'] });
    expect(policy('a', '10.1.255.1')).toBe(true);
    expect(policy('a', '10.2.0.1')).toBe(false);
    expect(policy('a', '::ffff:192.168.1.7')).toBe(true);
    expect(policy('a', '192.168.1.8')).toBe(false);
    expect(policy('a', 'fd00::7')).toBe(true);
    expect(policy('a', 'fd00::8')).toBe(false);
  });

  it('opens loopback addresses to loopback hosts alone', () => {
    const policy = createAddressPolicy({ allowLoopback: true });
    expect(policy('localhost', '127.0.0.1')).toBe(true);
    expect(policy('127.0.0.1', '127.0.0.1')).toBe(true);
    expect(policy('::1', '::1')).toBe(true);
    expect(policy('evil.example', '127.0.0.1')).toBe(false);
    expect(policy('localhost', '10.0.0.1')).toBe(false);
  });

  it.each(['http://idp.internal', 'idp.internal:8080', '10.0.0.0/33', '*', ''])(
    'refuses an exception that cannot mean anything: %s',
    (entry) => {
      expect(() => createAddressPolicy({ allowPrivate: [entry] })).toThrow('allowPrivate takes');
    },
  );
});
