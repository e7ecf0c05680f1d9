import type { Platform } from '../src/platform.ts';

/** The nightly job: gets its token and calls its tool, once. Gives the token and the tool's answer. */
export async function runMachineJob({ clients, urls }: Platform, headers: Record<string, string> = {}) {
  const { client_id, client_secret, issuer } = clients.nightlyJob;
  const issued = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${client_id}:${client_secret}`)}` },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      resource: urls.mcp,
      scope: 'mcp:tools:execute expenses:totals',
    }),
  });
  const { access_token: token } = (await issued.json()) as { access_token: string };
  const called = await fetch(urls.mcp, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2025-11-25',
      ...headers,
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'nightly_totals', arguments: {} },
    }),
  });
  const text = await called.text();
  return { token, status: called.status, answer: /\{.*\}/s.exec(text)?.[0] ?? text };
}
