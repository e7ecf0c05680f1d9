/** What Entra remembers of the sign-in behind a token. */
interface Session {
  /** Conditional Access policies that the sign-in met. */
  readonly policies: ReadonlySet<string>;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

/** Sign-ins by the `uti` of the tokens that came out of them, and revocations by user. */
export interface Sessions {
  readonly remember: (uti: string, session: Session) => void;
  /** The session of a token; one that met nothing when the token is not known. */
  readonly of: (uti: unknown) => Session;
  readonly revoke: (oid: string, at: number) => void;
  /** True when the user's sessions were revoked after this one began. */
  readonly isRevoked: (oid: string, session: Session) => boolean;
}

export function createSessions(): Sessions {
  const byToken = new Map<string, Session>();
  const revokedAt = new Map<string, number>();
  const unknown: Session = { policies: new Set(), startedAt: 0 };
  return {
    remember: (uti, session) => void byToken.set(uti, session),
    of: (uti) => (typeof uti === 'string' ? (byToken.get(uti) ?? unknown) : unknown),
    revoke: (oid, at) => void revokedAt.set(oid, at),
    isRevoked: (oid, session) => (revokedAt.get(oid) ?? -1) >= session.startedAt,
  };
}
