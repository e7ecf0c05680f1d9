import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { faultName, faultTable } from './faults.ts';
import { answerJson } from './json-answer.ts';
import type { Tenant } from './tenant.ts';

type Route = (tenant: Tenant, query: URLSearchParams) => Promise<{ status: number; body: object }>;

const routes: Readonly<Record<string, Route>> = {
  /** `retire=true` takes the old keys from the JWKS at once, as after a leak. */
  'POST /dev/keys/rotate': async (tenant, query) => ({
    status: 200,
    body: await tenant.rotateKeys({ retire: query.get('retire') === 'true' }),
  }),
  /** `fault` for the next `times` exchanges. */
  'POST /dev/faults': async (tenant, query) => {
    const fault = faultName(query.get('fault'));
    const times = Number(query.get('times') ?? '1');
    if (fault === undefined || !Number.isSafeInteger(times) || times < 1)
      return { status: 400, body: { error: 'invalid_request', faults: Object.keys(faultTable) } };
    tenant.faults.set(fault, times);
    return { status: 200, body: { fault, times } };
  },
  'DELETE /dev/faults': async (tenant) => {
    tenant.faults.clear();
    return { status: 200, body: {} };
  },
};

/** The `/dev/*` routes. Without a token in the configuration there are none. */
export function createAdmin(deps: { tenants: ReadonlyMap<string, Tenant>; token: string | undefined }) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const route = routes[`${request.method} ${pathname}`];
    if (deps.token === undefined || route === undefined)
      return answerJson(response, 404, { error: 'not_found' });
    if (!sameSecret(request.headers.authorization ?? '', `Bearer ${deps.token}`))
      return answerJson(response, 401, { error: 'invalid_token' });
    const tenant = deps.tenants.get(searchParams.get('tenant') ?? '');
    if (tenant === undefined)
      return answerJson(response, 400, { error: 'invalid_request', tenants: [...deps.tenants.keys()] });
    const { status, body } = await route(tenant, searchParams);
    answerJson(response, status, body);
  };
}

function sameSecret(given: string, expected: string): boolean {
  return timingSafeEqual(hash('sha256', given, 'buffer'), hash('sha256', expected, 'buffer'));
}
