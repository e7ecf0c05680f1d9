/** What a `WWW-Authenticate` challenge of a protected resource says (RFC 6750 §3, RFC 9728 §5.1, RFC 9470 §3). */
export interface BearerChallenge {
  /** `Bearer` unless the token must be sender-constrained (RFC 9449 §7.1). */
  readonly scheme?: 'Bearer' | 'DPoP';
  readonly realm?: string;
  /** URL of the protected resource metadata, see {@link protectedResourceMetadataUrl}. */
  readonly resourceMetadata: string;
  /** All scopes of the operation, not only the missing ones: clients ask for exactly these. */
  readonly scope?: string;
  /** Absent when the request held no credential at all (RFC 6750 §3.1); all members below are then left out. */
  readonly error?: string;
  readonly errorDescription?: string;
  /** Oldest login that is accepted, in seconds (RFC 9470 §3). */
  readonly maxAge?: number;
  /** Accepted `acr` values, separated by spaces, best first (RFC 9470 §3). */
  readonly acrValues?: string;
  /** Base64 of a claims request, as Entra wants it in an `insufficient_claims` challenge. */
  readonly claims?: string;
  /** JWS algorithms for the proof, separated by spaces; for the `DPoP` scheme only (RFC 9449 §7.1). */
  readonly algs?: string;
}

/**
 * The value of one `WWW-Authenticate` header. Every value is a quoted-string (RFC 9110 §5.6.4), so none can
 * end its parameter, start another or break the line.
 *
 * @throws TypeError when a value that comes from configuration holds a control or non-ASCII character.
 *   `errorDescription` never throws: it is made to fit the characters of RFC 6750 §3, since a refusal must
 *   not fail over its own explanation.
 */
export function bearerChallenge(challenge: BearerChallenge): string {
  const { scheme = 'Bearer', error } = challenge;
  const parameters: readonly [name: string, value: string | undefined][] = [
    ['realm', challenge.realm],
    ...(error === undefined ? [] : explanation(error, challenge)),
    ['scope', challenge.scope],
    ['resource_metadata', challenge.resourceMetadata],
    ...(error === undefined ? [] : stepUp(challenge)),
    ['algs', scheme === 'DPoP' ? challenge.algs : undefined],
  ];
  const written = parameters.flatMap(([name, value]) => (value === undefined ? [] : [quoted(name, value)]));
  return `${scheme} ${written.join(', ')}`;
}

type Parameters = readonly [name: string, value: string | undefined][];

function explanation(error: string, { errorDescription }: BearerChallenge): Parameters {
  return [
    ['error', error],
    ['error_description', errorDescription === undefined ? undefined : describable(errorDescription)],
  ];
}

function stepUp({ maxAge, acrValues, claims }: BearerChallenge): Parameters {
  return [
    ['max_age', maxAge === undefined ? undefined : String(maxAge)],
    ['acr_values', acrValues],
    ['claims', claims],
  ];
}

function quoted(name: string, value: string): string {
  if (!/^[\x20-\x7e]*$/.test(value)) {
    throw new TypeError(`${name} of a challenge must be printable ASCII (RFC 6750 §3)`);
  }
  return `${name}="${value.replace(/["\\]/g, '\\$&')}"`;
}

/** RFC 6750 §3: %x20-21 / %x23-5B / %x5D-7E. */
function describable(text: string): string {
  return text.replace(/["\\]/g, "'").replace(/[^\x20-\x7e]+/g, ' ');
}
