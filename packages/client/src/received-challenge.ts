import { readChallenges } from '@mcp-obo/metadata';

/** What a refusal of the MCP server asks the client to do. */
export interface Challenge {
  readonly kind: ChallengeKind;
  /** Scopes of the operation, if the server names them. */
  readonly scope?: string;
  readonly resourceMetadata?: string;
  /** RFC 9470 §3. */
  readonly maxAge?: string;
  readonly acrValues?: string;
  /** Base64 of a claims request. */
  readonly claims?: string;
}

/** `unauthorized` is a 401 that asks for a (new) token and nothing more. */
export type ChallengeKind =
  | 'unauthorized'
  | 'insufficient_scope'
  | 'insufficient_user_authentication'
  | 'insufficient_claims';

/**
 * Reads the challenge of a response; `undefined` when it is none that another token could answer. A 401
 * without a readable header is `unauthorized`: the metadata is then looked up (MCP Authorization).
 */
export function readChallenge(response: Response): Challenge | undefined {
  if (response.status !== 401 && response.status !== 403) return undefined;
  const bearer = readChallenges(response.headers.get('www-authenticate')).find(
    ({ scheme }) => scheme === 'bearer',
  );
  const kind = kindOf(response.status, bearer?.parameters.get('error'));
  if (kind === undefined) return undefined;
  const members = Object.entries(parameterNames).flatMap(([member, name]) => {
    const value = bearer?.parameters.get(name);
    return value === undefined ? [] : [[member, value] as const];
  });
  return { kind, ...Object.fromEntries(members) };
}

const parameterNames = {
  scope: 'scope',
  resourceMetadata: 'resource_metadata',
  maxAge: 'max_age',
  acrValues: 'acr_values',
  claims: 'claims',
} as const;

function kindOf(status: number, error: string | undefined): ChallengeKind | undefined {
  if (status === 403) return error === 'insufficient_scope' ? error : undefined;
  return error === 'insufficient_user_authentication' || error === 'insufficient_claims'
    ? error
    : 'unauthorized';
}
