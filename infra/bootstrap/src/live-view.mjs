const FRAMES = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';
const HEARTBEAT_MS = 30_000;

/**
 * @typedef {object} LiveView
 * @property {(text: string) => void} note what the work says of itself; its last line is shown on a terminal
 * @property {(line: string) => void} done takes the live line away and writes this one
 */

/**
 * Shows that something goes on: a moving line on a terminal, else a line every half minute.
 *
 * @param {string} label
 * @param {{ stream?: NodeJS.WriteStream, now?: () => number }} [options]
 * @returns {LiveView}
 */
export function liveView(label, { stream = process.stdout, now = Date.now } = {}) {
  const start = now();
  let last = '';
  let frame = 0;
  const tick = () => {
    const line = `${FRAMES[frame++ % FRAMES.length]} ${label} ${seconds(now() - start)}  ${last}`;
    stream.write(`\r\x1b[2K${line.slice(0, (stream.columns ?? 80) - 1)}`);
  };
  const beat = () => stream.write(`… ${label}, ${seconds(now() - start)}\n`);
  const timer = setInterval(stream.isTTY ? tick : beat, stream.isTTY ? 120 : HEARTBEAT_MS);
  timer.unref();
  return {
    note(text) {
      last = plain(text).trimEnd().split('\n').at(-1) ?? last;
    },
    done(line) {
      clearInterval(timer);
      stream.write(`${stream.isTTY ? '\r\x1b[2K' : ''}${line}\n`);
    },
  };
}

/** @param {number} milliseconds */
export function seconds(milliseconds) {
  const value = milliseconds / 1000;
  return value < 60 ? `${value.toFixed(1)} s` : `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`;
}

/**
 * Text without terminal control sequences.
 * @param {string} text
 */
export function plain(text) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
  return text.replaceAll(/\x1b\[[0-9;?]*[A-Za-z]|\r/g, '');
}
