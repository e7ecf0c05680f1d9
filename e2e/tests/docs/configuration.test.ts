import { configFiles, configSections, environmentNames, singleServer } from '@mcp-obo/broker/config';
import * as api from '@mcp-obo/downstream-api/config';
import * as mcp from '@mcp-obo/mcp-server/config';
import { startTelemetry } from '@mcp-obo/telemetry/sdk';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { codesIn, readDocument, rowsOf, sectionOf } from './markdown.ts';
import { type Setting, settingsOf } from './settings.ts';

const configuration = readDocument('docs/configuration.md');
const broker = z.object({ ...configSections(configFiles({})), single: singleServer });

const processes: readonly (readonly [string, z.ZodType, Readonly<Record<string, string>>])[] = [
  ['MCP server', mcp.schema, mcp.environment],
  ['Broker', broker, environmentNames],
  ['Downstream API', api.schema, api.environment],
];

describe.each(processes)('docs/configuration.md on the %s', (name, schema, environment) => {
  const rows = rowsOf(sectionOf(configuration, name));
  const documented = new Map(rows.map(([setting = '', ...cells]) => [codesIn(setting)[0] ?? setting, cells]));
  const settings = new Map(settingsOf(schema).map((setting) => [documentedPath(setting.path), setting]));

  it(verifies('op:config', 'has every setting once, and none that does not exist'), () => {
    expect(rows).toHaveLength(documented.size);
    expect([...documented.keys()].sort()).toEqual([...settings.keys()].sort());
  });

  it(verifies('op:config', 'has every variable beside its setting, and none that is not read'), () => {
    const expected = [...settings.keys()].map((path) => [path, variablesOf(path, environment)]);
    const written = [...settings.keys()].map((path) => [path, codesIn(documented.get(path)?.[0] ?? '')]);
    expect(written).toEqual(expected);
    expect(written.flatMap(([, variables]) => variables).sort()).toEqual(Object.keys(environment).sort());
  });

  it('says what is required and what holds otherwise', () => {
    const wrong = [...settings].filter(
      ([path, setting]) => !saysDefault(documented.get(path)?.[1] ?? '', setting),
    );
    expect(wrong).toEqual([]);
  });

  it('says what each setting means', () => {
    expect(rows.filter((cells) => cells.length !== 4 || cells[3] === '')).toEqual([]);
  });
});

describe('docs/configuration.md on telemetry', () => {
  it('has every variable that is read, and no other', async () => {
    const read = new Set<string>();
    const env = new Proxy<Record<string, string | undefined>>(
      { METRICS_PORT: '0' },
      {
        get: (target, name) => {
          if (typeof name === 'string') read.add(name);
          return target[name as string];
        },
      },
    );
    await (await startTelemetry({ serviceName: 'docs', env })).shutdown();
    const documented = rowsOf(sectionOf(configuration, 'Telemetry')).map(([name = '']) => codesIn(name)[0]);
    expect(documented.sort()).toEqual([...read].sort());
  });
});

/** The tiers have the same members each, and are documented once. */
function documentedPath(path: string): string {
  return path.replace(/^tiers\.[^.]+/, 'tiers.NAME');
}

/** Names of the variables that set it; a secret has one for the value and one for the file. */
function variablesOf(path: string, environment: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(environment).flatMap(([name, target]) =>
    target.replace(/\.(value|file)$/, '').replace('issuers.0.', 'issuers[].') === path ? [name] : [],
  );
}

function saysDefault(cell: string, { standard }: Setting): boolean {
  if (standard === 'required') return cell.startsWith('required');
  if (standard === undefined) return cell !== '' && !cell.startsWith('required') && cell !== codeOf(cell);
  return cell === `\`${standard}\``;
}

function codeOf(cell: string): string {
  return `\`${codesIn(cell)[0] ?? ''}\``;
}
