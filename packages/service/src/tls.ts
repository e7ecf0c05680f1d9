import { X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContextOptions, type Server } from 'node:tls';
import { ConfigError, secretFrom, secretSetting } from '@mcp-obo/config';
import { z } from 'zod';

/** `listen.tls` of a process that ends TLS itself. */
export const tlsSetting = z.strictObject({
  /** PEM of the private key. */
  key: secretSetting,
  /** PEM of the certificate, with those between it and its authority. */
  cert: secretSetting,
  /** PEM of the authorities whose certificates a client must show; absent: none is asked for. */
  client_ca: secretSetting.optional(),
});

export type TlsSetting = z.output<typeof tlsSetting>;

/** PEM of authorities that alone are trusted, for connections of this process to others. */
export const authoritiesSetting = secretSetting;

/**
 * Reads them.
 *
 * @throws ConfigError when the file cannot be read or holds no certificate.
 */
export function authoritiesFrom(secret: z.output<typeof authoritiesSetting>, setting: string): string {
  const pem = secretFrom(secret, setting);
  try {
    new X509Certificate(pem);
    return pem;
  } catch {
    throw new ConfigError([{ setting, problem: 'must hold certificates as PEM' }]);
  }
}

/** What a server of `node:https` takes. TLS 1.3 and nothing older. */
export interface TlsOptions extends SecureContextOptions {
  readonly requestCert: boolean;
  readonly rejectUnauthorized: boolean;
}

/**
 * Reads the files.
 *
 * @throws ConfigError when one cannot be read, or key and certificate do not belong together.
 */
export function tlsOptions({ key, cert, client_ca }: TlsSetting, setting = 'listen.tls'): TlsOptions {
  const options = {
    key: secretFrom(key, `${setting}.key`),
    cert: secretFrom(cert, `${setting}.cert`),
    ...(client_ca !== undefined && { ca: secretFrom(client_ca, `${setting}.client_ca`) }),
    minVersion: 'TLSv1.3' as const,
  };
  try {
    createSecureContext(options);
  } catch (error) {
    const problem = `key and certificate cannot be used together (${(error as Error).message})`;
    throw new ConfigError([{ setting, problem }]);
  }
  return { ...options, requestCert: client_ca !== undefined, rejectUnauthorized: client_ca !== undefined };
}

export interface FollowOptions {
  /** Told after new files are in use. */
  readonly onReload: () => void;
  /** Told why new files were not taken; the old ones stay in use. */
  readonly onFault: (error: unknown) => void;
  /** Milliseconds between two looks; 5,000 unless told. */
  readonly everyMs?: number;
}

/**
 * Takes new files as they are written, without a restart: connections that are open stay, new ones see the new
 * certificate. Compares what is in the files, so the links of a mounted secret may move as they like.
 *
 * @returns what ends it
 * @throws ConfigError when the files cannot be used now.
 */
export function followCertificates(
  server: Pick<Server, 'setSecureContext'>,
  setting: TlsSetting,
  { onReload, onFault, everyMs = 5_000 }: FollowOptions,
): () => void {
  // What is compared is what is in use: the server may have been made from older files.
  const first = tlsOptions(setting);
  server.setSecureContext(first);
  let last = JSON.stringify(first);
  const look = () => {
    const read = attempt(() => tlsOptions(setting));
    const found = JSON.stringify(read.value ?? String(read.error));
    if (found === last) return;
    last = found;
    if (read.value === undefined) return onFault(read.error);
    server.setSecureContext(read.value);
    onReload();
  };
  const timer = setInterval(look, everyMs).unref();
  return () => clearInterval(timer);
}

function attempt<T>(work: () => T): { value?: T; error?: unknown } {
  try {
    return { value: work() };
  } catch (error) {
    return { error };
  }
}
