import { isLoopback } from '@mcp-obo/config';
import { hasRedis } from '@mcp-obo/redis-connection';
import { resourceChecks } from '../registry/resource-checks.ts';
import type { BrokerConfig } from './broker-config.ts';
import { type Check, type Finding, repeated, unknown } from './findings.ts';

/** What must hold between sections. A section that could not be parsed is absent, and its checks are silent. */
export const crossChecks: readonly Check[] = [
  ({ issuers = [] }) =>
    repeated(
      'issuers',
      issuers.map(({ issuer }) => [issuer]),
    ),
  ({ clients = [] }) =>
    repeated(
      'clients',
      clients.map(({ id }) => [id]),
    ),
  ({ targets = [] }) =>
    repeated(
      'targets',
      targets.map(({ name, audience, resource }) => [
        ...new Set([
          name,
          ...(typeof audience === 'string' ? [audience] : []),
          ...(resource ? [resource] : []),
        ]),
      ]),
    ),
  answersOfForeignIssuers,
  ({ issuers = [] }) =>
    repeated(
      'issuers',
      issuers.map(({ issuer, security_events: events }) =>
        events === undefined ? [] : [`transmitter ${events.transmitter ?? issuer}`],
      ),
    ),
  ...resourceChecks,
  mintedTargets,
  targetsOfOtherDomains,
  serversThatAreIssuers,
  upstreamsOfUnknownIssuers,
  rulesThatNameNothing,
  loopbackIssuers,
  plainHttp,
  unsealedRedis,
  certificatesOfNobody,
];

type Issuer = BrokerConfig['issuers'][number];

/** An issuer that answers for another must be of the same tenant and profile: a token of it names their users. */
function answersOfForeignIssuers({ issuers = [] }: Partial<BrokerConfig>): readonly Finding[] {
  const names = (entry: Issuer) => new Set([entry.issuer, ...entry.answer_issuers]);
  return issuers.flatMap((entry, index) =>
    entry.answer_issuers.flatMap((answer) => {
      const foreign = issuers.findIndex(
        (other) =>
          names(other).has(answer) && (other.tenant !== entry.tenant || other.profile !== entry.profile),
      );
      return foreign === -1
        ? []
        : [
            {
              path: ['issuers', index, 'answer_issuers'],
              message: `${answer} is an issuer of issuers.${foreign} too, which has another tenant or profile`,
            },
          ];
    }),
  );
}

/** A minted token is a JWT for one audience, whoever the user's issuer is. */
function mintedTargets({ targets = [], ...config }: Partial<BrokerConfig>): readonly Finding[] {
  return targets.flatMap((target, index) => {
    if (target.upstream !== 'mint') return [];
    const at = (member: string) => ['targets', index, member];
    return [
      ...(config.mint === undefined
        ? [{ path: at('upstream'), message: 'mint needs keys: set mint.keys' }]
        : []),
      ...(target.kind === 'jwt' ? [] : [{ path: at('kind'), message: 'must be jwt: minted tokens are' }]),
      ...(typeof target.audience === 'string' && target.answer_audience === undefined
        ? []
        : [
            { path: at('audience'), message: 'must be one name for all issuers, as the broker mints for it' },
          ]),
    ];
  });
}

/** A target of another domain names its authorization server, and no other target does. */
function targetsOfOtherDomains({
  targets = [],
  authorization_servers: servers,
}: Partial<BrokerConfig>): readonly Finding[] {
  return targets.flatMap(({ upstream, authorization_server: server }, index) => {
    const path = ['targets', index, 'authorization_server'];
    if (upstream === 'id-jag' && server === undefined) return [{ path, message: 'is required with id-jag' }];
    if (upstream !== 'id-jag' && server !== undefined) return [{ path, message: 'goes with id-jag alone' }];
    const known = servers?.map(({ issuer }) => issuer);
    return unknown(path, server === undefined ? [] : [server], known, 'one of the authorization_servers');
  });
}

