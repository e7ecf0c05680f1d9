interface Cookie {
  readonly value: string;
  readonly path: string;
}

/** Cookies of one origin: name, value, path and removal (RFC 6265 §5.3), which is all that is sent there. */
export function createCookieJar() {
  const cookies = new Map<string, Cookie>();
  return {
    /** The `Cookie` header for a request. */
    header(url: URL): string {
      return [...cookies]
        .filter(([, { path }]) => pathMatches(url.pathname, path))
        .map(([key, { value }]) => `${key.slice(key.indexOf(' ') + 1)}=${value}`)
        .join('; ');
    },
    store(url: URL, headers: readonly string[]): void {
      for (const header of headers) {
        const [pair = '', ...attributes] = header.split(';').map((part) => part.trim());
        const [name, value] = split(pair);
        const attribute = new Map(
          attributes.map((part) => split(part)).map(([key, text]) => [key.toLowerCase(), text]),
        );
        const path = attribute.get('path') ?? url.pathname.slice(0, url.pathname.lastIndexOf('/')) ?? '/';
        const key = `${path} ${name}`;
        const expires = attribute.get('expires');
        if (expires !== undefined && Date.parse(expires) <= 0) cookies.delete(key);
        else cookies.set(key, { value, path });
      }
    },
  };
}

function pathMatches(requested: string, path: string): boolean {
  return requested === path || requested.startsWith(path.endsWith('/') ? path : `${path}/`);
}

function split(text: string): [string, string] {
  const at = text.indexOf('=');
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
