import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** `src/main.ts` as a process of its own. */
export interface RunningBroker {
  /** Resolves when the text is in its output; rejects when it ends before. */
  readonly says: (text: string) => Promise<void>;
  readonly signal: (name: NodeJS.Signals) => void;
  readonly ended: Promise<Ended>;
}

/** Starts the process with a configuration file, with variables, or with both. */
export function runBroker(settings: object | undefined, env: Record<string, string> = {}): RunningBroker {
  const folder = mkdtempSync(join(tmpdir(), 'broker-'));
  const file = join(folder, 'broker.yaml');
  if (settings !== undefined) writeFileSync(file, JSON.stringify(settings));
  const child = spawn(process.execPath, [main, ...(settings === undefined ? [] : ['--config', file])], {
    env: { PATH: process.env.PATH, ...env },
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const text = { output: '', errors: '' };
  child.stdout.on('data', (chunk) => {
    text.output += chunk;
    child.emit('said');
  });
  child.stderr.on('data', (chunk) => {
    text.errors += chunk;
  });
  const ended = once(child, 'close').then(([code]) => {
    process.removeListener('exit', kill);
    rmSync(folder, { recursive: true });
    return { code, ...text };
  });
  return {
    ended,
    signal: (name) => void child.kill(name),
    async says(wanted) {
      const end = ended.then(({ errors }) => Promise.reject(new Error(`it ended: ${errors}`)));
      end.catch(() => undefined);
      while (!text.output.includes(wanted)) await Promise.race([once(child, 'said'), end]);
    },
  };
}

/** A token endpoint on loopback that answers when it is told to. */
export async function startTokenEndpoint(answer: (form: URLSearchParams) => Promise<string>) {
  const waiting: (() => void)[] = [];
  const server = createServer(async (incoming, response) => {
    const form = new URLSearchParams(await bodyOf(incoming));
    server.emit('asked');
    await new Promise<void>((resolve) => waiting.push(resolve));
    response.writeHead(200, { 'content-type': 'application/json' }).end(await answer(form));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}/token`,
    /** Resolves with the next request. */
    asked: () => once(server, 'asked'),
    /** Answers every request that waits. */
    answer: () => {
      for (const go of waiting.splice(0)) go();
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** A `POST` of a form whose last bytes are sent when `finish` is called. */
export function slowPost(
  url: string,
  body: string,
  authorization: string,
  more: Readonly<Record<string, string>> = {},
) {
  const outgoing = request(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(body),
      authorization,
      ...more,
    },
  });
  // A broker that has answered already does not read on.
  outgoing.on('error', () => undefined);
  const answer = once(outgoing, 'response').then(async ([incoming]) => ({
    status: (incoming as IncomingMessage).statusCode,
    connection: (incoming as IncomingMessage).headers.connection,
    retryAfter: (incoming as IncomingMessage).headers['retry-after'],
    body: JSON.parse(await bodyOf(incoming as IncomingMessage)),
  }));
  outgoing.write(body.slice(0, 20));
  return { answer, finish: () => void outgoing.end(body.slice(20)) };
}

async function bodyOf(message: IncomingMessage): Promise<string> {
  return (await message.setEncoding('utf8').toArray()).join('');
}
