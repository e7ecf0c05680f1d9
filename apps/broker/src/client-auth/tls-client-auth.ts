import type { X509Certificate } from 'node:crypto';
import { refused } from './credential.ts';
import { parseDistinguishedName, subjectOf } from './distinguished-name.ts';
import type { PresentedCertificate } from './presented-certificate.ts';

/** The one name a client's certificate has (RFC 8705 §2.1.2). */
export interface CertificateName {
  readonly subject_dn?: string | undefined;
  readonly san_dns?: string | undefined;
  readonly san_uri?: string | undefined;
  readonly san_ip?: string | undefined;
  readonly san_email?: string | undefined;
}

/** `tls_client_auth` (RFC 8705 §2.1): signed by a trusted authority, and with the registered name. */
export function checkTrustedCertificate(
  presented: PresentedCertificate,
  name: CertificateName,
  now: number,
): void {
  if (!presented.trusted) refused('certificate_untrusted');
  checkValidity(presented.certificate, now);
  if (!hasName(presented.certificate, name)) refused('certificate_name');
}

/** `self_signed_tls_client_auth` (RFC 8705 §2.2): the very certificate that is registered. Nobody has to have signed it. */
export function checkRegisteredCertificate(
  presented: PresentedCertificate,
  registered: readonly Buffer[],
  now: number,
): void {
  checkValidity(presented.certificate, now);
  if (!registered.some((der) => der.equals(presented.certificate.raw))) refused('certificate_unknown');
}

function checkValidity({ validFrom, validTo }: X509Certificate, now: number): void {
  if (!(Date.parse(validFrom) <= now && now <= Date.parse(validTo))) refused('certificate_time');
}

/** `wildcards: false`: a name is the name of one client. */
const exactly = { subject: 'never', wildcards: false } as const;

function hasName(certificate: X509Certificate, name: CertificateName): boolean {
  const { subject_dn, san_dns, san_uri, san_ip, san_email } = name;
  if (subject_dn !== undefined) return sameName(subjectOf(certificate), parseDistinguishedName(subject_dn));
  if (san_dns !== undefined) return certificate.checkHost(san_dns, exactly) !== undefined;
  if (san_email !== undefined) return certificate.checkEmail(san_email, { subject: 'never' }) !== undefined;
  if (san_ip !== undefined) return certificate.checkIP(san_ip) !== undefined;
  return san_uri !== undefined && urisOf(certificate).includes(san_uri);
}

function sameName(one: readonly string[], other: readonly string[] | undefined): boolean {
  return other !== undefined && one.length === other.length && one.every((part, at) => part === other[at]);
}

/** Node writes the list as text and quotes, as JSON does, what could be mistaken for two entries. */
function urisOf({ subjectAltName = '' }: X509Certificate): readonly string[] {
  const entries = subjectAltName.match(/(?:"(?:\\.|[^"\\])*"|[^,"])+/g) ?? [];
  return entries
    .map((entry) => entry.trim())
    .filter((entry) => entry.startsWith('URI:') && !entry.includes('"'))
    .map((entry) => entry.slice('URI:'.length));
}
