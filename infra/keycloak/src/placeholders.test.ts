// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of realm files look like this.
import { describe, expect, it } from 'vitest';
import { fillPlaceholders } from './placeholders.ts';

describe('placeholders of a realm file', () => {
  it('are filled wherever they stand, lists too', () => {
    const json = { '${name}': [{ url: 'at ${url}/x', list: '${urls}', kept: 1, none: null }] };
    expect(fillPlaceholders(json, { name: 'n', url: 'u', urls: ['a', 'b'] })).toEqual({
      n: [{ url: 'at u/x', list: ['a', 'b'], kept: 1, none: null }],
    });
  });

  it('are left alone, less a dollar, when they are Keycloak’s own', () => {
    expect(fillPlaceholders(['$${ATTRIBUTE.email}', 'a $${b} ${c}'], { c: '1' })).toEqual([
      '${ATTRIBUTE.email}',
      'a ${b} 1',
    ]);
  });

  it('are not filled a second time', () => {
    expect(fillPlaceholders(['${a}'], { a: '${b}' })).toEqual(['${b}']);
  });

  it.each<[string, unknown, Record<string, string | string[]>, RegExp]>([
    ['without a value', { a: '${x} ${y}' }, {}, /^No value for the placeholders x, y\.$/],
    ['without a name', ['${}'], {}, /No value/],
    ['that are members of every object', ['${toString}'], {}, /placeholders toString/],
    ['for a list inside a text', ['a ${x}'], { x: ['1'] }, /x stands for a list/],
  ])('%s are an error', (_case, json, values, message) => {
    expect(() => fillPlaceholders(json, values)).toThrow(message);
  });

  it('that nobody wrote are an error: a setting that does nothing is a mistake', () => {
    expect(() => fillPlaceholders({}, { x: '1' })).toThrow('There are no placeholders x.');
  });
});
