import type { LookupAddress, LookupOptions } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { OAuthError } from '@mcp-obo/oauth-error';
import { buildConnector } from 'undici';
import type { AddressPolicy } from './address-policy.ts';

export interface GuardedConnectorOptions {
  readonly isAllowed: AddressPolicy;
  /** Name resolution, as `dns.lookup`. */
  readonly lookup: LookupFunction;
  readonly timeoutMs: number;
  /** Further trust anchors and the client certificate of the TLS connection. */
  readonly tls?: GuardedTls;
}

/** PEM texts for TLS; see `tls.connect`. */
export interface GuardedTls {
  readonly ca?: string | readonly string[];
  readonly cert?: string;
  readonly key?: string;
}

/**
 * A connector for an undici dispatcher that judges the very address it is about to connect to. A name that
 * changes its address between a check and the connection (DNS rebinding) gains nothing, since there is no
 * second resolution.
 */
export function guardedConnector(options: GuardedConnectorOptions): buildConnector.connector {
  const { isAllowed, tls } = options;
  const connect = buildConnector({
    ...(tls?.ca === undefined ? {} : { ca: [tls.ca].flat() }),
    ...(tls?.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls?.key === undefined ? {} : { key: tls.key }),
    lookup: guardedLookup(options),
    timeout: options.timeoutMs,
  });
  return (target, callback) => {
    // No name is resolved for an address literal, so the lookup below never sees it.
    const literal = target.hostname.replace(/^\[(.*)\]$/, '$1');
    if (isIP(literal) !== 0 && !isAllowed(target.hostname, literal)) callback(blocked(target.hostname), null);
    else connect(target, callback);
  };
}

function guardedLookup({ lookup, isAllowed }: GuardedConnectorOptions): LookupFunction {
  return (hostname, options: LookupOptions, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, []);
      const addresses = found as LookupAddress[];
      // One bad address among good ones is how a rebinding name looks: all or nothing.
      const [first] = addresses;
      if (first === undefined || !addresses.every(({ address }) => isAllowed(hostname, address))) {
        return callback(blocked(hostname), []);
      }
      if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

function blocked(hostname: string): OAuthError {
  return new OAuthError('bad_gateway', 'A server behind this one is at an address that is not allowed.', {
    reason: 'blocked_address',
    cause: new Error(`${hostname} is, or resolves to, an address outside of what allowPrivate opens`),
  });
}
