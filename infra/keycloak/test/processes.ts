import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Ids of living processes whose command line holds this text, those in containers of this machine too. */
export function processesWith(text: string): readonly number[] {
  const { stdout } = spawnSync('ps', ['-eo', 'pid=,stat=,args='], { encoding: 'utf8' });
  return stdout
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\S+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null && !match[2]?.startsWith('Z') && match[3]?.includes(text))
    .map((match) => Number(match?.[1]));
}

/** Containers, running or not, whose command line holds this text; none where there is no engine. */
export function containersWith(text: string): readonly string[] {
  const args = ['ps', '--all', '--no-trunc', '--format', '{{.ID}} {{.Command}}'];
  const { stdout } = spawnSync('docker', args, { encoding: 'utf8' });
  return (stdout ?? '').split('\n').filter((line) => line.includes(text));
}

/** Ports of this machine that something listens on, with the addresses as Linux writes them. */
export function listeners(): readonly { readonly port: number; readonly loopback: boolean }[] {
  return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => /^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) \S+ 0A /.exec(line))
      .filter((match) => match !== null)
      .map(([, address = '', port = '']) => ({
        port: Number.parseInt(port, 16),
        // 127.0.0.1, also as an IPv4 address in IPv6; words are in the order of the machine.
        loopback: /^(?:0000000000000000FFFF0000)?0100007F$/.test(address),
      })),
  );
}
