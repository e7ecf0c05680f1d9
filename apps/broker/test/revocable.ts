import { asMcpServer, basic, createFixture, type Form, notOfIssuer } from './fixture.ts';
import { brokerSettings } from './settings.ts';

export const asOperator = { authorization: basic('operator', 'secret of operator') };

/** A broker that has an operator among its clients. */
export async function createRevocable(config: Readonly<Record<string, unknown>> = {}) {
  const settings = await brokerSettings('https://idp.example/acme', 'https://idp.example/globex');
  const operator = {
    id: 'operator',
    operator: true,
    auth: { method: 'client_secret', secret: { value: 'secret of operator' } },
  };
  const fixture = await createFixture({
    config: { clients: [...(settings.clients as object[]), operator], ...config },
  });
  const { post, exchange, audit } = fixture;
  return {
    ...fixture,
    revoke: (form: Form, headers: Readonly<Record<string, string>> = asMcpServer) =>
      post(form, { url: '/revoke', headers }),
    revokeAll: (form: Form, headers: Readonly<Record<string, string>> = asOperator) =>
      post(form, { url: '/revoke/all', headers }),
    /** The token for the API, or the refusal. */
    exchanged: async (subject_token: string, headers: Readonly<Record<string, string>> = asMcpServer) => {
      const body = (await exchange({ subject_token }, { headers })).json();
      return (body.access_token ?? `${body.error} ${body.suberror}`) as string;
    },
    lastRecord: () => JSON.parse(audit.findLast(notOfIssuer) ?? '{}'),
  };
}
