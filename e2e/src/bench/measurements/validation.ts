import { createTestIssuer } from '@mcp-obo/testbed/issuer';
import type { JSONWebKeySet } from 'jose';
import { startLoop } from '../contender-process.ts';
import type { Measurement, Stage } from '../measurement.ts';

/** What a contender of these measurements is started with. */
export interface ValidationData {
  readonly issuer: string;
  readonly audience: string;
  readonly jwks: JSONWebKeySet;
  readonly tokens: readonly string[];
  /** `sub` of all tokens. */
  readonly subject: string;
  readonly cache: boolean;
}

/** Nothing is remembered: every call checks a signature. */
export const validationCold: Measurement = {
  id: 'validate-cold',
  title: 'Validate an access token (RS256), nothing remembered',
  contenders: [
    { id: 'jose', label: 'jose `jwtVerify`, local key set' },
    { id: 'fast-jwt', label: 'fast-jwt, one fixed key, no cache' },
    { id: 'ours', label: '@mcp-obo/validator, cache off' },
  ],
  baseline: 'jose',
  setUp: async (stage) => {
    const data = await validationData({ tokens: 2000, cache: false });
    return {
      jose: () => startLoop(stage, 'validate-jose.ts', data),
      'fast-jwt': () => startLoop(stage, 'validate-fast-jwt.ts', data),
      ours: () => startLoop(stage, 'validate-ours.ts', data),
    };
  },
};

/** Every token was verified before. */
export const validationWarm: Measurement = {
  id: 'validate-warm',
  title: 'Validate an access token that was seen before (500 tokens in turn)',
  contenders: [
    { id: 'fast-jwt', label: 'fast-jwt, `cache: true`' },
    { id: 'ours', label: '@mcp-obo/validator, cache as by default' },
  ],
  baseline: 'fast-jwt',
  setUp: async (stage: Stage) => {
    const data = await validationData({ tokens: 500, cache: true });
    return {
      'fast-jwt': () => startLoop(stage, 'validate-fast-jwt.ts', data),
      ours: () => startLoop(stage, 'validate-ours.ts', data),
    };
  },
};

async function validationData(options: { tokens: number; cache: boolean }): Promise<ValidationData> {
  const issuer = createTestIssuer({ issuer: 'https://idp.example/acme' });
  const audience = 'https://mcp.example/mcp';
  const subject = 'user-1';
  return {
    issuer: issuer.issuer,
    audience,
    jwks: issuer.jwks() as JSONWebKeySet,
    tokens: await Promise.all(
      Array.from({ length: options.tokens }, () =>
        issuer.mint({ aud: audience, sub: subject, exp: inAnHour() }),
      ),
    ),
    subject,
    cache: options.cache,
  };
}

function inAnHour(): number {
  return Math.floor(Date.now() / 1000) + 3600;
}
