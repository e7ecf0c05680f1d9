/** One bad setting: where it stands and how to mend it. */
export interface ConfigProblem {
  /** Dotted path in the file, with the environment variable's name where there is one. */
  readonly setting: string;
  readonly problem: string;
}

/** All that is wrong with a configuration, in one message. A process that catches it exits with code 2. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map(({ setting, problem }) => `  ${setting}: ${problem}`);
    super(`The configuration cannot be used:\n${lines.join('\n')}`);
    this.problems = problems;
  }
}
