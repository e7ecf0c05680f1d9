import type { X509Certificate } from 'node:crypto';

/**
 * The relative names of a distinguished name in text (RFC 4514), from the last one to the first as there:
 * `CN=mcp-server,O=Acme,C=DE`. Escapes by backslash are taken off; undefined for what is no such text.
 */
export function parseDistinguishedName(text: string): readonly string[] | undefined {
  const parts = text.match(/(?:\\.|[^,\\])+/g);
  if (parts === null || parts.join(',') !== text) return undefined;
  const names = parts.map((part) => part.trim().replace(/\\(.)/g, '$1'));
  return names.every((name) => /^[A-Za-z][\w.]*=./.test(name)) ? names : undefined;
}

/** The same of a certificate's subject, which Node gives a line each and in the order of the certificate. */
export function subjectOf({ subject }: Pick<X509Certificate, 'subject'>): readonly string[] {
  return subject
    .split('\n')
    .filter((line) => line !== '')
    .reverse();
}
