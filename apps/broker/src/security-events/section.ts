import { endpointSetting } from '@mcp-obo/config';
import { credentialChanges } from '@mcp-obo/validator';
import { z } from 'zod';
import { registrationSetting, secretHash } from '../config/credentials.ts';
import { type ConfigFiles, oneOrMore, textSetting } from '../config/secrets.ts';

/** The shared signals of an issuer: who sends them, for whom, and how they get here. */
export function securityEventsSection(files: ConfigFiles) {
  return z
    .strictObject({
      /** Exact `iss` of the security event tokens, where it is not the issuer's. */
      transmitter: z.string().min(1).optional(),
      /** Keys of the transmitter; the issuer's when absent. */
      jwks_uri: endpointSetting.optional(),
      /** `aud` of the streams that are for this broker. */
      audiences: z.array(z.string().min(1)).min(1),
      /** Changes of a credential that end what the user has opened. */
      credential_changes: z.array(z.enum(credentialChanges)).default(['revoke', 'update', 'delete']),
      push: push(files).optional(),
      poll: poll(files).optional(),
    })
    .refine(
      ({ push, poll }) => push !== undefined || poll !== undefined,
      'needs push, poll or both: events do not get here otherwise',
    )
    .refine(({ transmitter, jwks_uri }) => transmitter === undefined || jwks_uri !== undefined, {
      path: ['jwks_uri'],
      message: 'is required with transmitter, which does not sign by the keys of the issuer',
    });
}

export type SecurityEventsConfig = z.output<ReturnType<typeof securityEventsSection>>;

/** The transmitter sends events to `/security-events` (RFC 8935). */
function push(files: ConfigFiles) {
  return z.strictObject({
    /** What it must show as `Authorization: Bearer`, one or several while they are rotated; absent: nothing. */
    token: oneOrMore(secretHash(files)).optional(),
  });
}

/** Events are fetched from the transmitter (RFC 8936). */
function poll(files: ConfigFiles) {
  return z
    .strictObject({
      endpoint: endpointSetting,
      /** What is shown there as `Authorization: Bearer`. */
      token: textSetting(files).optional(),
      /** Or our registration at the issuer, which gets a token for it by client credentials. */
      client: registrationSetting(files).optional(),
      /** Scopes of that token. */
      scopes: z.array(z.string().min(1)).default([]),
      /** Seconds between two polls. */
      interval_seconds: z.number().int().min(1).max(300).default(5),
    })
    .refine(
      ({ token, client }) => (token === undefined) !== (client === undefined),
      'needs either token or client, and not both',
    );
}
