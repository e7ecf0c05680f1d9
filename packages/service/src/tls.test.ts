import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { ConfigError } from '@mcp-obo/config';
import { generate } from 'selfsigned';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { followCertificates, type TlsSetting, tlsOptions } from './tls.ts';

const folder = mkdtempSync(join(tmpdir(), 'service-tls-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const first = await generate([{ name: 'commonName', value: 'first' }], { keyType: 'ec' });
const second = await generate([{ name: 'commonName', value: 'second' }], { keyType: 'ec' });

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** As a mounted secret is written: whole, under its name at once. */
function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
  return file;
}

function setting(pair: { private: string; cert: string }): TlsSetting {
  return { key: { file: write('key.pem', pair.private) }, cert: { file: write('cert.pem', pair.cert) } };
}

async function serve(tls: TlsSetting) {
  const server = createServer(tlsOptions(tls), (socket) => {
    socket.on('error', () => {});
    socket.write('hello');
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.close());
  const { port } = server.address() as { port: number };
  return { server, port };
}

async function say(port: number, options: object = {}): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options });
  closing.push(() => socket.destroy());
  await Promise.race([
    once(socket, 'data'),
    once(socket, 'close').then(() => Promise.reject(Error('closed'))),
  ]);
  return socket;
}

const nameOf = (socket: TLSSocket) => socket.getPeerCertificate().subject.CN;

describe('a server with tlsOptions', () => {
  it('speaks TLS 1.3 and nothing older', async () => {
    const { port } = await serve(setting(first));
    expect((await say(port)).getProtocol()).toBe('TLSv1.3');
    await expect(say(port, { maxVersion: 'TLSv1.2' })).rejects.toThrow(/protocol version/);
  });

  it('refuses a client without a certificate where it asks for one', async () => {
    const { port } = await serve({ ...setting(first), client_ca: { value: second.cert } });
    await expect(say(port)).rejects.toThrow(/certificate required/);
    await expect(say(port, { key: first.private, cert: first.cert })).rejects.toThrow(/alert|closed/);
    expect(nameOf(await say(port, { key: second.private, cert: second.cert }))).toBe('first');
  });

  it('does not start with a key of another certificate', () => {
    const tls = { key: { value: first.private }, cert: { value: second.cert } };
    expect(() => tlsOptions(tls)).toThrow(ConfigError);
    expect(() => tlsOptions(tls)).toThrow(/listen\.tls: key and certificate cannot be used together/);
  });
});

describe('followCertificates', () => {
  it('takes new files for new connections, and leaves open ones alone', async () => {
    const tls = setting(first);
    const { server, port } = await serve(tls);
    const open = await say(port);
    const reloads: true[] = [];
    // A moment in which the key is new and the certificate old is a fault, and nothing changes.
    const follow = { onReload: () => void reloads.push(true), onFault: () => {}, everyMs: 20 };
    closing.push(followCertificates(server, tls, follow));
    setting(second);
    await expect.poll(() => reloads.length).toBeGreaterThan(0);
    await expect.poll(async () => nameOf(await say(port))).toBe('second');
    expect(nameOf(open)).toBe('first');
    expect(open.readyState).toBe('open');
  });

  it('keeps the old certificate when the new files are no pair', async () => {
    const tls = setting(first);
    const { server, port } = await serve(tls);
    const faults: unknown[] = [];
    const follow = { onReload: () => {}, onFault: (error: unknown) => void faults.push(error), everyMs: 20 };
    closing.push(followCertificates(server, tls, follow));
    write('cert.pem', second.cert);
    await expect.poll(() => faults.length).toBeGreaterThan(0);
    expect(String(faults[0])).toContain('listen.tls');
    expect(nameOf(await say(port))).toBe('first');
  });
});
