import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import type { ClientMetadata, Configuration, KoaContextWithOIDC } from 'oidc-provider';

/** A person or machine the provider knows. */
export interface Persona {
  readonly sub: string;
  readonly name?: string;
  readonly email?: string;
  readonly groups: readonly string[];
  readonly kind: 'person' | 'machine';
}

export interface OidcProviderOptions {
  /** Loopback port; 0 takes a free one. */
  readonly port?: number;
  /** The audience of access tokens. */
  readonly audience: string;
  readonly personas: readonly Persona[];
  readonly tokenSeconds?: number;
  /** A gateway where people sign in with a browser: its origin, and the names it may have given this provider. */
  readonly web?: { readonly origin: string; readonly names: readonly string[] };
}

/** What a token is asked for. Claims not named come from the persona. */
export interface TokenRequest {
  readonly subject: string;
  /** The agent acting for the subject (RFC 8693 `act`). */
  readonly actor?: string;
  readonly task?: string;
  readonly audience?: string;
  readonly expiresInSeconds?: number;
  /** Set as they are, over everything else. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

export interface RunningOidcProvider {
  readonly issuer: string;
  readonly tokenEndpoint: string;
  /** For code flow with PKCE and device flow; a public client. */
  readonly publicClientId: string;
  /** For code flow in a gateway, where people sign in with a browser. */
  readonly webClient: { readonly id: string; readonly secret: string };
  /** For client_credentials. */
  readonly machineClient: { readonly id: string; readonly secret: string };
  /** An access token through the provider's real token endpoint. */
  token(request: TokenRequest): Promise<string>;
  /** The curl line that prints such a token: what a person types to get one. */
  tokenCommand(request: TokenRequest): string;
  /** Signs with a new key from now on. `keepOld` still publishes the former one. */
  rotateKeys(options?: { readonly keepOld: boolean }): Promise<void>;
  /** What a person is in from now on, in tokens that are issued later. */
  setGroups(subject: string, groups: readonly string[]): void;
  /** The provider knows this person no longer. */
  forget(subject: string): void;
  /** While true, every request is answered 503. */
  setOutage(outage: boolean): void;
  /** Requests seen by path, since the start. */
  requests(path: string): number;
  close(): Promise<void>;
}

/** Mints for a named persona. It exists so that a demo and tests need no browser; the client secret guards it. */
const PERSONA_GRANT = 'urn:sallyport:demo:persona';
const DEMO_CLIENT = 'sallyport-demo';
const PUBLIC_CLIENT = 'sallyport-cli';
const MACHINE_CLIENT = 'nightly-report';
const WEB_CLIENT = 'sallyport-web';

interface Secrets {
  readonly demo: string;
  readonly machine: string;
  readonly web: string;
}

