import { isOAuthError } from '@mcp-obo/oauth-error';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Endpoints, pathOf } from '../endpoints.ts';
import { type DeliveryError, deliveryError } from '../security-events/delivery-error.ts';
import type { SecurityEvents } from '../security-events/security-events.ts';
import { answerError } from './errors.ts';
import { headerLines, refuseOtherMethods } from './form-endpoint.ts';

export interface SecurityEventRouteOptions {
  readonly push: SecurityEvents['push'];
  readonly endpoints: Endpoints;
}

const mediaType = 'application/secevent+jwt';

/** `POST /security-events` (RFC 8935): 202 without a body when all has been done that the token says. */
export async function securityEventRoutes(
  app: FastifyInstance,
  { push, endpoints }: SecurityEventRouteOptions,
): Promise<void> {
  const url = pathOf(endpoints.securityEvents);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(mediaType, { parseAs: 'string' }, (_request, body, done) => done(null, body));
  app.setErrorHandler(answerDelivery);
  app.post(url, async (request, reply) => {
    const body = typeof request.body === 'string' ? request.body : '';
    await push({ authorization: headerLines(request.raw.rawHeaders, 'authorization'), body });
    return reply.code(202).send();
  });
  refuseOtherMethods(app, url);
}

/** What the transmitter did wrong, as RFC 8935 §2.3 spells it; all else, and a fault of ours, as everywhere. */
function answerDelivery(error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): void {
  const told = isOAuthError(error) && error.reason === 'method' ? undefined : toldOf(error);
  if (told === undefined) {
    answerError(error, request, reply);
    return;
  }
  const { reason, cause } = isOAuthError(error) ? error : { reason: 'content_type', cause: error };
  request.log.info({ err: cause, code: told.err, reason }, 'security event refused');
  reply.code(400).header('content-language', 'en').send(told);
}

/** The framework refuses a body that is too large or of another type; to a transmitter it is no token then. */
function toldOf(error: FastifyError | Error): DeliveryError | undefined {
  const status = 'statusCode' in error ? (error.statusCode ?? 500) : 500;
  if (isOAuthError(error) || status >= 500) return deliveryError(error);
  return { err: 'invalid_request', description: `Send one security event token (${mediaType}).` };
}
