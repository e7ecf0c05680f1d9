// A parent that starts a part, prints the part's id and waits to be killed.
import { startPart } from '../src/part.ts';

const options = JSON.parse(process.argv[2]);
const part = startPart(options);
await part.ready();
process.stdout.write(`pid ${part.pid}\n`);
setInterval(() => {}, 1000);
