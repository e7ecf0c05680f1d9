import { verifies } from '@mcp-obo/testbed/verifies';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseStrictJson, parseStrictObject } from './strict-json.ts';

/** Values that every reader reads alike: finite numbers, shallow, no `__proto__`. */
const harmless = fc.dictionary(
  fc.string().filter((name) => name !== '__proto__'),
  fc
    .jsonValue({ maxDepth: 6, noUnicodeString: false })
    .filter((value) => !JSON.stringify(value).includes('__proto__')),
);

describe('parseStrictObject', () => {
  it('reads what JSON.parse reads, for every harmless object', () => {
    fc.assert(
      fc.property(harmless, fc.constantFrom(undefined, 1, '\t'), (value, space) => {
        const text = JSON.stringify(value, undefined, space);
        expect(parseStrictObject(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it(
    verifies('rs:canonical', 'finds a member that is repeated anywhere, however it is spelled (J22)'),
    () => {
      const name = fc.string({ minLength: 1 }).filter((one) => one !== '__proto__');
      const filler = fc.dictionary(
        fc.constantFrom('x"', 'y\\', '{', '[', ','),
        fc.jsonValue({ maxDepth: 1 }).filter((value) => !JSON.stringify(value).includes('__proto__')),
      );
      fc.assert(
        fc.property(name, filler, fc.nat(3), fc.boolean(), (member, between, depth, escaped) => {
          const again = escaped ? escapeAll(member) : JSON.stringify(member);
          const object = `{${JSON.stringify(member)}:1,"\u{1f511} filler":${JSON.stringify(between)},${again}:2}`;
          const text = `{"a":${'[{"b":'.repeat(depth)}${object}${'}]'.repeat(depth)}}`;
          expect(parseStrictObject(text)).toBe('duplicate_member');
        }),
      );
    },
  );

  it('lets the same name stand in different objects', () => {
    expect(parseStrictObject('{"a":{"a":[{"a":1},{"a":2}]},"b":"a","c":["a","a"]}')).toEqual({
      a: { a: [{ a: 1 }, { a: 2 }] },
      b: 'a',
      c: ['a', 'a'],
    });
  });

  it.each([
    ['a number beyond a double', '{"exp":1e999}', 'not_finite'],
    ['one below a double', '{"a":[-1e999]}', 'not_finite'],
    ['17 levels', `${'{"a":'.repeat(17)}1${'}'.repeat(17)}`, 'too_deep'],
    ['8,000 levels', `{"a":${'['.repeat(4000)}${']'.repeat(4000)}}`, 'too_deep'],
    ['a prototype member', '{"__proto__":{"admin":true}}', 'forbidden_member'],
    ['a prototype member in disguise', '{"a":{"\\u005f_proto__":1}}', 'forbidden_member'],
    ['a list', '[1]', 'not_object'],
    ['null', 'null', 'not_object'],
    ['text after the object', '{} {}', 'not_json'],
    ['a trailing comma', '{"a":1,}', 'not_json'],
    ['nothing', '', 'not_json'],
  ])(verifies('rs:canonical', 'refuses %s'), (_, text, problem) => {
    expect(parseStrictObject(text)).toBe(problem);
  });

  it('leaves Object.prototype alone whatever the members are called (C18)', () => {
    parseStrictObject('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}');
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe('parseStrictJson', () => {
  it.each(['__proto__', 'constructor', 'construct\\u006fr'])(
    'refuses the member %s at any depth (R17)',
    (name) => {
      expect(parseStrictJson(`[{"a":{"${name}":1}}]`)).toEqual({ ok: false, problem: 'forbidden_member' });
    },
  );

  it('reads a JSON text of any kind, up to a depth of its caller’s choice', () => {
    expect(parseStrictJson('[{"a":1}]')).toEqual({ ok: true, value: [{ a: 1 }] });
    expect(parseStrictJson('null')).toEqual({ ok: true, value: null });
    expect(parseStrictJson('[[[1]]]', 2)).toEqual({ ok: false, problem: 'too_deep' });
    expect(parseStrictJson('[[[1]]]', 3)).toMatchObject({ ok: true });
    expect(parseStrictJson(`${'['.repeat(65)}${']'.repeat(65)}`)).toEqual({ ok: false, problem: 'too_deep' });
  });

  it.each([
    ['[{"method":"a","method":"b"}]', 'duplicate_member'],
    ['[{"__proto__":1}]', 'forbidden_member'],
    ['[1e999]', 'not_finite'],
    ['', 'not_json'],
  ])('refuses %s', (text, problem) => {
    expect(parseStrictJson(text)).toEqual({ ok: false, problem });
  });
});

function escapeAll(text: string): string {
  const units = Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
  return `"${units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')}"`;
}
