/**
 * Fills `${EDGE_NAME}` in. A placeholder without a value and a value without a placeholder are mistakes.
 *
 * @throws TypeError that names them.
 */
export function fillTemplate(template: string, values: Readonly<Record<string, string>>): string {
  const used = new Set<string>();
  const text = template.replaceAll(/\$\{(EDGE_[A-Z_]+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new TypeError(`The template wants ${name}, which has no value.`);
    if (/[\r\n;{}]/.test(value)) throw new TypeError(`The value of ${name} would end its directive.`);
    used.add(name);
    return value;
  });
  const unused = Object.keys(values).filter((name) => !used.has(name));
  if (unused.length > 0) throw new TypeError(`The template has no place for ${unused.join(', ')}.`);
  return text;
}
