import { z } from 'zod';

/** Where Redis is and who one is there. Exactly one of `url`, `sentinel` and `cluster`, or none: no Redis. */
export interface RedisSettings {
  /** `redis://host:6379/0`, or `rediss://` for TLS. */
  readonly url?: string | undefined;
  readonly sentinel?:
    | {
        /** Of the master, at the Sentinels. */
        readonly name: string;
        readonly nodes: readonly RedisNode[];
        readonly username?: string | undefined;
        readonly password?: string | undefined;
        /** False where the servers speak TLS and the Sentinels do not. */
        readonly tls: boolean;
      }
    | undefined;
  readonly cluster?: { readonly nodes: readonly RedisNode[] } | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly tls?:
    | {
        readonly ca?: string | undefined;
        readonly cert?: string | undefined;
        readonly key?: string | undefined;
        readonly server_name?: string | undefined;
      }
    | undefined;
}

export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

/**
 * Settings of a connection, to be spread into the members of a section, which is then refined with `checkRedis`.
 *
 * @param text how a secret or a PEM text is written; its output is the text
 */
export function redisMembers<T extends z.ZodType<string>>(text: T) {
  const nodes = z.array(node).min(1);
  return {
    /** One server: `redis://` or `rediss://`. */
    url: z
      .string()
      .refine(isRedisUrl, 'must be a redis:// or rediss:// URL, as in rediss://host:6379')
      .optional(),
    /** Sentinels that know where the master is. */
    sentinel: z
      .strictObject({
        name: z.string().min(1),
        nodes,
        username: z.string().min(1).optional(),
        password: text.optional(),
        tls: z.boolean().default(true),
      })
      .optional(),
    /** Nodes of a Redis Cluster to begin with; the others are found. */
    cluster: z.strictObject({ nodes }).optional(),
    /** The ACL user. */
    username: z.string().min(1).optional(),
    password: text.optional(),
    /** Authorities of the servers, and the certificate that is shown to them, in PEM. */
    tls: z
      .strictObject({
        ca: text.optional(),
        cert: text.optional(),
        key: text.optional(),
        server_name: z.string().min(1).optional(),
      })
      .optional(),
  };
}

/** True when there is a Redis to connect to. */
export function hasRedis({ url, sentinel, cluster }: Partial<RedisSettings>): boolean {
  return url !== undefined || sentinel !== undefined || cluster !== undefined;
}

/** Refines a section: settings that do not fit together are reported where they stand. */
export function checkRedis(settings: Partial<RedisSettings>, context: z.core.$RefinementCtx): void {
  for (const { path, message } of redisProblems(settings))
    context.addIssue({ code: 'custom', path: [...path], message });
}

function redisProblems(settings: Partial<RedisSettings>): readonly {
  readonly path: readonly string[];
  readonly message: string;
}[] {
  const { url, sentinel, cluster, username, password, tls } = settings;
  const ways = Object.entries({ url, sentinel, cluster }).filter(([, way]) => way !== undefined);
  const { protocol, username: urlUser = '', password: urlPassword = '' } = URL.parse(url ?? '') ?? {};
  const rules: readonly (readonly [bad: boolean, path: string, message: string])[] = [
    [
      ways.length > 1,
      ways[1]?.[0] ?? '',
      `cannot stand beside ${ways[0]?.[0]}: give one of url, sentinel and cluster`,
    ],
    [
      ways.length === 0 && username !== undefined,
      'username',
      'is of no use without url, sentinel or cluster',
    ],
    [
      ways.length === 0 && password !== undefined,
      'password',
      'is of no use without url, sentinel or cluster',
    ],
    [ways.length === 0 && tls !== undefined, 'tls', 'is of no use without url, sentinel or cluster'],
    [protocol === 'redis:' && tls !== undefined, 'tls', 'goes with a rediss:// URL; this one is redis://'],
    [username !== undefined && password === undefined, 'password', 'is required with username'],
    [
      urlUser + urlPassword !== '' && (username ?? password) !== undefined,
      'url',
      'has a user or password in it, and there is one beside it; keep the latter',
    ],
    [(tls?.cert === undefined) !== (tls?.key === undefined), 'tls', 'needs cert and key together'],
  ];
  return rules.flatMap(([bad, path, message]) => (bad ? [{ path: [path], message }] : []));
}

const node = z.string().transform((text, context) => {
  const { hostname, port } = URL.parse(`redis://${text}`) ?? {};
  const plain = hostname !== undefined && hostname !== '' && /^[^/@?#]+$/.test(text);
  if (plain) return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port || defaultPort) };
  context.addIssue('must be host:port');
  return z.NEVER;
});

const defaultPort = 6379;

function isRedisUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.hostname === '' || url.search !== '' || url.hash !== '') return false;
  return /^rediss?:$/.test(url.protocol) && /^(\/\d*)?$/.test(url.pathname);
}
