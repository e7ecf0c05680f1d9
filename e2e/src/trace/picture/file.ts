import { accessSync, constants, writeFileSync } from 'node:fs';
import { dirname, extname } from 'node:path';
import type { Trace } from '../trace.ts';
import { drawHtml } from './html.ts';
import { drawSvg } from './svg.ts';

const formats: Readonly<Record<string, (trace: Trace, title: string) => string>> = {
  '.svg': drawSvg,
  '.html': drawHtml,
};

/** Why no picture can be written to that file, in a sentence; nothing when one can. */
export function pictureProblem(file: string): string | undefined {
  if (formats[extname(file)] === undefined)
    return `${file} must end in ${Object.keys(formats).join(' or ')}.`;
  try {
    accessSync(dirname(file), constants.W_OK);
    return undefined;
  } catch {
    return `the folder of ${file} is not there or cannot be written to.`;
  }
}

/** Draws a trace to a file, in the format that its name says. */
export function writePicture(file: string, trace: Trace, title: string): void {
  const draw = formats[extname(file)];
  if (draw === undefined) throw new Error(pictureProblem(file));
  writeFileSync(file, draw(trace, title));
}
