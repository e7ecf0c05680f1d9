/** An error answer, for the log: what was said without any free text, and how long the provider asked to wait. */
export class UpstreamFailure extends Error {
  override readonly name = 'UpstreamFailure';
  /** Seconds, when the provider named them. */
  readonly retryAfter: number | undefined;

  constructor(message: string, options: ErrorOptions & { readonly retryAfter: number | undefined }) {
    super(message, options);
    this.retryAfter = options.retryAfter;
  }
}
