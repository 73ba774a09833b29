import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { identitySection } from '../identity/index.ts';
import { checkDecryptionKey, type DecryptionKey } from './saml-encryption.ts';

let directory: string;
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'sallyport-saml-key-'));
});
after(() => rmSync(directory, { recursive: true }));

function made(name: string, ...key: readonly string[]): DecryptionKey {
  const [keyFile, certFile] = [join(directory, `${name}.key`), join(directory, `${name}.crt`)];
  const request = ['req', '-x509', '-nodes', '-days', '1', '-subj', '/CN=test', '-newkey', ...key];
  execFileSync('openssl', [...request, '-keyout', keyFile, '-out', certFile], { stdio: 'ignore' });
  return { key: readFileSync(keyFile, 'utf8'), certificate: readFileSync(certFile, 'utf8') };
}

test('a key that is too small, of another kind, of another certificate or no key keeps the gateway from starting [sign-in.saml-encryption]', () => {
  const good = made('good', 'rsa:2048');
  checkDecryptionKey(good, 'sso');
  const elliptic = made('elliptic', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256');
  const cases: readonly (readonly [DecryptionKey, RegExp])[] = [
    [made('small', 'rsa:1024'), /not an RSA key of at least 2048 bits/],
    [elliptic, /not an RSA key/],
    [{ ...good, certificate: made('other', 'rsa:2048').certificate }, /is of another key/],
    [{ ...good, key: good.certificate }, /PEM that can be read/],
    [{ ...good, certificate: 'none' }, /PEM that can be read/],
  ];
  for (const [key, message] of cases)
    assert.throws(() => checkDecryptionKey(key, 'sso'), { code: 'config-invalid', message });
});

test('key and certificate go together, and nothing is required that cannot be opened [sign-in.saml-encryption]', () => {
  const provider = {
    ...{
      name: 'sso',
      entryPoint: 'https://idp.example/sso',
      idpIssuer: 'urn:idp',
      idpCertFiles: ['idp.crt'],
    },
  };
  const problems = (more: object) =>
    identitySection.safeParse({ issuers: [], saml: [{ ...provider, ...more }] }).error?.issues ?? [];
  const about = (more: object) =>
    problems(more)
      .map(({ message }) => message)
      .join();
  const [decryptionKeyFile, decryptionCertFile] = ['a.key', 'a.crt'];
  assert.match(about({ decryptionKeyFile }), /go together/);
  assert.match(about({ decryptionCertFile }), /go together/);
  assert.match(about({ requireEncryption: true }), /needs `decryption_key_file`/);
  const both = { decryptionKeyFile, decryptionCertFile, requireEncryption: true };
  assert.doesNotMatch(about(both), /decryption/);
  assert.match(about({ signOutUrl: 'http://idp.example/out' }), /https/);
});
