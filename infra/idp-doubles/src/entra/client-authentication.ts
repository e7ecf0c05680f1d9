import { createHash, X509Certificate } from 'node:crypto';
import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  importX509,
  type JWTPayload,
  type JWTVerifyOptions,
  jwtVerify,
} from 'jose';
import { basicCredentials } from '../basic-credentials.ts';
import type { Form } from '../form.ts';
import { AadstsError } from './aadsts.ts';
import type { EntraApp, EntraTenant } from './directory.ts';
import { findApp } from './directory.ts';

/** The calling application, and how it proved itself: `1` by a secret, `2` by a certificate or a federated token. */
export interface AuthenticatedApp {
  readonly app: EntraApp;
  readonly acr: '1' | '2';
}

export interface AuthenticationContext {
  readonly tenant: EntraTenant;
  readonly authorization: string | undefined;
  /** Audiences that a client assertion may name: the token endpoint, or the issuer. */
  readonly audiences: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Authenticates the application by secret (body or Basic), certificate assertion or federated assertion. */
export async function authenticateApp(
  parameters: Form,
  context: AuthenticationContext,
): Promise<AuthenticatedApp> {
  const basic = basicCredentials(context.authorization);
  const app = findApp(context.tenant, parameters.client_id ?? basic?.clientId);
  if (app === undefined) throw new AadstsError(700016);
  const secret = parameters.client_secret ?? basic?.secret;
  if (secret !== undefined) return { app, acr: checkSecret(app, secret, context.now) };
  if (parameters.client_assertion === undefined) throw new AadstsError(7000218);
  return { app, acr: await checkAssertion(app, parameters.client_assertion, context) };
}

function checkSecret(app: EntraApp, value: string, now: number): '1' {
  const secret = app.secrets?.find((each) => each.value === value);
  if (secret === undefined) throw new AadstsError(7000215);
  if (secret.expiresAt !== undefined && secret.expiresAt <= now) throw new AadstsError(7000222);
  return '1';
}

async function checkAssertion(
  app: EntraApp,
  assertion: string,
  context: AuthenticationContext,
): Promise<'2'> {
  const claims = decoded(assertion);
  if (claims.iss !== app.appId) await verifyFederated(app, assertion, claims, context);
  else await verifyCertificate(app, assertion, claims, context);
  return '2';
}

async function verifyFederated(
  app: EntraApp,
  assertion: string,
  claims: JWTPayload,
  context: AuthenticationContext,
): Promise<void> {
  const trusted = app.federatedCredentials?.find(
    (each) =>
      each.issuer === claims.iss &&
      each.subject === claims.sub &&
      [claims.aud].flat().includes(each.audience),
  );
  if (trusted === undefined) throw new AadstsError(700213);
  await verified(jwtVerify(assertion, createLocalJWKSet(trusted.jwks), timeRange(context.now)));
}

async function verifyCertificate(
  app: EntraApp,
  assertion: string,
  claims: JWTPayload,
  context: AuthenticationContext,
): Promise<void> {
  if (claims.sub !== claims.iss) throw new AadstsError(50048);
  const header = decodeProtectedHeader(assertion);
  const pem = app.certificates?.find((each) => matchesThumbprint(each, header));
  if (pem === undefined || (header.alg !== 'PS256' && header.alg !== 'RS256')) throw new AadstsError(700027);
  const key = await importX509(pem, header.alg);
  await verified(jwtVerify(assertion, key, timeRange(context.now)));
  if (![claims.aud].flat().some((aud) => aud !== undefined && context.audiences.includes(aud))) {
    throw new AadstsError(50012);
  }
}

function matchesThumbprint(pem: string, header: Record<string, unknown>): boolean {
  const der = new X509Certificate(pem).raw;
  const digest = (algorithm: string) => createHash(algorithm).update(der).digest('base64url');
  return header['x5t#S256'] === digest('sha256') || header.x5t === digest('sha1');
}

/** Maps what jose refuses to Entra's two codes: expired, or anything else. */
async function verified(verification: Promise<unknown>): Promise<void> {
  try {
    await verification;
  } catch (error) {
    const outOfTime = error instanceof errors.JWTExpired || isNotYetValid(error);
    throw new AadstsError(outOfTime ? 700024 : 700027);
  }
}

function isNotYetValid(error: unknown): boolean {
  return error instanceof errors.JWTClaimValidationFailed && error.claim === 'nbf';
}

/** Five minutes of clock difference are tolerated: MSAL rounds `nbf` up to the next second. */
function timeRange(now: number): JWTVerifyOptions {
  return { currentDate: new Date(now), clockTolerance: 300 };
}

function decoded(assertion: string): JWTPayload {
  try {
    return decodeJwt(assertion);
  } catch {
    throw new AadstsError(700027);
  }
}
