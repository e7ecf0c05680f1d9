import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { deferred } from './deferred.ts';

const here = new URL('.', import.meta.url);
const [, ...rows] = readFileSync(new URL('../../negative-cases.tsv', import.meta.url), 'utf8')
  .trim()
  .split('\n');
const corpus = rows.map((row) => row.split('\t')[0] ?? '');
const sources = readdirSync(here)
  .filter((name) => name.endsWith('.test.ts') && name !== 'coverage.test.ts')
  .map((name) => ({ name, text: readFileSync(new URL(name, here), 'utf8') }));

/** A title, or a case of a table of titles, begins with the row it proves; one that proves two names the second after a comma. */
const tested = new Set(
  sources.flatMap(({ text }) => {
    const titles = [...text.matchAll(/^(?!\s*\/\/).*?['"`]([A-Z]\d\d .*)/gm)].map(([, title = '']) => title);
    return titles.flatMap((title) => [...title.matchAll(/(?:^|, )([A-Z]\d\d) /g)].map(([, id = '']) => id));
  }),
);

it('the corpus has no row twice', () => {
  expect(corpus.filter((id, index) => corpus.indexOf(id) !== index)).toEqual([]);
  expect(corpus.length).toBeGreaterThanOrEqual(89);
});

it('every row of the corpus is sent to a started app, or deferred with a reason', () => {
  expect(corpus.filter((id) => !tested.has(id) && deferred[id] === undefined)).toEqual([]);
});

it('nothing is both sent and deferred, and no test proves a row that is not there', () => {
  expect(Object.keys(deferred).filter((id) => tested.has(id) || !corpus.includes(id))).toEqual([]);
  expect([...tested].filter((id) => !corpus.includes(id))).toEqual([]);
});

it('no attack is switched off, but for those that need Redis where there is none', () => {
  expect(
    sources
      .filter(({ text }) => /\.(skip|todo|only|runIf)\b|skipIf\((?!!redisAvailable)/.test(text))
      .map(({ name }) => name),
  ).toEqual([]);
});
