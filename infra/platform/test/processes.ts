import { spawnSync } from 'node:child_process';

/** Ids of the living processes whose command line holds this text. */
export function processesWith(text: string): readonly number[] {
  const { stdout } = spawnSync('ps', ['-eo', 'pid=,stat=,args='], { encoding: 'utf8' });
  return stdout
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\S)\S*\s+(.*)$/.exec(line))
    .filter((match) => match !== null && match[2] !== 'Z' && match[3]?.includes(text))
    .map((match) => Number(match?.[1]));
}
