import { verifies } from '@mcp-obo/testbed/verifies';
import { expect, it } from 'vitest';
import { unknownOperation } from './mcp-error.ts';

it(
  verifies('op:redaction', 'an unknown operation is named back, but nothing that is too long for a name'),
  () => {
    expect(unknownOperation({ kind: 'tool', name: 'n'.repeat(128) }).message).toBe(
      `Unknown tool: ${'n'.repeat(128)}`,
    );
    expect(unknownOperation({ kind: 'tool', name: 'n'.repeat(129) }).message).toBe('Unknown tool');
  },
);
