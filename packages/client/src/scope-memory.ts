import type { Challenge } from './received-challenge.ts';
import { splitScope, type TokenRecord } from './token-record.ts';

/** What a session remembers of scopes, beyond the life of a token. */
export interface ScopeMemory {
  /** Scopes granted so far, those of the record included; they are asked for again at each login. */
  held(record: TokenRecord | undefined): readonly string[];
  /** Takes note of what a login brought: a scope the user gave up is not asked for again by itself. */
  granted(record: TokenRecord): void;
  /** A login for these scopes did not satisfy the server. */
  exhausted(challenge: Challenge): void;
  /** True when a login for this challenge has been tried in vain: asking the user again would be a loop. */
  isExhausted(challenge: Challenge): boolean;
  forgetExhausted(): void;
  forget(): void;
}

/** An empty memory. */
export function createScopeMemory(): ScopeMemory {
  let held: readonly string[] = [];
  const vain = new Set<string>();
  return {
    held(record) {
      held = [...new Set([...held, ...(record?.scopes ?? [])])];
      return held;
    },
    granted({ scopes }) {
      held = scopes;
    },
    exhausted({ kind, scope }) {
      if (kind === 'insufficient_scope') vain.add(normal(scope));
    },
    isExhausted: ({ kind, scope }) => kind === 'insufficient_scope' && vain.has(normal(scope)),
    forgetExhausted: () => vain.clear(),
    forget() {
      held = [];
      vain.clear();
    },
  };
}

function normal(scope: string | undefined): string {
  return [...new Set(splitScope(scope))].sort().join(' ');
}
