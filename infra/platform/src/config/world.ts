import type { Ports, Urls } from '../addresses.ts';
import type { IdpTraits } from '../idp/identity-provider.ts';
import type { Secrets } from '../secrets.ts';

/** All that the configuration of one run is made from. */
export interface World {
  readonly ports: Ports;
  readonly urls: Urls;
  readonly secrets: Secrets;
  /** Profile of the issuers. */
  readonly profile: IdpTraits['profile'];
  /** Redis of the broker; absent: memory. */
  readonly redis?: string;
  readonly logLevel: string;
  /** Paths of secret files, as they were written. */
  readonly files: {
    readonly registration: Readonly<Record<string, string>>;
    readonly brokerClientKey: string;
    readonly brokerClientJwks: string;
    readonly sealKeys: string;
    readonly people: string;
    readonly audit: (part: string) => string;
    readonly outbox: string;
  };
}