/** Starts a real OpenID Connect provider on loopback, for the demo and the tests. Not for production: anyone may sign in. */
export async function startOidcProvider(options: OidcProviderOptions): Promise<RunningOidcProvider> {
  const secret = () => randomBytes(16).toString('hex');
  const secrets: Secrets = { demo: secret(), machine: secret(), web: secret() };
  const personas = new Map(options.personas.map((one) => [one.sub, one]));
  const counts = new Map<string, number>();
  let outage = false;
  let keys = [await newKey()];
  let handler: ReturnType<InstanceType<typeof import('oidc-provider').default>['callback']> | null = null;

  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    counts.set(path, (counts.get(path) ?? 0) + 1);
    if (outage || handler === null) response.writeHead(503, { connection: 'close' }).end();
    else void handler(request, response);
  });
  const issuer = await listen(server, options.port ?? 0);
  const rebuild = async () => {
    handler = await buildHandler(issuer, { ...options, known: personas }, keys, secrets);
  };
  await rebuild();

  return {
    issuer,
    tokenEndpoint: `${issuer}/token`,
    publicClientId: PUBLIC_CLIENT,
    webClient: { id: WEB_CLIENT, secret: secrets.web },
    machineClient: { id: MACHINE_CLIENT, secret: secrets.machine },
    token: (request) => fetchToken(issuer, secrets.demo, request),
    tokenCommand: (request) => {
      const fields = tokenFields(secrets.demo, request);
      const data = [...fields].map(([name, value]) => `-d '${name}=${value}'`).join(' ');
      return `curl -s ${issuer}/token ${data} | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/'`;
    },
    rotateKeys: async (rotation = { keepOld: false }) => {
      keys = [await newKey(), ...(rotation.keepOld ? keys : [])];
      await rebuild();
    },
    setGroups: (subject, groups) => {
      const persona = personas.get(subject);
      if (persona !== undefined) personas.set(subject, { ...persona, groups });
    },
    forget: (subject) => void personas.delete(subject),
    setOutage: (value) => {
      outage = value;
    },
    requests: (path) => counts.get(path) ?? 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The options, with the people as they are now. */
type Current = OidcProviderOptions & { readonly known: ReadonlyMap<string, Persona> };

async function buildHandler(issuer: string, options: Current, keys: readonly JWK[], secrets: Secrets) {
  const { default: Provider } = await quietly(() => import('oidc-provider'));
  const provider = await quietly(() => new Provider(issuer, configuration(options, keys, secrets)));
  provider.registerGrantType(PERSONA_GRANT, (ctx) => personaGrant(ctx, options), [
    'subject',
    'actor',
    'task',
    'audience',
    'expires_in',
    'claims',
  ]);
  return quietly(() => provider.callback());
}

/** Claims asked for beside the persona's, kept from the grant handler to the signing of the same token. */
const asked = new WeakMap<object, Record<string, unknown>>();

function configuration(options: Current, keys: readonly JWK[], secrets: Secrets): Configuration {
  const personas = options.known;
  return {
    clients: clients(secrets, options.web),
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    jwks: { keys: [...keys] as never },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'], groups: ['groups'] },
    scopes: ['openid', 'offline_access', 'email', 'profile', 'groups'],
    cookies: { keys: [randomBytes(16).toString('hex')] },
    pkce: { required: () => true },
    ttl: lifetimes(options.tokenSeconds ?? 3_600),
    features: {
      devInteractions: { enabled: true },
      clientCredentials: { enabled: true },
      deviceFlow: { enabled: true },
      revocation: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId,
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => options.audience,
        getResourceServerInfo: (_ctx, indicator) => ({
          scope: 'api',
          accessTokenFormat: 'jwt' as const,
          audience: indicator,
          jwt: { sign: { alg: 'ES256' as const } },
        }),
        useGrantedResource: () => true,
      },
    },
    findAccount: (_ctx, sub) => {
      const persona = personas.get(sub);
      if (persona === undefined) return undefined;
      return { accountId: sub, claims: () => Promise.resolve({ sub, ...personaClaims(persona) }) };
    },
    formats: {
      customizers: {
        jwt: (_ctx, token, parts) => {
          const { sub } = parts.payload ?? {};
          const persona = typeof sub === 'string' ? personas.get(sub) : undefined;
          const extra = asked.get(token) ?? {};
          parts.payload = { ...parts.payload, ...(persona && personaClaims(persona)), ...extra };
        },
      },
    },
  };
}

/** Every lifetime is set: the provider prints a notice for each one it has to make up. */
function lifetimes(tokenSeconds: number): NonNullable<Configuration['ttl']> {
  const signIn = { Session: 86_400, Interaction: 600, AuthorizationCode: 60, DeviceCode: 600 };
  const tokens = { AccessToken: tokenSeconds, ClientCredentials: tokenSeconds, IdToken: tokenSeconds };
  return { ...signIn, ...tokens, Grant: 86_400, RefreshToken: 86_400 };
}

function clients(secrets: Secrets, web: OidcProviderOptions['web']): ClientMetadata[] {
  const none = { redirect_uris: [], response_types: [] };
  return [
    {
      client_id: DEMO_CLIENT,
      client_secret: secrets.demo,
      grant_types: [PERSONA_GRANT],
      token_endpoint_auth_method: 'client_secret_post',
      ...none,
    },
    {
      client_id: MACHINE_CLIENT,
      client_secret: secrets.machine,
      grant_types: ['client_credentials'],
      token_endpoint_auth_method: 'client_secret_post',
      ...none,
    },
    {
      client_id: PUBLIC_CLIENT,
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
      redirect_uris: ['http://127.0.0.1/callback'],
      response_types: ['code'],
    },
    ...(web === undefined ? [] : [webClient(secrets.web, web)]),
  ];
}

