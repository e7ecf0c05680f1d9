import { seconds } from './live-view.mjs';

/**
 * How long the tests of each workspace took, slowest first: those of `src` and those that start whole apps.
 * @param {readonly { folder: string, milliseconds: Partial<Record<string, number>> }[]} runs
 * @returns {string[]}
 */
export function timeTable(runs) {
  const total = (/** @type {Partial<Record<string, number>>} */ times) =>
    Object.values(times).reduce((/** @type {number} */ sum, time) => sum + (time ?? 0), 0);
  const width = Math.max(...runs.map(({ folder }) => folder.length));
  const cell = (/** @type {number | undefined} */ time) =>
    (time === undefined ? '' : seconds(time)).padStart(12);
  return [
    `${''.padEnd(width)}${'test'.padStart(12)}${'integration'.padStart(12)}`,
    ...runs
      .toSorted((a, b) => total(b.milliseconds) - total(a.milliseconds))
      .map(({ folder, milliseconds }) =>
        `${folder.padEnd(width)}${cell(milliseconds.test)}${cell(milliseconds['test:integration'])}`.trimEnd(),
      ),
  ];
}
