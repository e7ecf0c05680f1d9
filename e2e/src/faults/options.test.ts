import { describe, expect, it } from 'vitest';
import { faults } from './faults.ts';
import { help, readOptions } from './options.ts';
import { plants } from './plants.ts';

describe('the options of npm run faults', () => {
  it('are every fault for six seconds unless told', () => {
    expect(readOptions([])).toEqual({ json: false, faults, seconds: 6, plant: undefined });
  });

  it('can be the short suite, some faults, and a plant', () => {
    expect(readOptions(['--quick', '--only', 'Cluster', '--plant', 'key-swap', '--json'])).toEqual({
      json: true,
      faults: faults.filter(({ topology, quick }) => topology === 'Cluster' && quick),
      seconds: 2,
      plant: 'key-swap',
    });
  });

  it('have a help that names every plant', () => {
    expect(readOptions(['--help'])).toBe('help');
    for (const name of Object.keys(plants)) expect(help).toContain(name);
  });

  it.each([
    [['--plant', 'nothing'], '--plant knows key-swap and skip-revocation'],
    [['--seconds', '0'], '--seconds must be from 1 to 60'],
    [['--only', 'flood'], 'No fault is named flood'],
    [['--loud'], 'Unknown option'],
  ])('cannot be %s', (args, message) => {
    expect(() => readOptions(args)).toThrow(message);
  });
});
