/** Rows of `negative-cases.tsv` that no test sends yet, each with its reason. Everything else is sent. */
export const deferred: Readonly<Record<string, string>> = {
  D01: 'DPoP proofs are not checked yet; a bound token is refused as plain Bearer (C16).',
  D02: 'DPoP proofs are not checked yet.',
  D04: 'DPoP proofs are not checked yet.',
};
