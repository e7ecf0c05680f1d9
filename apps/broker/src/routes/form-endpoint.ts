import { OAuthError } from '@mcp-obo/oauth-error';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { CertificateReader } from '../client-auth/presented-certificate.ts';
import { pathOf } from '../endpoints.ts';
import type { FormRequest } from '../token/token-request.ts';
import { preferredWait, within } from './prefer-wait.ts';

/** Name of the server's decorator that reads the certificate of a request's client. */
export const certificateReader = 'certificateOf';

/** Reads forms and nothing else, in this plugin alone. */
export function acceptForms(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => done(null, body),
  );
}

/**
 * An endpoint that takes a form by POST, at the path of its public URL; every other method is told so. An answer
 * that says nothing has no body.
 */
export function serveForm(
  app: FastifyInstance,
  endpoint: string,
  answer: (request: FormRequest) => Promise<Record<string, unknown> | undefined>,
): void {
  const url = pathOf(endpoint);
  const certificateOf = app.hasDecorator(certificateReader)
    ? app.getDecorator<CertificateReader>(certificateReader)
    : undefined;
  app.post(url, async (request, reply) => {
    const work = answer({ ...readRequest(request), certificate: certificateOf?.(request.raw) });
    const body = await within(work, preferredWait(request.headers.prefer));
    return body ?? reply.send();
  });
  refuseOtherMethods(app, url);
}

const otherMethods = ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/** An endpoint that takes POST tells every other method so. */
export function refuseOtherMethods(app: FastifyInstance, url: string): void {
  app.route({ method: [...otherMethods], url, onRequest: refuseMethod, handler: refuseMethod });
}

/** A client must use POST (RFC 6749 §3.2); the answer says so (RFC 9110 §15.5.6), before a body is read. */
async function refuseMethod(_request: FastifyRequest, reply: FastifyReply): Promise<never> {
  reply.header('allow', 'POST');
  throw new OAuthError('invalid_request', 'This endpoint takes POST.', { status: 405, reason: 'method' });
}

function readRequest(request: FastifyRequest): FormRequest {
  return {
    authorization: headerLines(request.raw.rawHeaders, 'authorization'),
    query: Object.keys(request.query as object),
    body: typeof request.body === 'string' ? request.body : '',
  };
}

/** Every line of a header: Node keeps the first `Authorization` in silence (RFC 9110 §5.3). */
export function headerLines(rawHeaders: readonly string[], name: string): readonly string[] {
  const lines: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const header = rawHeaders[at] ?? '';
    if (header.length === name.length && header.toLowerCase() === name) lines.push(rawHeaders[at + 1] ?? '');
  }
  return lines;
}