function webClient(
  secret: string,
  { origin, names }: NonNullable<OidcProviderOptions['web']>,
): ClientMetadata {
  return {
    client_id: WEB_CLIENT,
    client_secret: secret,
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: names.map((name) => `${origin}/v1/sign-in/${name}/callback`),
    post_logout_redirect_uris: [`${origin}/`],
    response_types: ['code'],
    // Loopback without TLS is refused to web applications.
    application_type: 'native',
  };
}

function personaClaims(persona: Persona): Record<string, unknown> {
  const person = persona.kind === 'person';
  return {
    groups: [...persona.groups],
    ...(persona.name === undefined ? {} : { name: persona.name }),
    ...(persona.email === undefined ? {} : { email: persona.email, email_verified: person }),
    ...(person ? { auth_time: Math.floor(Date.now() / 1_000) } : {}),
  };
}

async function personaGrant(ctx: KoaContextWithOIDC, options: Current): Promise<void> {
  const params = ctx.oidc.params ?? {};
  const client = ctx.oidc.client;
  const persona = typeof params.subject === 'string' ? options.known.get(params.subject) : undefined;
  if (persona === undefined || client === undefined) {
    const known = [...options.known.keys()].join(', ');
    ctx.status = 400;
    ctx.body = { error: 'invalid_request', error_description: `subject must be one of ${known}` };
    return;
  }
  const { AccessToken, Grant, ResourceServer } = ctx.oidc.provider;
  const audience = typeof params.audience === 'string' ? params.audience : options.audience;
  const seconds =
    typeof params.expires_in === 'string' ? Number(params.expires_in) : (options.tokenSeconds ?? 3_600);
  const grant = new Grant({ clientId: client.clientId, accountId: persona.sub });
  const token = new AccessToken({
    accountId: persona.sub,
    client,
    grantId: await grant.save(),
    gty: 'persona',
    scope: 'api',
    expiresIn: seconds,
  } as never);
  token.resourceServer = new ResourceServer(audience, {
    scope: 'api',
    accessTokenFormat: 'jwt',
    audience,
    jwt: { sign: { alg: 'ES256' } },
  });
  asked.set(token, askedClaims(params));
  ctx.body = { access_token: await token.save(), token_type: 'Bearer', expires_in: seconds };
}

function askedClaims(params: Record<string, unknown>): Record<string, unknown> {
  const { actor, task, claims } = params;
  return {
    // The application an agent runs in is not the one its approvers sign in with.
    ...(typeof actor === 'string' ? { act: { sub: actor }, client_id: actor } : {}),
    ...(typeof task === 'string' ? { task } : {}),
    ...(typeof claims === 'string' ? (JSON.parse(claims) as Record<string, unknown>) : {}),
  };
}

function tokenFields(secret: string, request: TokenRequest): URLSearchParams {
  const fields = new URLSearchParams({
    grant_type: PERSONA_GRANT,
    client_id: DEMO_CLIENT,
    client_secret: secret,
    subject: request.subject,
  });
  if (request.actor !== undefined) fields.set('actor', request.actor);
  if (request.task !== undefined) fields.set('task', request.task);
  if (request.audience !== undefined) fields.set('audience', request.audience);
  if (request.expiresInSeconds !== undefined) fields.set('expires_in', String(request.expiresInSeconds));
  if (request.claims !== undefined) fields.set('claims', JSON.stringify(request.claims));
  return fields;
}

async function fetchToken(issuer: string, secret: string, request: TokenRequest): Promise<string> {
  const response = await fetch(`${issuer}/token`, { method: 'POST', body: tokenFields(secret, request) });
  const body = (await response.json()) as { access_token?: string; error_description?: string };
  if (body.access_token === undefined)
    throw new Error(`No token: ${body.error_description ?? response.status}`);
  return body.access_token;
}

async function newKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  return { ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig', kid: randomBytes(8).toString('hex') };
}

function listen(server: Server, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('The provider has no port.'));
      else resolve(`http://127.0.0.1:${address.port}`);
    });
  });
}

/** Runs `make` without the provider's own start-up notices; every other line still goes through. */
async function quietly<T>(make: () => T | Promise<T>): Promise<T> {
  const { info, warn } = console;
  const unless =
    (write: typeof info) =>
    (first: unknown, ...rest: unknown[]) => {
      if (!String(first).includes('oidc-provider ')) write(first, ...rest);
    };
  console.info = unless(info);
  console.warn = unless(warn);
  try {
    return await make();
  } finally {
    console.info = info;
    console.warn = warn;
  }
}
