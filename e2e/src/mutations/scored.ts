/** Packages that Stryker scores, by name, and their files that decide something. */
export const scored: Readonly<Record<string, readonly string[]>> = {
  scopes: ['src/{access,decider,dialect,lattice,login,prepare,role-policy,step-up-challenge,visibility}.ts'],
  validator: [
    'src/{access-token,actor,bearer,claims,compact-jws,confirmation,grant-cache,jose-header,key-set,signature,validator,verification-key}.ts',
  ],
  exchange: [
    'src/{actors,answer,cache-key,lifetime,plan-exchange,plan-machine,policy,single-flight,target-at-issuer}.ts',
    'src/seal/seal.ts',
  ],
};
