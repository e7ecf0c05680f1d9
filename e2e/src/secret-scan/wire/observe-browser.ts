import type { BrowserContext, Request } from 'playwright-core';
import type { WireMessage } from './message.ts';

/** Sees every exchange of a browser: cookies, forms that are posted, codes in redirects. */
export function observeBrowser(context: BrowserContext, see: (message: WireMessage) => void): void {
  context.on('requestfinished', async (request: Request) => {
    // A browser that closes takes answers with it; its requests are known before.
    const response = await request.response().catch(() => null);
    const fields = await response?.headersArray().catch(() => []);
    see({
      method: request.method(),
      url: request.url(),
      requestFields: Object.entries(await request.allHeaders().catch(() => request.headers())),
      requestBody: request.postData() ?? '',
      status: response?.status() ?? 0,
      responseFields: (fields ?? []).map(({ name, value }) => [name, value] as const),
      responseBody: '',
    });
  });
}
