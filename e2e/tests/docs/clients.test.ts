import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Expected, expectedOfClient, expectedOfServer } from '../conformance/expected.ts';
import { readDocument, rowsOf, sectionOf } from './markdown.ts';

const document = readDocument('docs/clients.md');
const { catalog } = parse(readDocument('pnpm-workspace.yaml')) as {
  readonly catalog: Readonly<Record<string, string>>;
};

const told = (outcome: Expected | undefined) =>
  outcome === undefined ? '–' : outcome === 'passes' ? 'passes' : outcome.because;

describe('docs/clients.md', () => {
  it('tells every scenario of the conformance suite as the tests expect it', () => {
    const [older = {}, newer = {}] = Object.values(expectedOfServer);
    const names = [...new Set([...Object.keys(older), ...Object.keys(newer)])].toSorted();
    expect(rowsOf(sectionOf(document, 'Scenario by scenario'))).toEqual(
      names.map((name) => [`\`${name}\``, told(older[name]), told(newer[name])]),
    );
  });

  it('tells every login scenario of our client as the tests expect it', () => {
    expect(rowsOf(sectionOf(document, 'Login by login'))).toEqual(
      Object.entries(expectedOfClient).map(([name, outcome]) => [`\`${name}\``, told(outcome)]),
    );
  });

  it('names the versions that the tests run with', () => {
    const versions = rowsOf(sectionOf(document, 'Clients')).map(([name = '', version = '']) => [
      name.replaceAll('`', ''),
      version,
    ]);
    expect(versions.length).toBeGreaterThan(3);
    expect(versions).toEqual(versions.map(([name = '']) => [name, catalog[name]]));
  });
});
