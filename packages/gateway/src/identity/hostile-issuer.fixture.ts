/** An issuer whose every answer the test chooses, for what no honest provider sends. Only tests import it. */
import { createServer } from 'node:http';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

export interface HostileIssuer {
  readonly issuer: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
  /** Answers of `/.well-known/openid-configuration` and `/jwks`; replace them freely. */
  answers: { discovery: Answer; jwks: Answer };
  fetches: number;
  /** Signs these claims over sensible defaults. */
  sign(claims?: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>;
  close(): Promise<void>;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body: string;
}

export const AUDIENCE = 'urn:gateway';

export async function startHostileIssuer(kid = 'k1'): Promise<HostileIssuer> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  const publicJwk = { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' };
  const server = createServer((request, response) => {
    const answer = request.url === '/jwks' ? self.answers.jwks : self.answers.discovery;
    self.fetches += 1;
    response.writeHead(answer.status ?? 200, answer.headers ?? {}).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const issuer = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  const self: HostileIssuer = {
    issuer,
    privateKey,
    publicJwk,
    answers: {
      discovery: { body: JSON.stringify({ issuer, jwks_uri: `${issuer}/jwks` }) },
      jwks: { body: JSON.stringify({ keys: [publicJwk] }) },
    },
    fetches: 0,
    sign: (claims = {}, header = {}) => {
      const now = Math.floor(Date.now() / 1_000);
      const all = { iss: issuer, aud: AUDIENCE, sub: 'alice', iat: now, exp: now + 300, ...claims };
      return new SignJWT(all)
        .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid, ...header })
        .sign(privateKey);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return self;
}