/** Users log in at an issuer; a server of another domain only takes assertions. */
function serversThatAreIssuers({
  issuers = [],
  authorization_servers: servers = [],
}: Partial<BrokerConfig>): readonly Finding[] {
  const names = servers.map(({ issuer }) => issuer);
  return [
    ...repeated(
      'authorization_servers',
      names.map((name) => [name]),
    ),
    ...names.flatMap((name, index) =>
      issuers.some(({ issuer }) => issuer === name)
        ? [{ path: ['authorization_servers', index, 'issuer'], message: `${name} is one of the issuers` }]
        : [],
    ),
  ];
}

function upstreamsOfUnknownIssuers({
  clients = [],
  issuers,
  authorization_servers: servers,
}: Partial<BrokerConfig>): readonly Finding[] {
  const known =
    issuers === undefined || servers === undefined
      ? undefined
      : [...issuers, ...servers].map(({ issuer }) => issuer);
  return clients.flatMap(({ upstream }, index) => {
    const used = upstream.map(({ issuer }) => issuer);
    return [
      ...unknown(['clients', index, 'upstream'], used, known, 'one of the issuers or authorization_servers'),
      ...repeated(
        `clients.${index}.upstream`,
        used.map((issuer) => [issuer]),
      ),
    ];
  });
}

function rulesThatNameNothing({
  policy,
  clients,
  targets,
  issuers,
}: Partial<BrokerConfig>): readonly Finding[] {
  const tenants = issuers?.map(({ tenant }) => tenant);
  const ids = clients?.map(({ id }) => id);
  const names = targets?.map(({ name }) => name);
  return (policy?.rules ?? []).flatMap((rule, index) => {
    const at = (member: string) => ['policy', 'rules', index, member];
    const target = targets?.find(({ name }) => name === rule.target);
    const scopes = rule.machine === true ? target?.machine_scopes : target?.scopes;
    return [
      ...unknown(at('clients'), rule.clients, ids, 'one of the clients'),
      ...unknown(at('tenants'), rule.tenants, tenants, 'the tenant of an issuer'),
      ...unknown(at('target'), [rule.target], names, 'one of the targets'),
      ...unknown(
        at('scopes'),
        rule.scopes,
        scopes,
        `one of the target's ${rule.machine === true ? 'machine_scopes' : 'scopes'}`,
      ),
    ];
  });
}

function loopbackIssuers({ issuers = [], network }: Partial<BrokerConfig>): readonly Finding[] {
  if (network === undefined || network.allow_loopback) return [];
  return issuers.flatMap(({ issuer }, index) =>
    isLoopback(URL.parse(issuer)?.hostname ?? '')
      ? [
          {
            path: ['issuers', index, 'issuer'],
            message: `${issuer} is on this machine; set network.allow_loopback to true for development`,
          },
        ]
      : [],
  );
}

function plainHttp({ listen, issuer = 'https:' }: Partial<BrokerConfig>): readonly Finding[] {
  if (listen === undefined || listen.tls !== undefined || isLoopback(listen.host)) return [];
  if (issuer.startsWith('https:')) return [];
  return [
    {
      path: ['listen', 'host'],
      message:
        'tokens go over plain http on loopback only; set listen.tls, or an https issuer and a proxy in front',
    },
  ];
}

function unsealedRedis({ cache, seal }: Partial<BrokerConfig>): readonly Finding[] {
  if (cache === undefined || !hasRedis(cache) || seal !== undefined) return [];
  return [
    {
      path: ['seal', 'keys'],
      message: 'is required with a Redis in cache: tokens are sealed before they go there',
    },
  ];
}

/** A client that proves itself by a certificate needs a connection that asks for one, and somebody who signed it. */
function certificatesOfNobody({ clients = [], listen }: Partial<BrokerConfig>): readonly Finding[] {
  if (listen === undefined) return [];
  return clients.flatMap(({ auth: { method } }, index) => {
    const needed =
      method === 'tls_client_auth' && listen.tls?.client_ca === undefined
        ? 'listen.tls.client_ca'
        : method === 'self_signed_tls_client_auth' && listen.tls === undefined
          ? 'listen.tls'
          : undefined;
    if (needed === undefined) return [];
    return [{ path: ['clients', index, 'auth', 'method'], message: `${method} needs ${needed}` }];
  });
}
