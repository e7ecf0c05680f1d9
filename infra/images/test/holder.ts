import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnHeld } from '../src/held-process.ts';

// Holds a process until it is told something, or ends: the parent of test/held-process.test.ts.
const [file = '', mode = ''] = process.argv.slice(2);
const held = spawnHeld(
  `sh -c 'echo $$ > ${file}; exec sleep 300'`,
  `${file}.log`,
  `kill -0 $held && touch ${file}.before`,
);
if (mode === 'stop') {
  process.stdin.once('data', () => void held.stop().then(() => process.exit(0)));
} else if (mode === 'wait') {
  process.stdin.resume();
} else {
  // Nothing more to do once the command runs: then only the held process could keep this one alive.
  while (!existsSync(file)) await sleep(20);
}
