import type { Credential, Grant } from '@mcp-obo/grant';
import type { NextFunction, Request, Response } from 'express';
import { type AuthenticatorOptions, createAuthenticator } from './authenticator.ts';

declare global {
  namespace Express {
    interface Request {
      /** What the access token grants; set on routes behind `expressAuthenticate`. */
      grant?: Grant;
      /** The credential of the request, for the exchange and nothing else. */
      credential?: Credential;
    }
  }
}

/**
 * A middleware that lets a request through with `request.grant` and `request.credential`, or answers it as
 * RFC 6750 §3 says. Place it before any body parser.
 */
export function expressAuthenticate(
  options: AuthenticatorOptions,
): (request: Request, response: Response, next: NextFunction) => Promise<void> {
  const authenticate = createAuthenticator(options);
  return async (request, response, next) => {
    const { method, rawHeaders, originalUrl: url } = request;
    const outcome = await authenticate({ method, rawHeaders, url });
    if (outcome.kind === 'accepted') {
      request.grant = outcome.grant;
      request.credential = outcome.credential;
      next();
      return;
    }
    const { status, headers, body } = outcome.refusal;
    response.status(status).set(headers).json(body);
  };
}
