import { describe, expect, it } from 'vitest';
import { gaps } from '../../gaps.ts';
import { requirements } from '../../requirements.ts';
import { codesIn, readDocument, rowsOf, sectionOf } from './markdown.ts';

const text = readDocument('docs/threat-model.md');
const firstColumn = (heading: string) => rowsOf(sectionOf(text, heading)).map(([first = '']) => first);
const assets = firstColumn('Assets').map((asset) => asset.split(' ')[0]);
const attackers = firstColumn('Attackers');
const paths = rowsOf(sectionOf(text, 'Paths and controls'));

describe('docs/threat-model.md', () => {
  it('gives each path an asset, an attacker, a control and a place', () => {
    const incomplete = paths.filter(
      ([asset = '', attacker = '', path = '', controls = '', place = '']) =>
        !assets.includes(asset) ||
        !attackers.some((known) => known.startsWith(attacker)) ||
        path === '' ||
        codesIn(controls).length === 0 ||
        codesIn(place).length === 0,
    );
    expect(incomplete).toEqual([]);
  });

  it('has a path to every asset, and one by every attacker', () => {
    expect(assets.filter((asset) => !paths.some(([named]) => named === asset))).toEqual([]);
    expect(
      attackers.filter(
        (attacker) => !paths.some(([, named = '']) => named !== '' && attacker.startsWith(named)),
      ),
    ).toEqual([]);
  });

  it('names controls that are requirements, and marks those that are known gaps', () => {
    const named = paths.flatMap(([, , , controls = '']) =>
      [...controls.matchAll(/`([^`]+)`( \*\(not yet\)\*)?/g)].map(([, id = '', mark]) => ({
        id,
        marked: mark !== undefined,
      })),
    );
    expect(named.filter(({ id }) => !Object.hasOwn(requirements, id))).toEqual([]);
    expect(named.filter(({ id, marked }) => marked !== Object.hasOwn(gaps, id))).toEqual([]);
  });

  it('leaves no requirement of the resource server or the broker without a threat', () => {
    const named = new Set(paths.flatMap(([, , , controls = '']) => codesIn(controls)));
    const unnamed = Object.keys(requirements).filter((id) => /^(rs|tb|sc):/.test(id) && !named.has(id));
    expect(unnamed).toEqual(notAboutThreats);
  });
});

/** Rules about speaking a protocol, answering well or running well: no attacker is held off by them. */
const notAboutThreats: readonly string[] = [
  'rs:no-token',
  'rs:both-eras',
  'tb:rfc8693',
  'tb:jwt-bearer',
  'tb:health',
];
