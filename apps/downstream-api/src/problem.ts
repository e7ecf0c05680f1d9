/** Every refusal of this API that is not about the token: its status and a title. */
export const problemTable = {
  invalid_request: { status: 400, title: 'The request cannot be understood' },
  user_required: { status: 403, title: 'Only a user may do this' },
  machine_required: { status: 403, title: 'Only a machine may do this' },
  unknown_person: { status: 403, title: 'Nobody by that key works here' },
  role_required: { status: 403, title: 'Your role does not allow this' },
  own_expense: { status: 403, title: 'Not for your own expense' },
  not_found: { status: 404, title: 'Not found' },
  amount_mismatch: { status: 409, title: 'The amount is not true' },
  already_approved: { status: 409, title: 'Already approved' },
  body_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The body is not JSON' },
  archive_unavailable: { status: 503, title: 'The archive cannot answer' },
  server_error: { status: 500, title: 'This server failed' },
} as const satisfies Record<string, { readonly status: number; readonly title: string }>;

export type ProblemCode = keyof typeof problemTable;

/** A refusal as RFC 9457 has it: `code` is stable, `detail` is a sentence that can be shown to a person. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;

  constructor(code: ProblemCode, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.code = code;
  }
}

/** The body of a problem, for `application/problem+json`. */
export interface ProblemDetails {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
}

export function problemDetails(status: number, title: string, code: string, detail: string): ProblemDetails {
  return { type: 'about:blank', title, status, code, detail };
}
