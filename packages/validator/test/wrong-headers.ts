/** Headers that nothing an issuer says by itself may have, but for its own `typ`; with the reason of the refusal. */
export const wrongHeaders: readonly (readonly [string, object, Readonly<Record<string, unknown>>, string])[] =
  [
    ['the typ of an access token', {}, { typ: 'at+jwt' }, 'typ'],
    ['the typ of any JWT', {}, { typ: 'JWT' }, 'typ'],
    ['no typ', {}, { typ: undefined }, 'typ'],
    ['no algorithm', {}, { alg: 'none' }, 'alg'],
    ['an algorithm with a shared secret', {}, { alg: 'HS256' }, 'alg'],
    ['a key of its own', {}, { jwk: {} }, 'embedded_key'],
    ['an unknown key', {}, { kid: 'other' }, 'unknown_key'],
  ];
