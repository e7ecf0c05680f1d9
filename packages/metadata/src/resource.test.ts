import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { parseResource, protectedResourceMetadataUrl } from './resource.ts';

describe('the metadata URL', () => {
  it.each([
    ['path', 'https://h.example/mcp', 'https://h.example/.well-known/oauth-protected-resource/mcp'],
    ['no path', 'https://h.example', 'https://h.example/.well-known/oauth-protected-resource'],
    ['lone slash', 'https://h.example/', 'https://h.example/.well-known/oauth-protected-resource'],
    [
      'trailing slash',
      'https://h.example/mcp/',
      'https://h.example/.well-known/oauth-protected-resource/mcp/',
    ],
    ['query', 'https://h.example/mcp?t=1', 'https://h.example/.well-known/oauth-protected-resource/mcp?t=1'],
    ['query only', 'https://h.example/?t=1', 'https://h.example/.well-known/oauth-protected-resource?t=1'],
    ['port', 'http://127.0.0.1:4000/mcp', 'http://127.0.0.1:4000/.well-known/oauth-protected-resource/mcp'],
    [
      'default port kept',
      'https://h.example:443/a',
      'https://h.example:443/.well-known/oauth-protected-resource/a',
    ],
    ['deep path', 'https://h.example/a/b', 'https://h.example/.well-known/oauth-protected-resource/a/b'],
  ])(
    verifies('md:locations', 'stands between host and path: %s (RFC 9728 §3.1)'),
    (_name, resource, expected) => {
      expect(protectedResourceMetadataUrl(resource)).toBe(expected);
    },
  );
});

describe('a resource identifier', () => {
  it.each([
    'https://h.example',
    'https://H.example:443/mcp/',
    'http://localhost:1/mcp',
    'http://[::1]:1/mcp',
  ])(verifies('md:resource', 'stays byte for byte as configured: %s (RFC 9728 §3.3)'), (resource) => {
    expect(parseResource(resource)).toBe(resource);
  });

  it.each([
    ['relative', '/mcp', 'an absolute https URI'],
    ['without authority', 'https:mcp', 'an absolute https URI'],
    ['another scheme', 'api://expenses', 'an absolute https URI'],
    ['plain http elsewhere', 'http://h.example/mcp', 'https, or http on a loopback host'],
    ['a loopback look-alike', 'http://127.0.0.1.evil.example/mcp', 'https, or http on a loopback host'],
    ['a fragment', 'https://h.example/mcp#x', 'fragment'],
    ['an empty fragment', 'https://h.example/mcp#', 'fragment'],
    ['user information', 'https://u:p@h.example/mcp', 'user information'],
    ['a space', 'https://h.example/m cp', 'white space'],
    ['an empty string', '', 'an absolute https URI'],
  ])('is refused when it has %s (RFC 8707 §2)', (_name, resource, rule) => {
    expect(() => parseResource(resource)).toThrow(rule);
  });
});
