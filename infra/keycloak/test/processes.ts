import { spawnSync } from 'node:child_process';

/** Ids of living processes whose command line holds this text, those in containers of this machine too. */
export function processesWith(text: string): readonly number[] {
  const { stdout } = spawnSync('ps', ['-eo', 'pid=,stat=,args='], { encoding: 'utf8' });
  return stdout
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\S+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null && !match[2]?.startsWith('Z') && match[3]?.includes(text))
    .map((match) => Number(match?.[1]));
}

/** Addresses that something listens on, as `127.0.0.1:8080`. */
export function listeners(): readonly string[] {
  const { stdout } = spawnSync('ss', ['-Hltn'], { encoding: 'utf8' });
  return stdout
    .split('\n')
    .map((line) => line.split(/\s+/)[3]?.replace('[::ffff:127.0.0.1]', '127.0.0.1') ?? '');
}
