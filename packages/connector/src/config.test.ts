import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { connectorSection } from './config.ts';
import { ConnectorFault } from './fault.ts';
import { readSecret, SECRET_BYTES } from './secret.ts';

const dir = mkdtempSync(join(tmpdir(), 'sallyport-secret-'));
after(() => rmSync(dir, { recursive: true }));

const postgres = { name: 'shop', protocol: 'postgres', host: 'db', credential: { username: 'app' } };
const http = { name: 'api', protocol: 'http', url: 'https://api.example/v1' };

const messages = (targets: readonly unknown[]): string =>
  JSON.stringify(connectorSection.safeParse({ targets }).error?.issues ?? 'accepted');

test('a target is verified fully unless the configuration says otherwise [connector.config]', () => {
  const [target] = connectorSection.parse({ targets: [postgres] }).targets;
  assert.equal(target?.tls.mode, 'verify-full');
  assert.ok(target?.protocol === 'postgres');
  assert.equal(target.port, 5432);
  assert.equal(target.channel_binding, 'prefer');
  assert.equal(target.allow_cleartext_password, false);
});

test('the limits have these defaults [connector.config]', () => {
  assert.deepEqual(connectorSection.parse({}).limits, {
    login_ms: 15_000,
    login_message_bytes: 65_536,
    login_bytes: 262_144,
    login_messages: 256,
    scram_iterations_least: 4096,
    scram_iterations_most: 600_000,
    cancel_ms: 5000,
  });
});

const refused: readonly (readonly [string, readonly unknown[], RegExp])[] = [
  ['a password', [{ ...postgres, credential: { username: 'app', password: 'x' } }], /use password_file/],
  ['a token', [{ ...http, credential: { kind: 'bearer', token: 'x' } }], /use token_file/],
  ['a password in a url', [{ ...http, url: 'https://a:b@api.example' }], /use credential/],
  [
    'two places for one secret',
    [{ ...postgres, credential: { username: 'a', password_file: 'a', password_env: 'b' } }],
    /exclude each other/,
  ],
  ['a certificate without its key', [{ ...postgres, tls: { cert_file: 'a' } }], /go together/],
  ['an unknown TLS mode', [{ ...postgres, tls: { mode: 'prefer' } }], /verify-full/],
  ['a misspelt key', [{ ...postgres, prot: 1 }], /prot/],
  ['two targets of one name', [postgres, postgres], /unique/],
  ['a name with a slash', [{ ...postgres, name: 'a/b' }], /lower-case letters/],
  ['an unknown protocol', [{ ...postgres, protocol: 'oracle' }], /protocol/],
  ['a file url', [{ ...http, url: 'file:///etc/passwd' }], /http:\/\/ or https:\/\//],
];

for (const [what, targets, message] of refused) {
  test(`refuses ${what} and says what is allowed [connector.config, connector.secret-place]`, () => {
    assert.match(messages(targets), message);
  });
}

const source = (environment: Record<string, string> = {}) => ({ environment, baseDir: dir });

test('reads a secret from its file at each call and drops one newline [connector.secret-place]', async () => {
  for (const [content, secret] of [
    ['a\n', 'a'],
    ['b\r\n', 'b'],
    ['c\n\n', 'c\n'],
    [' d ', ' d '],
  ] as const) {
    writeFileSync(join(dir, 'secret'), content);
    assert.equal(await readSecret('shop', { file: 'secret', variable: undefined }, source()), secret);
  }
});

test('reads a secret from the environment that was handed in [connector.secret-place]', async () => {
  const place = { file: undefined, variable: 'SECRET' };
  assert.equal(await readSecret('shop', place, source({ SECRET: 'a' })), 'a');
  await assert.rejects(readSecret('shop', place, source()), (fault) => {
    return fault instanceof ConnectorFault && /SECRET is not set/.test(fault.message);
  });
});

test('a secret that cannot be read, or is too large, is a fault naming the file [connector.secret-place]', async () => {
  writeFileSync(join(dir, 'large'), Buffer.alloc(SECRET_BYTES + 1));
  for (const [file, why] of [
    ['missing', /missing \(ENOENT\)/],
    ['large', /large \(over/],
    ['.', /EISDIR/],
  ] as const) {
    await assert.rejects(readSecret('shop', { file, variable: undefined }, source()), (fault) => {
      return (
        fault instanceof ConnectorFault && fault.code === 'credential-unavailable' && why.test(fault.message)
      );
    });
  }
});
