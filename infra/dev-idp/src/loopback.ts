const loopbackNames = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** Whether a URL is of this machine. */
export function isLoopback(url: string | URL): boolean {
  return loopbackNames.has(new URL(url).hostname);
}
