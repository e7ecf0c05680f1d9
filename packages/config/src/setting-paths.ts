import { resolve } from 'node:path';

/** Whether a setting holds the path of a file: it is named `file`, or its name ends in `_file`. */
export function isPathSetting(name: string): boolean {
  return name === 'file' || name.endsWith('_file');
}

/** The same settings, at every depth, with each path made absolute from this folder. */
export function withAbsolutePaths(settings: unknown, folder: string): unknown {
  if (Array.isArray(settings)) return settings.map((entry) => withAbsolutePaths(entry, folder));
  if (typeof settings !== 'object' || settings === null) return settings;
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [
      name,
      typeof value === 'string' && value !== '' && isPathSetting(name)
        ? resolve(folder, value)
        : withAbsolutePaths(value, folder),
    ]),
  );
}
