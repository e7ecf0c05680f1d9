import { decodeJwt } from 'jose';

const shown = ['iss', 'aud', 'sub', 'client_id', 'scope', 'act', 'roles'] as const;

/** The telling claims of a token, for people. The token itself and its signature are left out. */
export function claimsOf(token: string): Record<string, unknown> {
  const claims = decodeJwt(token);
  const picked = shown.flatMap((name) => (claims[name] === undefined ? [] : [[name, claims[name]] as const]));
  const { exp, iat } = claims;
  const lifetime = exp === undefined || iat === undefined ? {} : { lifetime: `${exp - iat} s` };
  return { ...Object.fromEntries(picked), ...lifetime };
}

/** Claims as aligned lines. */
export function claimLines(title: string, claims: Readonly<Record<string, unknown>>): readonly string[] {
  const width = Math.max(...Object.keys(claims).map(({ length }) => length));
  return [
    title,
    ...Object.entries(claims).map(([name, value]) => `  ${name.padEnd(width)}  ${plain(value)}`),
  ];
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
