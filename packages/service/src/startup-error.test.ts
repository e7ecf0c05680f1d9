import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { StartupError, startupSentence } from './startup-error.ts';

const servers: ReturnType<typeof createServer>[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** The error of listening, as Node has it. */
async function listening(host: string, port = 0): Promise<unknown> {
  const server = createServer();
  servers.push(server);
  server.listen(port, host);
  return once(server, 'listening').then(
    () => (server.address() as AddressInfo).port,
    (error: unknown) => error,
  );
}

describe('a process that cannot start', () => {
  it('says which port is taken', async () => {
    const port = (await listening('127.0.0.1')) as number;
    expect(startupSentence(await listening('127.0.0.1', port))).toBe(
      `Port ${port} on 127.0.0.1 is in use. Stop what listens there, or set another port.`,
    );
  });

  it('says which address is not of this machine (RFC 5737)', async () => {
    expect(startupSentence(await listening('203.0.113.9'))).toBe(
      '203.0.113.9 is no address of this machine. Set another host.',
    );
  });

  it('says which host is unknown (RFC 6761 §6.4)', () => {
    const error = Object.assign(new Error('getaddrinfo ENOTFOUND nowhere.invalid'), {
      code: 'ENOTFOUND',
      hostname: 'nowhere.invalid',
    });
    expect(startupSentence(error)).toBe('nowhere.invalid is no known host. Set another one.');
  });

  it('has its own sentence, or that of the error', () => {
    expect(startupSentence(new StartupError('The file is full.'))).toBe('The file is full.');
    expect(startupSentence('odd')).toBe('odd');
  });
});
