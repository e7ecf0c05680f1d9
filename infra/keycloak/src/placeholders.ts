/** What a placeholder may stand for. A list stands alone in its string and replaces it. */
export type PlaceholderValue = string | readonly string[];

/** Two dollars stand for one that is meant: `$${ATTRIBUTE.email}` is a template of Keycloak's own. */
const placeholder = /(\$?)\$\{([^}]*)\}/g;

/**
 * Fills every `${name}` of a JSON value, member names included.
 *
 * @throws RangeError that names each placeholder without a value and each value without a placeholder.
 */
export function fillPlaceholders(json: unknown, values: Readonly<Record<string, PlaceholderValue>>): unknown {
  const used = new Set<string>();
  const missing = new Set<string>();
  const lookUp = (name: string): PlaceholderValue => {
    used.add(name);
    if (Object.hasOwn(values, name)) return values[name] ?? '';
    missing.add(name);
    return '';
  };
  const fillText = (text: string): string | readonly string[] => {
    const alone = /^\$\{([^}]*)\}$/.exec(text)?.[1];
    if (alone !== undefined) return lookUp(alone);
    return text.replace(placeholder, (all, escaped: string, name: string) => {
      if (escaped !== '') return all.slice(1);
      const value = lookUp(name);
      if (typeof value === 'string') return value;
      throw new RangeError(`The placeholder ${name} stands for a list and must be a string of its own.`);
    });
  };
  const fill = (value: unknown): unknown => {
    if (typeof value === 'string') return fillText(value);
    if (Array.isArray(value)) return value.map(fill);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [String(fillText(key)), fill(member)]),
    );
  };
  const filled = fill(json);
  const unknown = Object.keys(values).filter((name) => !used.has(name));
  if (missing.size > 0) throw new RangeError(`No value for the placeholders ${[...missing].join(', ')}.`);
  if (unknown.length > 0) throw new RangeError(`There are no placeholders ${unknown.join(', ')}.`);
  return filled;
}
