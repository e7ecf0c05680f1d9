import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { createCatalogue, defineRequirement } from './catalogue.ts';
import type { Requirement } from './requirement.ts';

const read: Requirement = {
  kind: 'tool',
  name: 'list_expenses',
  base: 'mcp:tools:execute',
  scopes: ['expenses:read'],
  tier: 'read-only',
};

describe('a requirement', () => {
  it.each<[string, unknown, RegExp]>([
    ['nothing at all', undefined, /has no requirement/],
    ['no tier', { ...read, tier: undefined }, /"list_expenses": tier must be one of the tiers/],
    ['an unknown tier', { ...read, tier: 'harmless' }, /tier must be/],
    ['a tier of every object', { ...read, tier: 'constructor' }, /tier must be/],
    ['no scopes', { ...read, scopes: undefined }, /scopes must be a list/],
    ['two scopes in one', { ...read, scopes: ['a b'] }, /scopes must be a list/],
    ['no base', { ...read, base: undefined }, /base must be a scope/],
    [
      'an unknown base',
      { ...read, base: 'mcp:tool:execute' },
      /base must be one of mcp:tools:execute, mcp:tools:admin/,
    ],
    ['the base of another kind', { ...read, base: 'mcp:resources' }, /base must be one of/],
    ['an unknown kind', { ...read, kind: 'task' }, /kind must be/],
    ['an empty name', { ...read, name: '' }, /name must be/],
    ['a misspelled member', { ...read, permisions: ['x'] }, /permisions is not known/],
    ['permissions that are a word', { ...read, permissions: 'x' }, /permissions must be a list/],
    ['unknown callers', { ...read, callers: 'all' }, /callers must be/],
    ['a rule that is no function', { ...read, forArguments: {} }, /forArguments must be a function/],
  ])(verifies('sc:deny-by-default', 'with %s is refused'), (_name, candidate, message) => {
    expect(() => defineRequirement(candidate as Requirement)).toThrow(message);
    expect(() => createCatalogue([candidate as Requirement])).toThrow(message);
  });

  it('cannot be changed afterwards', () => {
    expect(Object.isFrozen(defineRequirement(read))).toBe(true);
  });

  it('can stand on own base scopes', () => {
    const bases = { tool: ['files'], resource: [], prompt: [] };
    expect(createCatalogue([{ ...read, base: 'files' }], { bases }).requirements).toHaveLength(1);
    expect(() => createCatalogue([read], { bases })).toThrow(/base must be one of files/);
  });
});

describe('a catalogue', () => {
  it(verifies('sc:deny-by-default', 'registers nothing without a requirement'), () => {
    const catalogue = createCatalogue([read]);
    expect(catalogue.requirementOf({ kind: 'tool', name: 'list_expenses' })).toEqual(read);
    for (const name of ['delete_all', 'List_expenses', 'constructor', '']) {
      expect(() => catalogue.requirementOf({ kind: 'tool', name })).toThrow(/has no requirement/);
    }
    expect(() => catalogue.requirementOf({ kind: 'prompt', name: 'list_expenses' })).toThrow(
      /has no requirement/,
    );
  });

  it(
    verifies(
      'sc:deny-by-default',
      'refuses a name that is there twice, and not the same name of another kind',
    ),
    () => {
      const prompt: Requirement = { ...read, kind: 'prompt', base: 'mcp:prompts' };
      expect(() => createCatalogue([read, { ...read }])).toThrow(/"list_expenses": is there twice/);
      expect(createCatalogue([read, prompt]).requirements).toHaveLength(2);
    },
  );

  it('names everything that is wrong in one message', () => {
    const wrong = { ...read, name: 'b', tier: undefined } as unknown as Requirement;
    expect(() => createCatalogue([undefined as unknown as Requirement, wrong])).toThrow(
      /Entry 1 has no requirement. The tool "b": tier must be/,
    );
  });

  it('suggests only tools that it has', () => {
    expect(() => createCatalogue([{ ...read, instead: ['nothing'] }])).toThrow(/names "nothing" in instead/);
  });

  it('does not change when the list it was made from does', () => {
    const list = [read];
    const catalogue = createCatalogue(list);
    list.push({ ...read, name: 'later' });
    expect(catalogue.find({ kind: 'tool', name: 'later' })).toBeUndefined();
    expect(Object.isFrozen(catalogue.requirements)).toBe(true);
  });
});

describe('a resource', () => {
  const resource = (name: string): Requirement => ({
    ...read,
    kind: 'resource',
    base: 'mcp:resources',
    name,
  });

  it.each<[string, string, boolean]>([
    ['expense://{id}', 'expense://42', true],
    ['expense://{id}', 'expense://{id}', true],
    ['expense://{id}', 'expense://', false],
    ['expense://{id}', 'expense://42/receipt', false],
    ['expense://{id}', 'expense://42?all', false],
    ['expense://{id}', 'EXPENSE://42', false],
    ['expense://{id}', 'xexpense://42', false],
    ['expense://{id}', `expense://${'4'.repeat(2048)}`, false],
    ['expense://{id}/receipt', 'expense://42/receipt', true],
    ['expense://{id}/receipt', 'expense://42/other', false],
    ['expense://{year}/{id}', 'expense://2026/1', true],
    ['expense://all.json', 'expense://allxjson', false],
    ['expense://all.json', 'expense://all.json', true],
  ])('%s is found for %s: %s', (template, name, found) => {
    const catalogue = createCatalogue([resource(template)]);
    expect(catalogue.find({ kind: 'resource', name }) !== undefined).toBe(found);
    expect(catalogue.find({ kind: 'tool', name })).toBeUndefined();
  });

  it('gives the variables of its URI, decoded, as the one reading of it', () => {
    const catalogue = createCatalogue([resource('expense://{year}/{id}')]);
    const variables = (name: string) => catalogue.resolve({ kind: 'resource', name })?.variables;
    expect(variables('expense://2026/a%2Fb')).toEqual({ year: '2026', id: 'a/b' });
    expect(variables('expense://2026/%ff')).toBeUndefined();
    expect(variables('expense://{year}/{id}')).toEqual({ year: '{year}', id: '{id}' });
  });

  it('has its own requirement before that of a template', () => {
    const catalogue = createCatalogue([resource('expense://{id}'), resource('expense://policy')]);
    expect(catalogue.find({ kind: 'resource', name: 'expense://policy' })?.name).toBe('expense://policy');
    expect(catalogue.find({ kind: 'resource', name: 'expense://1' })?.name).toBe('expense://{id}');
  });

  it.each([
    'expense://{a}{b}',
    'expense://{a}-{b}',
    'expense://{a',
    'expense://a}',
    'expense://{/a*}',
    'expense://{}',
  ])('template %s, which could be read in two ways or not at all, is refused', (template) => {
    expect(() => createCatalogue([resource(template)])).toThrow(RangeError);
  });
});
