import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The top folder of the workspace. */
export const root = fileURLToPath(new URL('../../..', import.meta.url));

/** A document of the workspace, by its path from the top. */
export function readDocument(path: string): string {
  return readFileSync(`${root}/${path}`, 'utf8');
}

/** The text under a heading (without its number signs), up to the next heading of the same or a higher level. */
export function sectionOf(text: string, heading: string): string {
  const lines = withoutFences(text).split('\n');
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading);
  if (start < 0) throw new Error(`there is no heading "${heading}"`);
  const level = levelOf(lines[start]);
  const end = lines.findIndex((line, at) => at > start && levelOf(line) > 0 && levelOf(line) <= level);
  return text
    .split('\n')
    .slice(start, end < 0 ? undefined : end)
    .join('\n');
}

/** Rows of every table in the text, cell by cell; heads and rulers are left out. */
export function rowsOf(text: string): readonly (readonly string[])[] {
  const lines = withoutFences(text).split('\n');
  const isRow = (line: string | undefined) => line?.startsWith('|') === true;
  const isRuler = (line: string | undefined) => line !== undefined && /^\|[ :|-]+\|$/.test(line);
  return lines.flatMap((line, at) =>
    isRow(line) && !isRuler(line) && !isRuler(lines[at + 1]) ? [cellsOf(line)] : [],
  );
}

/** Every piece of text in backquotes. */
export function codesIn(text: string): readonly string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
}

/** Contents of the fences with that language. */
export function fencesOf(text: string, language: string): readonly string[] {
  const fence = new RegExp(`^\`\`\`${language}[^\\n]*\\n([\\s\\S]*?)^\`\`\`$`, 'gm');
  return [...text.matchAll(fence)].map(([, body = '']) => body);
}

/** The text with what stands in fences blanked; line numbers stay. */
export function withoutFences(text: string): string {
  return text.replace(/^```[\s\S]*?^```$/gm, (fence) => fence.replace(/[^\n]/g, ''));
}

function cellsOf(line: string): readonly string[] {
  return line
    .slice(1, line.lastIndexOf('|'))
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll('\\|', '|'));
}

function levelOf(line: string | undefined): number {
  return /^#+(?= )/.exec(line ?? '')?.[0].length ?? 0;
}
