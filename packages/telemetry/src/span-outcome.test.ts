import { verifies } from '@mcp-obo/testbed/verifies';
import { type Attributes, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { describe, expect, it } from 'vitest';
import { outcomeOf } from './span-outcome.ts';

const failed = { code: SpanStatusCode.ERROR, message: 'thrown' };
const unset = { code: SpanStatusCode.UNSET };
const { SERVER, CLIENT } = SpanKind;
const code = 'http.response.status_code';

describe('outcomeOf', () => {
  it.each<[string, SpanKind, { code: SpanStatusCode }, Attributes, { code: SpanStatusCode }, Attributes]>([
    ['a 404 that was thrown', SERVER, failed, { [code]: 404, 'error.type': 'x' }, unset, { [code]: 404 }],
    ['a 499', SERVER, failed, { [code]: 499 }, unset, { [code]: 499 }],
    ['a 500 that was thrown', SERVER, failed, { [code]: 500 }, failed, { [code]: 500, 'error.type': '500' }],
    [
      'a 503 that was answered',
      SERVER,
      unset,
      { [code]: 503 },
      { code: 2 },
      { [code]: 503, 'error.type': '503' },
    ],
    [
      'a known reason',
      SERVER,
      unset,
      { [code]: 503, 'error.type': 'r' },
      { code: 2 },
      { [code]: 503, 'error.type': 'r' },
    ],
    ['a 200', SERVER, unset, { [code]: 200 }, unset, { [code]: 200 }],
    [
      'a client’s 404',
      CLIENT,
      failed,
      { [code]: 404, 'error.type': '404' },
      failed,
      { [code]: 404, 'error.type': '404' },
    ],
    [
      'a server without HTTP',
      SERVER,
      failed,
      { 'error.type': 'tool_error' },
      failed,
      { 'error.type': 'tool_error' },
    ],
  ])(
    verifies(
      'op:traces',
      'blames a server for what is its fault and nothing else (HTTP semantic conventions): %s',
    ),
    (_case, kind, status, attributes, expectedStatus, expected) => {
      const span = { kind, status, attributes } as ReadableSpan;
      expect(outcomeOf(span)).toEqual({ status: expectedStatus, attributes: expected });
    },
  );
});
