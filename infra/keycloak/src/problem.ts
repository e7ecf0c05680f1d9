/** Keycloak cannot be used here; the message is one sentence and what to do, then what was last said. */
export class KeycloakProblem extends Error {
  override readonly name = 'KeycloakProblem';

  constructor(sentence: string, told: readonly string[] = [], options?: ErrorOptions) {
    super([sentence, ...told.map((line) => `  ${line}`)].join('\n'), options);
  }
}
