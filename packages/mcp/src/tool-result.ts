/** The result of a tool call, as both SDK lines define it. */
export interface ToolResult {
  readonly content: { readonly type: 'text'; readonly text: string }[];
  readonly structuredContent?: Record<string, unknown>;
  readonly isError?: boolean;
  readonly _meta?: Record<string, unknown>;
  readonly [member: string]: unknown;
}

/** A failure a tool explains to the agent in a sentence of its own. Holds nothing secret. */
export class ToolFailure extends Error {
  override readonly name = 'ToolFailure';
  readonly reason: string;
  /** What the agent is told as data, beside the sentence. */
  readonly note: Readonly<Record<string, unknown>>;

  constructor(
    message: string,
    options: {
      readonly reason: string;
      readonly note?: Readonly<Record<string, unknown>>;
      readonly cause?: unknown;
    },
  ) {
    super(message, { cause: options.cause });
    this.reason = options.reason;
    this.note = options.note ?? { mend: 'nothing' };
  }
}

/** A tool error: the sentence for the agent, and the same as data under `_meta`. */
export function toolError(text: string, note: Record<string, unknown>): ToolResult {
  const instead =
    Array.isArray(note.instead) && note.instead.length > 0 ? ` You can use: ${note.instead.join(', ')}.` : '';
  return {
    isError: true,
    content: [{ type: 'text', text: `${text}${instead}` }],
    _meta: { 'mcp-obo/refusal': note },
  };
}
