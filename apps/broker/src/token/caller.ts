import type { ClientConfig } from '../config.ts';
import type { Repeat } from './repeats.ts';

/** Who sent a token request, after authentication. */
export interface Caller {
  readonly client: ClientConfig;
  /** The tenant in the path (`/{tenant}/oauth2/v2.0/token`), where the request names one. */
  readonly tenant: string | undefined;
  /** Takes how the request is answered again; absent where it cannot be known again. */
  readonly repeatable?: (repeat: Repeat) => void;
}
