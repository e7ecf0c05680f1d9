import type { z } from 'zod';

/** One setting of a configuration file, as its schema knows it. */
export interface Setting {
  /** `listen.port`, `issuers[].tenant`. */
  readonly path: string;
  /** As the documentation spells it: `required`, `none`, a value, or undefined where the schema names no default. */
  readonly standard: string | undefined;
}

/** Every setting that a schema knows. Secrets, unions of values and maps are one setting each. */
export function settingsOf(schema: z.ZodType, path = '', standard?: string): readonly Setting[] {
  const { def } = schema as unknown as { readonly def: Definition };
  switch (def.type) {
    case 'optional':
      return settingsOf(def.innerType, path, '');
    case 'default':
      return settingsOf(def.innerType, path, spell(def.defaultValue));
    case 'prefault':
      return settingsOf(def.innerType, path, '');
    case 'pipe':
      return settingsOf(isTransform(def.in) ? def.out : def.in, path, standard);
    case 'array': {
      const inside = settingsOf(def.element, `${path}[]`);
      return inside.some((setting) => setting.path !== `${path}[]`) ? inside : [leaf(path, standard)];
    }
    case 'union':
      return def.discriminator === undefined
        ? [leaf(path, standard)]
        : unique(def.options.flatMap((option) => settingsOf(option, path)));
    case 'object':
      return isSecret(def.shape)
        ? [leaf(path, standard)]
        : Object.entries(def.shape).flatMap(([name, member]) =>
            settingsOf(member, path === '' ? name : `${path}.${name}`),
          );
    default:
      return [leaf(path, standard)];
  }
}

type Definition =
  | { readonly type: 'optional' | 'prefault'; readonly innerType: z.ZodType }
  | { readonly type: 'default'; readonly innerType: z.ZodType; readonly defaultValue: unknown }
  | { readonly type: 'pipe'; readonly in: z.ZodType; readonly out: z.ZodType }
  | { readonly type: 'array'; readonly element: z.ZodType }
  | { readonly type: 'union'; readonly options: readonly z.ZodType[]; readonly discriminator?: string }
  | { readonly type: 'object'; readonly shape: Readonly<Record<string, z.ZodType>> }
  | { readonly type: 'string' | 'number' | 'record' };

function leaf(path: string, standard = 'required'): Setting {
  return { path, standard: standard === '' ? undefined : standard };
}

function spell(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const parts = Array.isArray(value) ? value : Object.entries(value).map(([name]) => name);
  return parts.length === 0 ? 'none' : parts.join(' ');
}

function isTransform(schema: z.ZodType): boolean {
  return (schema as unknown as { readonly def: { readonly type: string } }).def.type === 'transform';
}

/** `{ file }` or `{ value }`. */
function isSecret(shape: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(shape).every((name) => name === 'file' || name === 'value');
}

function unique(settings: readonly Setting[]): readonly Setting[] {
  return [...new Map(settings.map((setting) => [setting.path, setting])).values()];
}
