import { type ConfigSource, settingProblem } from '@mcp-obo/config';
import { z } from 'zod';
import type { BrokerConfig } from './broker-config.ts';
import { crossChecks } from './cross-checks.ts';
import { configFiles } from './secrets.ts';
import { configSections } from './sections.ts';
import { expandSingle, missingSection } from './single.ts';

type Sections = ReturnType<typeof configSections>;

/**
 * The schema of the whole file. Each section is parsed by itself and each check between sections runs as
 * soon as those it needs are well formed, so that one message can name everything that is wrong.
 */
export function brokerSchema(source: ConfigSource) {
  const sections = configSections(configFiles(source));
  return z
    .record(z.string(), z.unknown())
    .transform(expandSingle)
    .transform((settings, context) => {
      const report = (path: readonly PropertyKey[], message: string) =>
        context.addIssue({ code: 'custom', path: [...path], message });
      for (const name of Object.keys(settings))
        if (!Object.hasOwn(sections, name))
          report([name], `there is no such setting; known are ${Object.keys(sections).join(', ')}`);
      const config = parseSections(sections, settings, report);
      for (const check of crossChecks) for (const { path, message } of check(config)) report(path, message);
      return config as BrokerConfig;
    });
}

function parseSections(
  sections: Sections,
  settings: Readonly<Record<string, unknown>>,
  report: (path: readonly PropertyKey[], message: string) => void,
): Partial<BrokerConfig> {
  const config: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(sections)) {
    const result = schema.safeParse(settings[name], { error: settingProblem });
    if (result.success) config[name] = result.data;
    else if (settings[name] === undefined) report([name], missingSection(name));
    else for (const { path, message } of result.error.issues) report([name, ...path], message);
  }
  return config as Partial<BrokerConfig>;
}
