/** The credentials of an `Authorization: Basic` header, form-decoded (RFC 6749 §2.3.1). */
export function basicCredentials(
  header: string | undefined,
): { readonly clientId: string; readonly secret: string } | undefined {
  if (header === undefined || !/^basic /i.test(header)) return undefined;
  const [clientId = '', secret = ''] = Buffer.from(header.slice(6), 'base64').toString().split(':');
  return { clientId: decodeURIComponent(clientId), secret: decodeURIComponent(secret) };
}
