import { idpProfile } from '@mcp-obo/idp-profile';
import { type OAuthErrorRow, oauthErrorTable } from '@mcp-obo/oauth-error';
import { decisionReasons } from '@mcp-obo/scopes';
import { refusalReasons } from '@mcp-obo/validator';
import { describe, expect, it } from 'vitest';
import { codesIn, readDocument, rowsOf, sectionOf } from './markdown.ts';

const errors = readDocument('docs/errors.md');
const rowsUnder = (heading: string) => rowsOf(sectionOf(errors, heading));

const faults: Readonly<Record<OAuthErrorRow['fault'], string>> = {
  caller: 'the caller',
  platform: 'the platform',
};

describe('docs/errors.md', () => {
  it('has the row of the code for every OAuth error, and no other', () => {
    const expected = Object.entries(oauthErrorTable).map(([code, { status, fault, source, remedy }]) => [
      `\`${code}\``,
      String(status),
      faults[fault],
      remedy,
      source,
    ]);
    expect(rowsUnder('Error codes')).toEqual(expected);
  });

  it('explains every reason for which a token is refused, and no other', () => {
    const [own = ''] = sectionOf(errors, 'Why a token is refused').split('### ');
    expect(rowsOf(own).flatMap(([first = '']) => codesIn(first))).toEqual([...refusalReasons]);
  });

  it('explains every reason of a decision in the words of the code, and no other', () => {
    const documented = Object.fromEntries(
      rowsUnder('Why a call is refused').map(([reason = '', sentence = '']) => [
        codesIn(reason)[0],
        sentence,
      ]),
    );
    const expected = Object.fromEntries(
      Object.entries(decisionReasons).map(([reason, sentence]) => [reason, sentence('tool')]),
    );
    expect(documented).toEqual(expected);
  });

  it('explains the words of the profiles', () => {
    const said = [
      idpProfile('entra').token.refuse({}),
      idpProfile('entra').token.refuse({ tid: 't', iss: 'https://idp.example/t' }),
      idpProfile('keycloak').token.refuse({ typ: 'ID' }),
      idpProfile('auth0').token.refuse({ nonce: 'n' }),
    ];
    expect(rowsUnder('Words of the profiles').flatMap(([first = '']) => codesIn(first))).toEqual(said);
  });
});
