import { createLoginBrowser as createDevIdpBrowser, type LoginBrowser } from '@mcp-obo/dev-idp/login';
import { createLoginBrowser as createKeycloakBrowser } from '@mcp-obo/keycloak/login';
import {
  type BreakName,
  type IdpKind,
  type Platform,
  type PlatformUser,
  startPlatform,
} from '@mcp-obo/platform';
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from '@mcp-obo/platform/otlp';
import { trace } from '@opentelemetry/api';
import { connectMachine } from './machine.ts';
import type { ToolAnswer } from './person.ts';

/** The platform of a demo, with a receiver that reads its trace back. */
export interface DemoPlatform {
  readonly urls: Platform['urls'];
  readonly user: (username: string) => PlatformUser;
  readonly otlp: OtlpReceiver;
  /** A browser that knows the login pages of the identity provider. */
  readonly createBrowser: () => LoginBrowser;
  /** Exchanges the broker made at the identity provider below the active span, once its answer is in the trace. */
  readonly exchangesInThisStep: () => Promise<number>;
  /** A client with a token of its own and no user. */
  readonly connectMachine: () => Promise<{
    readonly call: (tool: string) => Promise<ToolAnswer>;
    readonly close: () => Promise<void>;
  }>;
  /** Ends the processes; they send their last spans before. May be called more than once. */
  readonly stop: () => Promise<void>;
  /** Ends the receiver too. */
  readonly close: () => Promise<void>;
}

export interface DemoPlatformOptions {
  readonly basePort: number;
  readonly idp: IdpKind;
  /** Told before a step of the start that takes long. */
  readonly say?: (line: string) => void;
  readonly breakHop?: BreakName;
  readonly signal: AbortSignal;
}

/** Starts receiver and platform. Rejects with one sentence; nothing is left running then. */
export async function startDemoPlatform({
  basePort,
  idp,
  breakHop,
  say,
  signal,
}: DemoPlatformOptions): Promise<DemoPlatform> {
  const otlp = await startOtlpReceiver({ port: basePort + 4 });
  const platform = await startPlatform({
    basePort,
    idp,
    breakHop,
    signal,
    telemetryEndpoint: otlp.url,
    ...(say !== undefined && { say }),
    ...(idp === 'keycloak' && { redis: 'own' }),
  }).catch(async (error) => {
    await otlp.close();
    throw error;
  });
  const { urls, clients } = platform;
  return {
    urls,
    otlp,
    createBrowser: browsers[idp],
    user: (username) => {
      const found = platform.users.find((user) => user.username === username);
      if (found === undefined) throw new Error(`The platform has no user ${username}.`);
      return found;
    },
    exchangesInThisStep: async () => {
      const step = trace.getActiveSpan()?.spanContext().spanId ?? '';
      const below = () => descendants(otlp.spans(), step);
      await otlp.waitFor(() => below().some(isTokenRequest));
      return below().filter((span) => isUpstreamRequest(span, urls.idp)).length;
    },
    connectMachine: () => connectMachine(urls.mcp, clients.nightlyJob),
    stop: platform.stop,
    close: async () => {
      await platform.stop();
      await otlp.close();
    },
  };
}

const browsers: Readonly<Record<IdpKind, () => LoginBrowser>> = {
  embedded: createDevIdpBrowser,
  keycloak: createKeycloakBrowser,
};

/** Spans whose chain of parents leads to that span. */
function descendants(spans: readonly ReceivedSpan[], ancestor: string): readonly ReceivedSpan[] {
  const parents = new Map(spans.map(({ spanId, parentSpanId }) => [spanId, parentSpanId]));
  const isBelow = (id: string | undefined): boolean =>
    id !== undefined && (id === ancestor || isBelow(parents.get(id)));
  return spans.filter(({ parentSpanId }) => isBelow(parentSpanId));
}

function isTokenRequest({ service, kind, name }: ReceivedSpan): boolean {
  return service === 'broker' && kind === 'server' && name.includes('/token');
}

/** A POST of the broker to the identity provider; keys and discovery are read with GET. */
function isUpstreamRequest({ service, kind, attributes }: ReceivedSpan, idp: string): boolean {
  const { 'http.request.method': method, 'url.full': url } = attributes;
  return service === 'broker' && kind === 'client' && method === 'POST' && String(url).startsWith(idp);
}
