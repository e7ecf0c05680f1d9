/** The text itself when it is a claims challenge: a JSON object (OIDC Core §5.5) of a size that fits a header. */
export function readClaimsChallenge(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > 4096) return undefined;
  try {
    const parsed: unknown = JSON.parse(value);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? value : undefined;
  } catch {
    return undefined;
  }
}
