import { describe, expect, it } from 'vitest';
import { parseStartArguments } from './arguments.ts';

describe('parseStartArguments', () => {
  it('starts on port 4000 with embedded parts unless told', () => {
    expect(parseStartArguments([])).toEqual({
      kind: 'start',
      arguments: { json: false, basePort: 4000, idp: 'embedded' },
    });
  });

  it('reads every option', () => {
    const argv = ['--json', '--ports', '4100', '--idp', 'keycloak', '--redis', 'redis://h:1', '--logs', 'l'];
    expect(parseStartArguments(argv)).toEqual({
      kind: 'start',
      arguments: { json: true, basePort: 4100, idp: 'keycloak', redis: 'redis://h:1', logDir: 'l' },
    });
  });

  it('gives the mode of client documents to the embedded identity provider', () => {
    expect(parseStartArguments(['--cimd', 'off'])).toMatchObject({ arguments: { cimd: 'off' } });
  });

  it('prints the help whatever else is there', () => {
    expect(parseStartArguments(['--ports', 'x', '--help'])).toEqual({ kind: 'help' });
  });

  it.each([
    [['--fast'], "Unknown option '--fast'. See npm start -- --help."],
    [['4100'], /4100/],
    [['--ports', '80'], /1024 to 65531/],
    [['--logs', ''], /--logs needs a folder/],
    [['--ports', '65535'], /1024 to 65531/],
    [['--ports', '0x1000'], /1024 to 65531/],
    [['--idp', 'other'], /unknown; give embedded or keycloak/],
    [['--cimd', 'maybe'], /unknown; give on, loopback, off/],
    [['--cimd', 'off', '--idp', 'keycloak'], /embedded/],
    [['--redis', 'localhost'], /redis:\/\/127/],
  ])('refuses %j with a sentence', (argv, message) => {
    const parsed = parseStartArguments(argv);
    expect(parsed).toMatchObject({ kind: 'wrong', message: expect.stringMatching(message) });
    expect(parsed.kind === 'wrong' && parsed.message.includes('\n')).toBe(false);
  });
});
