import type { BrokerConfig } from './broker-config.ts';

/** What is wrong between sections, and where. */
export interface Finding {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** A rule between sections. One that could not be parsed is absent, and what needs it is silent. */
export type Check = (config: Partial<BrokerConfig>) => readonly Finding[];

/** Identifiers decide whose a token is, so two entries never share one (RFC 8707 §2). */
export function repeated(section: string, identifiers: readonly (readonly string[])[]): readonly Finding[] {
  const seen = new Map<string, number>();
  return identifiers.flatMap((values, index) =>
    values.flatMap((value) => {
      const first = seen.get(value);
      if (first === undefined) seen.set(value, index);
      return first === undefined
        ? []
        : [{ path: [section, index], message: `${value} is registered already, by ${section}.${first}` }];
    }),
  );
}

/** Values that are not among those that are known; none when these could not be parsed. */
export function unknown(
  path: readonly PropertyKey[],
  values: readonly string[],
  known: readonly string[] | undefined,
  what: string,
): readonly Finding[] {
  if (known === undefined) return [];
  return values
    .filter((value) => !known.includes(value))
    .map((value) => ({ path, message: `${value} is not ${what}` }));
}
