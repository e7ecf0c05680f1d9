import type { Engine, ensureCompose, ensureImages, openEngine } from '@mcp-obo/images';
import { describe, expect, it } from 'vitest';
import { prepareContainers } from './containers.mjs';

function parts({ engine = true, images = true } = {}) {
  const events: string[] = [];
  const stop = async () => void events.push('stopped');
  const open = (async () => {
    if (!engine) throw new Error('There is no container engine: install Docker.');
    return { version: 'Docker 20.10.24', origin: 'started', stop } satisfies Engine;
  }) as typeof openEngine;
  const compose = (async () => ({
    command: 'docker-compose',
    prefix: [],
    version: '1.29.2',
  })) as typeof ensureCompose;
  const ensure = (async ({ images: names }) => {
    if (!images) throw new Error('nginx:1 could not be built: E: no network; --verbose shows all of it.');
    return names.map((image) => ({ image, origin: 'built' as const, milliseconds: 1 }));
  }) as typeof ensureImages;
  return { open, compose, ensure, events };
}

const quiet = { mayInstall: false, say: () => {} };

describe('prepareContainers', () => {
  it('names the engine and what was made, and leaves the engine running until it is told', async () => {
    const { events, ...made } = parts();
    const containers = await prepareContainers({ ...quiet, ...made });
    expect(containers).toMatchObject({
      ready: true,
      message: 'Docker 20.10.24 (started for these tests), compose 1.29.2, 5 of 5 images made now',
    });
    expect(events).toEqual([]);
    await containers.stop();
    expect(events).toEqual(['stopped']);
  });

  it('names what runs instead where there is no engine', async () => {
    const { events: _, ...made } = parts({ engine: false });
    expect(await prepareContainers({ ...quiet, ...made })).toMatchObject({
      ready: false,
      message:
        'No containers: There is no container engine: install Docker; Keycloak and Redis run natively instead, ' +
        'the compose file is not tried',
    });
  });

  it('ends an engine that it started when an image cannot be had', async () => {
    const { events, ...made } = parts({ images: false });
    const { ready, message } = await prepareContainers({ ...quiet, ...made });
    expect([ready, events]).toEqual([false, ['stopped']]);
    expect(message).toContain('nginx:1 could not be built: E: no network');
  });
});
