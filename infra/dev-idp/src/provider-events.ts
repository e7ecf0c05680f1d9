import type Provider from 'oidc-provider';
import type { Log } from './log.ts';

/** One line for each thing that an operator would look for. No line has a token, code or secret. */
export function logProviderEvents(provider: Provider, log: Log): void {
  const refusal =
    (event: string) => (context: { oidc: { client?: { clientId: string } | undefined } }, error: Error) =>
      log.warn({ event, client: context.oidc.client?.clientId, ...describe(error) }, event);
  provider.on('server_error', (_context, error) =>
    log.error({ event: 'server_error', err: error }, 'server_error'),
  );
  provider.on('authorization.error', refusal('authorization_refused'));
  provider.on('grant.error', refusal('token_refused'));
  provider.on('registration_create.error', refusal('registration_refused'));
  provider.on('revocation.error', refusal('revocation_refused'));
  provider.on('introspection.error', refusal('introspection_refused'));
  provider.on('grant.success', ({ oidc }) =>
    log.info(
      { event: 'token_issued', grant: oidc.params?.grant_type, client: oidc.client?.clientId },
      'token_issued',
    ),
  );
  provider.on('registration_create.success', (_context, client) =>
    log.info({ event: 'client_registered', client: client.clientId }, 'client_registered'),
  );
  provider.on('backchannel.success', (_context, client) =>
    log.info({ event: 'logout_told', client: client.clientId }, 'logout_told'),
  );
  provider.on('backchannel.error', (_context, error, client) =>
    log.warn({ event: 'logout_not_told', client: client.clientId, ...describe(error) }, 'logout_not_told'),
  );
}

function describe(error: Error & { error_description?: string; error_detail?: string }): object {
  return { error: error.message, description: error.error_description, detail: error.error_detail };
}
