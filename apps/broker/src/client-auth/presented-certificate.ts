import { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';

/** The certificate whose key the client has proved to hold in a TLS handshake. */
export interface PresentedCertificate {
  readonly certificate: X509Certificate;
  /** Whether it was signed by one of the configured authorities. */
  readonly trusted: boolean;
}

/** A proxy that ends TLS and says which certificate its client presented. */
export interface ForwardedCertificate {
  /** Name of the header, in lower case. */
  readonly header: string;
  /** DNS name in the certificate of the proxy itself: nobody else's header is read. */
  readonly from: string;
}

export interface CertificateReaderOptions {
  /** PEM of the authorities of client certificates. */
  readonly authorities?: string | undefined;
  readonly forwarded?: ForwardedCertificate | undefined;
}

/** The certificate of a request's client; undefined when none was presented. */
export type CertificateReader = (request: IncomingMessage) => PresentedCertificate | undefined;

/**
 * Reads the client's certificate from our own TLS connection. Where a proxy is configured, and the connection is
 * proved to be the proxy's by mutual TLS, it is the one that the proxy names (RFC 9440, or nginx's
 * `$ssl_client_escaped_cert`); a header over any other connection is not looked at.
 */
export function createCertificateReader({
  authorities,
  forwarded,
}: CertificateReaderOptions): CertificateReader {
  const signers = certificatesOf(authorities);
  return (request) => {
    const { socket, headers } = request;
    if (!(socket instanceof TLSSocket)) return undefined;
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined) return undefined;
    const own = { certificate, trusted: socket.authorized };
    if (forwarded === undefined || !isProxy(own, forwarded)) return own;
    const named = parseForwarded(headers[forwarded.header]);
    return named && { certificate: named, trusted: signers.some((signer) => signed(signer, named)) };
  };
}

/** A proxy is known by a DNS name alone, not by a wildcard and not by its common name. */
function isProxy({ certificate, trusted }: PresentedCertificate, { from }: ForwardedCertificate): boolean {
  return trusted && certificate.checkHost(from, { subject: 'never', wildcards: false }) !== undefined;
}

/** RFC 9440 §2.1: DER in base64 between colons; nginx: PEM, percent-encoded. A repeated header is neither. */
function parseForwarded(value: string | string[] | undefined): X509Certificate | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  const der = /^:([A-Za-z0-9+/]+={0,2}):$/.exec(value)?.[1];
  try {
    return new X509Certificate(der === undefined ? decodeURIComponent(value) : Buffer.from(der, 'base64'));
  } catch {
    return undefined;
  }
}

function signed(signer: X509Certificate, certificate: X509Certificate): boolean {
  return signer.ca && certificate.checkIssued(signer) && certificate.verify(signer.publicKey);
}

function certificatesOf(pem: string | undefined): readonly X509Certificate[] {
  const blocks = pem?.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}
