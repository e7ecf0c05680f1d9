import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { createLattice } from './lattice.ts';

describe('the scopes of MCP', () => {
  it.each<[string, readonly string[], readonly string[], boolean]>([
    ['mcp:tools holds :read', ['mcp:tools'], ['mcp:tools:read'], true],
    ['mcp:tools holds :execute', ['mcp:tools'], ['mcp:tools:execute'], true],
    ['mcp:tools does not hold :admin', ['mcp:tools'], ['mcp:tools:admin'], false],
    ['a scope holds itself', ['mcp:tools:admin'], ['mcp:tools:admin'], true],
    [':execute does not hold mcp:tools', ['mcp:tools:execute'], ['mcp:tools'], false],
    [':read does not hold :execute', ['mcp:tools:read'], ['mcp:tools:execute'], false],
    [':admin does not hold :execute', ['mcp:tools:admin'], ['mcp:tools:execute'], false],
    ['mcp:tools does not hold mcp:resources', ['mcp:tools'], ['mcp:resources'], false],
    ['a common beginning holds nothing', ['mcp'], ['mcp:tools'], false],
    ['all needed ones count', ['mcp:tools'], ['mcp:tools:read', 'mcp:prompts'], false],
    ['nothing needs nothing', [], [], true],
    ['nothing holds nothing', [], ['a'], false],
    ['a member of every object is no scope', ['constructor'], ['mcp:tools:read'], false],
  ])(verifies('sc:base', '%s'), (_name, granted, needed, expected) => {
    expect(createLattice().covers(granted, needed)).toBe(expected);
  });

  it(verifies('sc:base', 'are widened by data, over any number of steps'), () => {
    const { covers } = createLattice({
      'expenses:all': ['expenses:manage'],
      'expenses:manage': ['expenses:read', 'expenses:write'],
    });
    expect(covers(['expenses:all'], ['expenses:read', 'expenses:write'])).toBe(true);
    expect(covers(['expenses:manage'], ['expenses:all'])).toBe(false);
    expect(covers(['mcp:tools'], ['mcp:tools:read'])).toBe(true);
  });

  it.each<[string, Record<string, string[]>, RegExp]>([
    ['contain :admin', { 'mcp:tools': ['mcp:tools:admin'] }, /must not contain "mcp:tools:admin"/],
    ['contain :admin in two steps', { a: ['b'], b: ['mcp:tools:admin'] }, /must not contain/],
    ['contain themselves', { a: ['b'], b: ['a'] }, /contains itself/],
    ['have a space in them', { 'a b': [] }, /"a b" is no scope/],
    ['contain what is no scope', { a: [''] }, /"" is no scope/],
  ])(verifies('sc:base', 'may not %s'), (_name, extension, message) => {
    expect(() => createLattice(extension)).toThrow(message);
  });
});
