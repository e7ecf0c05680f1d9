import { describe, expect, it } from 'vitest';
import { createUriMatcher } from './uri-template.ts';

describe('createUriMatcher', () => {
  const match = createUriMatcher('expense://{id}');

  it('reads one segment for each variable', () => {
    expect(match('expense://exp-1')).toEqual({ id: 'exp-1' });
    expect(createUriMatcher('a://{x}/b/{y}')('a://1/b/2%20')).toEqual({ x: '1', y: '2 ' });
  });

  it.each([
    'expense://',
    'expense://a/b',
    'expense://a?x',
    'other://a',
    'xexpense://a',
    `expense://${'a'.repeat(3000)}`,
  ])('does not match %s', (uri) => {
    expect(match(uri)).toBeUndefined();
  });

  it('takes a template’s own punctuation literally', () => {
    expect(createUriMatcher('a.b://{x}')('aXb://1')).toBeUndefined();
  });
});
