/** One rule with one observable outcome. */
export interface RequirementRow {
  readonly must: string;
  /** The specification or guide it comes from. */
  readonly source: string;
  /** `MUST` where a standard asks for it, `SHOULD` where deployment guides alone do. */
  readonly level: 'MUST' | 'SHOULD';
}

/** Every requirement by its id. Tests claim an id in their title, as `verifies` writes it. */
export const requirements = {
  // rs: resource server (packages/validator, apps/mcp-server)
  'rs:no-token': {
    must: 'no credentials: 401, `WWW-Authenticate: Bearer resource_metadata="…", scope="…"`, no `error` parameter',
    source: 'RFC 6750 §3.1, RFC 9728 §5.1',
    level: 'MUST',
  },
  'rs:header-only': {
    must: 'only the Authorization header is a credential; a token in body or cookie is no token, one in the query alone is no token and is never logged; header and query together: 400',
    source: 'RFC 9700 §4.3.2, MCP',
    level: 'MUST',
  },
  'rs:malformed': {
    must: 'malformed request (empty, two words, two headers, header and query): 400 `invalid_request`; one word that is no valid token: 401 `invalid_token`',
    source: 'RFC 6750 §3.1, MCP',
    level: 'MUST',
  },
  'rs:invalid-token': {
    must: 'every reason a token is refused: 401 `invalid_token` with one wire message; the reason is in log, metric and audit',
    source: 'RFC 6750 §3.1',
    level: 'MUST',
  },
  'rs:signature': {
    must: "signature checked with the issuer's key for `kid`; unknown, absent, duplicate or unusable keys refuse",
    source: 'RFC 7515, 8725',
    level: 'MUST',
  },
  'rs:alg': {
    must: "algorithm allow-list of asymmetric algorithms, pinned to the key's `alg`/`kty`; `none`, HS*, confusion refused",
    source: 'RFC 8725 §3.1',
    level: 'MUST',
  },
  'rs:no-embedded-key': {
    must: '`jwk`, `jku`, `x5u`, `x5c` in a header never select a key; unknown `crit` refuses',
    source: 'RFC 8725 §3.10',
    level: 'MUST',
  },
  'rs:canonical': {
    must: 'JWT issuers: non-canonical base64url, padding, white space, duplicate members refuse, so one token has one hash; opaque issuers accept the whole b64token alphabet',
    source: 'RFC 7515 §2',
    level: 'MUST',
  },
  'rs:typ': {
    must: "`at+jwt` accepted; `JWT` or an absent `typ` only where the issuer's profile says so (Entra, Keycloak CIMD/DCR clients, Okta); ID tokens, logout tokens, assertions refused whatever their `typ`",
    source: 'RFC 9068 §4',
    level: 'MUST',
  },
  'rs:claims': {
    must: "`iss`, `aud`, `sub`, `exp`, `iat`, client and token id required, the latter two by the profile's names (`client_id`, `azp`, `appid`, `cid`; `jti`, `uti`); types checked; an Entra token needs `scp`, or `roles` with `idtyp`",
    source: 'RFC 9068 §2.2',
    level: 'MUST',
  },
  'rs:issuer': {
    must: '`iss` matches one configured issuer exactly; key, audience and dialect come from that issuer only',
    source: 'RFC 9700, MCP',
    level: 'MUST',
  },
  'rs:audience': {
    must: "`aud` contains one of this server's identifiers exactly (canonical URL, `api://…`, GUID); further audiences only if configured as companions of that issuer",
    source: 'MCP, RFC 8707, RFC 9700 §2.3',
    level: 'MUST',
  },
  'rs:time': {
    must: '`exp`, `nbf`, `iat` with 30 s tolerance by default; `iat` in the future beyond it refuses',
    source: 'RFC 7519, Guide',
    level: 'MUST',
  },
  'rs:max-lifetime': {
    must: "the longest accepted `exp - iat` is a setting of the issuer's profile (Entra issues 60–90 min and up to 28 h with CAE, Auth0 24 h by default); tiers tighten by token age; doctor and log warn above 60 min",
    source: 'Guide',
    level: 'SHOULD',
  },
  'rs:size': {
    must: 'a token over 8 KiB refuses before any parsing; a header block over the server limit gets 431',
    source: 'Guide',
    level: 'SHOULD',
  },
  'rs:jwks-ttl': {
    must: 'keys cached 5 min by default, refreshed in the background before expiry',
    source: 'Guide',
    level: 'SHOULD',
  },
  'rs:jwks-rotation': {
    must: 'a token whose signature fails or whose `kid` is unknown is tried once more after one forced refresh (also when the IdP reused the `kid`); while the cooldown forbids the refresh the answer is 503, not 401, if the key may be new',
    source: 'Guide',
    level: 'SHOULD',
  },
  'rs:jwks-cooldown': {
    must: 'a flood of unknown `kid`s causes at most one fetch per 30 s per issuer, single-flight',
    source: 'Guide',
    level: 'SHOULD',
  },
  'rs:jwks-stale': {
    must: 'IdP unreachable: known keys keep working up to a bound (default 24 h), alarmed by a metric',
    source: 'Guide',
    level: 'SHOULD',
  },
  'rs:jwks-unreachable': {
    must: 'no usable keys and IdP down: 503 with Retry-After, never 401',
    source: 'Guide',
    level: 'SHOULD',
  },
  'rs:multi-issuer': {
    must: 'several issuers and tenants at once, each with its own scopes policy and audit stream; a key, audience, cache entry, row or record of one never serves another',
    source: 'Guide',
    level: 'SHOULD',
  },
  'rs:introspection': {
    must: 'opaque tokens by RFC 7662 with client authentication, cached no longer than `exp` and a bound, single-flight',
    source: 'RFC 7662',
    level: 'MUST',
  },
  'rs:dpop': {
    must: 'DPoP-bound token needs a valid proof: `htm`, `htu`, `iat` window, `ath`, `jti` replay (shared store), optional nonce; `token_type` DPoP challenge',
    source: 'RFC 9449',
    level: 'MUST',
  },
  'rs:mtls': {
    must: 'certificate-bound token needs the same client certificate (direct TLS or trusted proxy header)',
    source: 'RFC 8705',
    level: 'MUST',
  },
  'rs:cnf': {
    must: 'any `cnf` that is present must be proved; a kind that is not understood refuses',
    source: 'RFC 7800',
    level: 'MUST',
  },
  'rs:revoked': {
    must: 'a token revoked by token id, session, client or user before a time is refused by every MCP server *and by the downstream API* within 1 s of the platform learning of it; what an IdP never tells (Keycloak: disable, delete, revocation of a token) is a table in the docs, closed by introspection where configured',
    source: 'RFC 7009, Guide',
    level: 'MUST',
  },
  'rs:revocation-view': {
    must: 'each process knows how old its view of revocations is (heartbeat, generation marker, so that a Redis that came back empty is noticed); older than 5 s: verified-token cache and L1 off, then per tier accept for at most 5 min (read-only), introspect, or 503',
    source: 'Guide',
    level: 'SHOULD',
  },
  'rs:identity': {
    must: 'user, client and tenant come from the validated token only; no header, body or `_meta` field changes them',
    source: 'Guide, BP',
    level: 'MUST',
  },
  'rs:user': {
    must: "the user is a key of the issuer's profile, not always `sub`: Entra `tid`+`oid` (its `sub` differs per app), Okta `uid`, else `sub`; `Grant.user` carries issuer and key, and rows, revocation, limits and audit use it",
    source: 'Entra token reference',
    level: 'MUST',
  },
  'rs:no-passthrough': {
    must: 'the inbound token never leaves the trust boundary: only the broker gets it; the downstream API refuses it',
    source: 'MCP',
    level: 'MUST',
  },
  'rs:origin': {
    must: '`Origin` and `Host` validated; DNS rebinding refused',
    source: 'MCP transports',
    level: 'MUST',
  },
  'rs:state-handle': {
    must: 'possession of a session, task or state handle is never authentication; handles are bound to the user',
    source: 'BP',
    level: 'MUST',
  },
  'rs:both-eras': {
    must: '2026-07-28 and 2025-11-25/06-18/03-26 clients work against the same URL',
    source: 'MCP',
    level: 'MUST',
  },
  // md: metadata
  'md:locations': {
    must: 'RFC 9728 document at the path-inserted and the root well-known URI, identical, cacheable, CORS for browsers incl. exposed `WWW-Authenticate`',
    source: 'MCP, RFC 9728',
    level: 'MUST',
  },
  'md:resource': {
    must: '`resource` is the canonical URL byte for byte as configured, no added slash; never built from Host or X-Forwarded-*',
    source: 'RFC 9728 §3.3',
    level: 'MUST',
  },
  'md:content': {
    must: '`authorization_servers`, minimal `scopes_supported` (no `offline_access`), `bearer_methods_supported`, `resource_documentation`, `resource_name`, DPoP and mTLS flags',
    source: 'RFC 9728',
    level: 'MUST',
  },
  'md:discovery': {
    must: 'AS discovery tries RFC 8414 path-insert, OIDC path-insert, OIDC append; `issuer` must echo exactly',
    source: 'RFC 8414, MCP',
    level: 'MUST',
  },
  'md:ssrf': {
    must: 'discovery, JWKS, CIMD and introspection fetches: https, no private or link-local targets unless configured, bounded size, time and redirects',
    source: 'BP',
    level: 'MUST',
  },
  'md:cimd': {
    must: 'the platform can publish and read client ID metadata documents',
    source: 'MCP',
    level: 'MUST',
  },
  // sc: scopes and policy
  'sc:deny-by-default': {
    must: 'a tool, resource or prompt without a declared requirement cannot be registered',
    source: 'Guide',
    level: 'SHOULD',
  },
  'sc:base': {
    must: '`mcp:tools` contains `:read` (list) and `:execute` (call), never `:admin` (manage registrations: approve a changed tool); `mcp:resources`, `mcp:prompts`; the lattice is data and every check honours it',
    source: 'MCP S8, Guide',
    level: 'MUST',
  },
  'sc:per-tool': {
    must: 'each tool states its own scopes; checked in the handler path, not only at the edge',
    source: 'Guide',
    level: 'SHOULD',
  },
  'sc:challenge': {
    must: "short of a scope that a new login can bring: 403 `insufficient_scope` with *all* scopes for this operation in one challenge, in the issuer's own dialect, with `resource_metadata` and a JSON-RPC body; a per-client switch answers `isError` for clients that cannot take a 403; what no login can mend (role, allowed-tools, machine token, scope still missing after step-up) is always a tool error that says so",
    source: 'MCP, RFC 6750 §3.1',
    level: 'MUST',
  },
  'sc:list-filter': {
    must: 'lists show what the caller may use now or could use after step-up, marked private to that caller for caches; they hide what the user can never get, and a hidden tool answers like an unknown one',
    source: 'MCP caching, Guide',
    level: 'MUST',
  },
  'sc:allowed-tools': {
    must: '`mcp_allowed_tools` narrows to the named tools; an empty array means none',
    source: 'Guide',
    level: 'SHOULD',
  },
  'sc:roles': {
    must: 'roles → permissions → tools, from token claims; groups map to roles or scopes by configuration, by full path; an overage (Entra `_claim_names`, over 200 groups) refuses with a reason instead of meaning no groups',
    source: 'Guide',
    level: 'SHOULD',
  },
  'sc:dialects': {
    must: '`scope` string, `scp` string or array, roles; `api://app/scope` and URL-prefixed scopes understood per issuer',
    source: 'Guide',
    level: 'SHOULD',
  },
  'sc:tiers': {
    must: 'each tool has a sensitivity tier; the tier sets maximum token age by `iat` (defaults: read-only 30 min, read-write 15, financial or personal data 10, admin 5; too old: 401 `invalid_token`, a refresh mends it), maximum login age by `auth_time`, required `acr`/`amr`, sender constraint, client attestation, approval',
    source: 'RFC 9470, Guide',
    level: 'MUST',
  },
  'sc:degrade': {
    must: 'a refused call tells the agent, in a form it can act on and without naming what it may not know, what is missing and which allowed tool would serve; a scripted agent reaches its goal by it',
    source: 'Guide',
    level: 'SHOULD',
  },
  'sc:step-up': {
    must: 'login too old or too weak: 401 `insufficient_user_authentication` with `max_age`/`acr_values` (for Entra `insufficient_claims` with `acrs`); a fresh login then passes; a client that cannot do it gets URL-mode elicitation',
    source: 'RFC 9470, Entra',
    level: 'MUST',
  },
  'sc:approval': {
    must: 'the tier decides whether the user approves: never, once a session, each call (elicitation, bound to tool, arguments, user and time, single use)',
    source: 'Guide',
    level: 'SHOULD',
  },
  'sc:arguments': {
    must: 'requirements can depend on arguments (amount, tenant, path)',
    source: 'Guide',
    level: 'SHOULD',
  },
  'sc:sequence': {
    must: 'rules over the sequence of calls of one user and client (e.g. no external send after reading confidential data) decide deterministically, shared across replicas',
    source: 'Guide',
    level: 'SHOULD',
  },
  'sc:dynamic': {
    must: 'a client may declare the tools it will use; the session is then narrowed to them',
    source: 'Guide',
    level: 'SHOULD',
  },
  'sc:attestation': {
    must: 'high-tier tools need a client known to have authenticated strongly; sources are `azpacr` (Entra), `cnf`, a client allow-list',
    source: 'RFC 7523, Guide',
    level: 'MUST',
  },
  'sc:m2m': {
    must: 'a token without a user (by profile: `sub` = client, `idtyp`, `gty`, Keycloak service account) reaches only tools that allow it and never an on-behalf-of target',
    source: 'Guide',
    level: 'SHOULD',
  },
  // tb: token broker
  'tb:rfc8693': {
    must: '`POST /token` with the token-exchange grant, all parameters, response fields and error codes of the RFC',
    source: 'RFC 8693',
    level: 'MUST',
  },
  'tb:jwt-bearer': {
    must: 'the same endpoint accepts Entra-shaped OBO requests, so MSAL clients work against it unchanged (over https; `openid profile offline_access` and `client_info` are tolerated, a refresh token never returned)',
    source: 'Entra OBO',
    level: 'MUST',
  },
  'tb:upstream-entra': {
    must: 'exchange at Entra: jwt-bearer, `requested_token_use=on_behalf_of`, secret, certificate or federated credential; parameters byte-compatible with MSAL',
    source: 'Entra OBO',
    level: 'MUST',
  },
  'tb:upstream-8693': {
    must: 'exchange at Keycloak, Okta, Auth0 or any RFC 8693 server, with their differences as data',
    source: 'RFC 8693',
    level: 'MUST',
  },
  'tb:upstream-credential': {
    must: "the broker shows the IdP the credential that belongs to the calling client's own registration (Entra and Auth0 demand that the subject token's `aud` is that application); one MCP server cannot exchange with another's",
    source: 'Entra OBO, RFC 8693',
    level: 'MUST',
  },
  'tb:upstream-idjag': {
    must: "two-step identity assertion grant to a resource's own authorization server",
    source: 'ID-JAG',
    level: 'MUST',
  },
  'tb:mint': {
    must: 'broker-signed internal token: short-lived, narrower, nested `act`, own JWKS',
    source: 'RFC 8693 §4.1',
    level: 'MUST',
  },
  'tb:m2m': {
    must: 'client-credentials tokens for system-scoped calls, cached the same way',
    source: 'Guide',
    level: 'SHOULD',
  },
  'tb:client-auth': {
    must: '`private_key_jwt` (jti replay refused), `client_secret_basic/post`, mTLS, workload identity (SPIFFE JWT-SVID, Kubernetes projected token)',
    source: 'RFC 7523, 8705',
    level: 'MUST',
  },
  'tb:subject-check': {
    must: "the subject token is fully validated and its audience must be the calling client's own resource, as registered; or the caller is the client the token was issued to and asks for less (sub-agents, by mint)",
    source: 'RFC 8693, MCP',
    level: 'MUST',
  },
  'tb:policy': {
    must: 'deny by default: policy maps (client, target, subject scopes, tenant) to a ceiling of scopes and audiences',
    source: 'Guide',
    level: 'SHOULD',
  },
  'tb:resource-registry': {
    must: 'every resource is registered with its canonical URI, owner client, tenants and allowed targets; a clash or a non-canonical URI is refused at registration, and every exchange is held against it',
    source: 'RFC 8707, Guide',
    level: 'MUST',
  },
  'tb:narrow-only': {
    must: "never more than the policy's ceiling: what comes back is checked for issuer, audience, user key, scopes, and refused when above the ceiling or someone else's; a life beyond the subject's is capped in cache and `expires_in`, not refused; a target is declared `jwt` (checked) or `opaque` (Graph: never parsed, `scope` of the response checked)",
    source: 'Guide',
    level: 'SHOULD',
  },
  'tb:may-act': {
    must: 'the actor is `actor_token`, else the authenticated client; `may_act` is compared by `iss`+`sub`, its absence leaves it to policy; only the outermost actor counts for access; depth at most 5 by default',
    source: 'RFC 8693 §4.1, §4.4',
    level: 'MUST',
  },
  'tb:sub-agent': {
    must: 'an orchestrator gets narrower, shorter tokens for its sub-agents, same audience, `act` naming each; two hops (tool → API → second API) keep user and chain',
    source: 'RFC 8693 §4.1, Guide',
    level: 'MUST',
  },
  'tb:cache-key': {
    must: "key covers all that decides the answer: grant, issuer, token hash, actor hash, client, upstream credential, target, audience, resource, sorted scopes, requested type, `claims`, `cnf` and presenter's key, policy version; unambiguous encoding; two different answers never share a key",
    source: 'Guide',
    level: 'SHOULD',
  },
  'tb:cache-ttl': {
    must: 'entry lives to min(`expires_in`, subject `exp`) less min(60 s, 20 %); `expires_in` on a hit is what remains; never served past either',
    source: 'Guide',
    level: 'SHOULD',
  },
  'tb:cache-sealed': {
    must: 'values sealed with AES-256-GCM, key derived per entry, key rotation; no token or PII readable in Redis',
    source: 'Guide',
    level: 'SHOULD',
  },
  'tb:single-flight': {
    must: 'N identical cold requests over any number of replicas: one upstream call',
    source: 'Guide',
    level: 'SHOULD',
  },
  'tb:negative': {
    must: 'refusals that repeat (`invalid_grant`, consent) are remembered briefly; faults are not',
    source: 'Guide',
    level: 'SHOULD',
  },
  'tb:revocation': {
    must: 'RFC 7009 (only by the client a token was issued to, or an operator), back-channel logout and security events evict exchanged tokens on all replicas within 1 s, revoke upstream what the broker obtained where the IdP can, and put them on the list that every validator reads',
    source: 'RFC 7009, OIDC BCL, SSF',
    level: 'MUST',
  },
  'tb:consent': {
    must: '`interaction_required`, `consent_required` reach the MCP client as URL-mode elicitation with a bound, single-use callback that checks it is the same user and clears the remembered refusal; claims challenges as 401 `insufficient_claims` only to clients that declared they can (`xms_cc: cp1`); never a bare 500',
    source: 'MCP elicitation, Entra CAE',
    level: 'MUST',
  },
  'tb:error-map': {
    must: 'a table from upstream error to what the MCP server says: subject refused upstream → 401 `invalid_token` at the server, our credential → 5xx and an alarm, fault → 503, consent and claims → tb:consent; tested row by row for each IdP',
    source: 'RFC 8693 §2.2.2, Entra',
    level: 'MUST',
  },
  'tb:retry': {
    must: 'upstream timeouts, jittered retries for faults only, `Retry-After` honoured, breaker per upstream, bounded concurrency',
    source: 'Guide',
    level: 'SHOULD',
  },
  'tb:redis-down': {
    must: 'Redis slow, gone, partitioned or failing over: exchanges go on by asking the IdP (no cache, own single-flight), nothing that was revoked is served (rs:revocation-view), nothing waits longer than the deadline; a Redis with an evicting policy is refused at start',
    source: 'Guide',
    level: 'SHOULD',
  },
  'tb:no-store': {
    must: 'responses `Cache-Control: no-store`; no token in URL, log, span, metric, audit or error',
    source: 'RFC 6749 §5.1',
    level: 'MUST',
  },
  'tb:health': {
    must: 'liveness, readiness and graceful drain; SIGTERM loses no request',
    source: 'Guide',
    level: 'SHOULD',
  },
  // op: operations
  'op:rate-tools': {
    must: '100 tool calls/min, 500 resource reads/min per client and user, shared by replicas, 429 + Retry-After + RateLimit headers',
    source: 'Guide',
    level: 'SHOULD',
  },
  'op:rate-refresh': {
    must: '10 token requests/h for refresh per client where we see them',
    source: 'Guide',
    level: 'SHOULD',
  },
  'op:lockout': {
    must: '5 failed authentications in 5 min from one source and client: blocked 15 min; no-token and expired do not count; cannot be used to lock out someone else behind the same address',
    source: 'Guide',
    level: 'SHOULD',
  },
  'op:metrics': {
    must: '`mcp_auth_success_total`, `mcp_auth_failure_total{reason}`, `mcp_token_refresh_total`, `mcp_jwks_refresh_total`, `mcp_obo_exchange_latency_ms`, `mcp_tool_invocation_total{tool}` (the user is in the audit, not in a label), `mcp_rate_limit_hit_total`, IdP response time, issuance rate, cache hit/miss/single-flight/evict, breaker state; alert rules with thresholds',
    source: 'Guide',
    level: 'SHOULD',
  },
  'op:traces': {
    must: 'one trace from MCP client to downstream API through MCP server, broker, Redis and IdP; W3C context in HTTP and in MCP `_meta`',
    source: 'OTel',
    level: 'MUST',
  },
  'op:audit': {
    must: "one record per decision (authentication, authorization, exchange, tool call, policy or tool change) with user, `client_id`, tool, parameters (by the schema's sensitivity: value, hash or omitted), target, scopes, act chain, decision, reason, trace id; hash-chained, verifiable, exportable per tenant",
    source: 'Guide',
    level: 'SHOULD',
  },
  'op:redaction': {
    must: 'tokens, codes, secrets and DPoP proofs never appear in logs, traces, audit, errors or model-visible output',
    source: 'Guide',
    level: 'SHOULD',
  },
  'op:tls': {
    must: 'TLS 1.3 only at the edge, HSTS, optional mTLS inward and pinned certificates outward; certificate reload without restart',
    source: 'Guide',
    level: 'SHOULD',
  },
  'op:secrets': {
    must: 'secrets from files or a secret manager, reloadable, never required in environment variables; separate per environment',
    source: 'Guide',
    level: 'SHOULD',
  },
  'op:tool-integrity': {
    must: 'tool definitions are hashed and pinned; a change is refused until approved, with an alert; names are namespaced',
    source: 'Guide',
    level: 'SHOULD',
  },
  'op:output': {
    must: 'tool output is bounded in size, structured, stripped of credentials and control sequences before it reaches the model',
    source: 'OWASP LLM01, Guide',
    level: 'MUST',
  },
  'op:doctor': {
    must: 'one command checks an IdP set-up against every common pitfall and the lifetimes (access, refresh, session) against the tier table, and says how to fix each',
    source: 'Guide',
    level: 'SHOULD',
  },
  'op:config': {
    must: 'a deployment is possible by environment variables alone, with the names the guides use (`MCP_PORT`, `OAUTH_ISSUER`, `OAUTH_AUDIENCE`, `OAUTH_JWKS_URI`, `OAUTH_REQUIRED_SCOPES`, `OBO_CLIENT_ID`, `OBO_CLIENT_SECRET` and its `_FILE` form, `RATE_LIMIT_RPM`, `REDIS_URL`, `LOG_LEVEL`); a file adds the rest; `GET /health` answers',
    source: 'Guide',
    level: 'SHOULD',
  },
  'op:anomaly': {
    must: 'unusual patterns are signalled: refresh spikes, one token from many places, refusals in a row, a client reaching for many targets, audience probing; each a metric and an audit event with a threshold',
    source: 'Guide',
    level: 'SHOULD',
  },
  'op:federation': {
    must: 'the corporate directory sits behind the IdP (OIDC and SAML): its groups become roles or scopes here, its MFA becomes `acr`, its session end ends access',
    source: 'Guide',
    level: 'SHOULD',
  },
  'op:cert-expiry': {
    must: 'the age of every certificate and key in use is a metric with an alert before it ends',
    source: 'Guide',
    level: 'SHOULD',
  },
  'op:evidence': {
    must: 'one command runs the flow and the attacks and writes a report: control, test, result, trace',
    source: 'Guide',
    level: 'SHOULD',
  },
  // cl: client side (demo client, docs)
  'cl:pkce': {
    must: 'S256 always, `state`, RFC 9207 `iss`, exact redirect, loopback or https',
    source: 'MCP, OAuth 2.1',
    level: 'MUST',
  },
  'cl:resource': {
    must: '`resource` in authorization and token requests',
    source: 'RFC 8707',
    level: 'MUST',
  },
  'cl:refresh': {
    must: 'refresh before expiry, rotation kept, replay detected; revoked on sign-out',
    source: 'OAuth 2.1, RFC 7009',
    level: 'MUST',
  },
  'cl:storage': {
    must: "tokens in the OS keychain or memory, never plain files; the client's docs say what a system prompt should forbid",
    source: 'Guide',
    level: 'SHOULD',
  },
} as const satisfies Record<string, RequirementRow>;

export type RequirementId = keyof typeof requirements;
