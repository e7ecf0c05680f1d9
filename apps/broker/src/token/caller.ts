import type { ClientConfig } from '../config.ts';

/** Who sent a token request, after authentication. */
export interface Caller {
  readonly client: ClientConfig;
  /** The tenant in the path (`/{tenant}/oauth2/v2.0/token`), where the request names one. */
  readonly tenant: string | undefined;
}
