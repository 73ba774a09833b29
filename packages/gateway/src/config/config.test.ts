import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../lib/fault.ts';
import { type GatewayConfig, loadConfig } from './config.ts';
import { describeConfig } from './describe.ts';
import { exampleConfig } from './example.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-config-'));
mkdirSync(join(folder, 'policies'));
after(() => rmSync(folder, { recursive: true }));

const GOOD = `listeners:
  - { protocol: postgres, listen: "127.0.0.1:0" }
identity:
  issuers:
    - { name: company, issuer: "https://login.example.com", audience: sallyport }
policy: { directory: policies }
`;

function load(text: string, environment: Record<string, string> = {}): GatewayConfig {
  const file = join(folder, 'sallyport.yaml');
  writeFileSync(file, text);
  return loadConfig(file, environment);
}

/** The lines of the error, without the folder. */
function errorsOf(text: string): string[] {
  try {
    load(text);
  } catch (error) {
    assert.ok(error instanceof Fault, String(error));
    assert.equal(error.code, 'config-invalid');
    return error.message.replaceAll(`${folder}/`, '').split('\n');
  }
  return [];
}

test('reads the least that a configuration can be [config.paths]', () => {
  const config = load(GOOD);
  assert.deepEqual(config.listeners, [{ protocol: 'postgres', host: '127.0.0.1', port: 0, tls: undefined }]);
  assert.equal(config.policy.directory, join(folder, 'policies'));
  assert.equal(config.audit.directory, join(folder, 'data', 'audit'));
  assert.equal(config.recording.directory, join(folder, 'data', 'recordings'));
  assert.equal(config.storage.directory, join(folder, 'data', 'store'));
  assert.equal(config.limits.statementBytes, 1_048_576);
  assert.equal(config.limits.maxConnections, 2_000);
  assert.equal(config.secrets.baseDir, folder);
});

test('keys are snake_case whatever a room calls them [config.errors]', () => {
  assert.equal(load(`${GOOD}approval: { expiry_seconds: 5 }\n`).approval.expirySeconds, 5);
  assert.deepEqual(errorsOf(`${GOOD}approval: { expirySeconds: 5 }\n`), [
    'sallyport.yaml:7:13: approval.expirySeconds: is not a known key; did you mean "expiry_seconds"? known here: ' +
      'expiry_seconds, redeem_seconds, mode, target_modes, return_redeem_seconds, reason_required, standing_grants, review_hours, open_reviews_per_person, pending_per_session, pending_per_subject, pending_total, text_bytes, reason_length',
  ]);
});

test('says everything that is wrong, each with its place and what is allowed [config.errors]', () => {
  const errors = errorsOf(`listeners:
  - protocol: postgre
    lisen: 127.0.0.1:1
  - protocol: http
    listen: 0.0.0.0:80
identity:
  issuers:
    - { name: X!, issuer: "https://login.example.com", audience: 3 }
targets:
  - name: warehouse
    protocol: postgres
    host: db
    port: "5432"
    credential: { username: agent }
  - { name: api, protocol: htp }
policy:
  directory: nowhere
limits:
  handshake_ms: 3
`);
  assert.deepEqual(errors, [
    'sallyport.yaml:2:5: listeners[0].protocol: "postgre" is not allowed; give one of postgres, http (did you mean "postgres"?)',
    'sallyport.yaml:2:5: listeners[0].listen: is missing; give text (Where to listen. Port 0 takes a free one. An address other than loopback needs `tls`.)',
    'sallyport.yaml:3:5: listeners[0].lisen: is not a known key; did you mean "listen"? known here: protocol, listen, tls, approval',
    'sallyport.yaml:5:5: listeners[1].listen: "0.0.0.0:80" can be reached from other machines, so access tokens would cross the network in the clear; give `tls`, or listen on 127.0.0.1',
    'sallyport.yaml:8:9: identity.issuers[0].name: "X!" is not allowed: must be 1 to 32 of a-z, 0-9 and -',
    'sallyport.yaml:8:56: identity.issuers[0].audience: 3 is not allowed; give text, or a list of 1 to 16 entries of text',
    'sallyport.yaml:13:5: targets[0].port: "5432" is not allowed; give a whole number from 1 to 65535',
    'sallyport.yaml:15:18: targets[1].protocol: "htp" is not allowed; give one of postgres, http (did you mean "http"?)',
    'sallyport.yaml:17:3: policy.directory: there is no directory nowhere; relative paths start at the folder of the configuration',
    'sallyport.yaml:19:3: limits.handshake_ms: 3 is not allowed; give a whole number from 100 to 600000',
  ]);
});

test('text that is not YAML, and a key given twice, are placed too [config.errors]', () => {
  assert.match(errorsOf('listeners: [\n')[0] ?? '', /^sallyport\.yaml:2:1: /);
  assert.match(errorsOf(`${GOOD}policy: {}\n`).join('\n'), /^sallyport\.yaml:7:1: .*unique/i);
  assert.match(errorsOf('').join('\n'), /sallyport\.yaml:1:1: listeners: is missing/);
  assert.match(errorsOf('- a\n').join('\n'), /sallyport\.yaml:1:\d+: a list is not allowed; give a mapping/);
});

test('a file that is not there names the remedy [config.errors]', () => {
  assert.throws(() => loadConfig(join(folder, 'absent.yaml')), /ENOENT.*sallyport init/);
});

test('a secret in the file is refused and not shown [config.secrets]', () => {
  const target = (credential: string) =>
    errorsOf(`${GOOD}targets:\n  - { name: a, protocol: postgres, host: db, credential: ${credential} }\n`);
  const [error = ''] = target('{ username: agent, password: hunter2 }');
  assert.match(
    error,
    /^sallyport\.yaml:8:77: targets\[0\]\.credential\.password: a secret must not be written/,
  );
  for (const credential of [
    '{ username: agent, password: hunter2 }',
    '{ username: agent, passwort: hunter2 }',
    '{ username: agent, password_file: [hunter2] }',
    '[hunter2]',
  ]) {
    const errors = target(credential);
    assert.ok(errors.length > 0);
    assert.doesNotMatch(errors.join('\n'), /hunter2/);
  }
  const url = errorsOf(`${GOOD}targets:\n  - { name: a, protocol: http, url: "https://u:hunter2@api" }\n`);
  assert.match(url.join('\n'), /must not hold a user name or password/);
  assert.doesNotMatch(url.join('\n'), /hunter2/);
});

test('hands on only the variables that credentials name [config.secrets]', () => {
  const text = `${GOOD}targets:
  - { name: a, protocol: postgres, host: db, credential: { username: agent, password_env: DB_PASSWORD } }
  - { name: b, protocol: http, url: "https://api", credential: { kind: bearer, token_env: API_TOKEN } }
`;
  const { environment } = load(text, { DB_PASSWORD: 'one', OTHER: 'two' }).secrets;
  assert.deepEqual(environment, { DB_PASSWORD: 'one', API_TOKEN: undefined });
});

test('a door that other machines could reach needs TLS, the control plane too [config.doors]', () => {
  const reach = /can be reached from other machines/;
  for (const listen of ['0.0.0.0:6432', '[::]:6432', '10.0.0.1:1', 'gateway.internal:6432', '128.0.0.1:1']) {
    assert.match(errorsOf(GOOD.replace('127.0.0.1:0', listen)).join('\n'), reach, listen);
    assert.match(errorsOf(`${GOOD}control_plane: { listen: "${listen}" }\n`).join('\n'), reach, listen);
  }
  for (const listen of ['127.0.0.1:6432', '127.9.9.9:1', '[::1]:6432', 'localhost:6432']) {
    assert.deepEqual(errorsOf(GOOD.replace('127.0.0.1:0', listen)), []);
  }
});

test('TLS files are looked for, and paths start at the folder of the file [config.doors, config.paths]', () => {
  const text = GOOD.replace('127.0.0.1:0"', '0.0.0.0:1", tls: { cert_file: a.crt, key_file: a.key }');
  assert.deepEqual(errorsOf(text).length, 2);
  writeFileSync(join(folder, 'a.crt'), '');
  writeFileSync(join(folder, 'a.key'), '');
  const [listener] = load(text).listeners;
  assert.deepEqual(listener?.tls, {
    cert_file: join(folder, 'a.crt'),
    key_file: join(folder, 'a.key'),
    request_client_certificates: false,
    client_ca_file: undefined,
  });
});

test('two doors in one place are an error [config.doors]', () => {
  const text = GOOD.replace('127.0.0.1:0', '127.0.0.1:7403');
  assert.match(
    errorsOf(`${text}control_plane: { listen: "127.0.0.1:7403" }\n`).join('\n'),
    /taken by another listener/,
  );
});

test('what init writes is a good configuration [config.example]', () => {
  const config = load(exampleConfig());
  assert.equal(config.connector.targets[0]?.name, 'warehouse');
  const uncommented = exampleConfig().replace(/^( *)# (?=(- |limits:|log:| {2}\w+: ))/gm, '$1');
  assert.notEqual(uncommented, exampleConfig());
});

test('docs/configuration.md is what the schemas say: "npm run docs" writes it [config.documented]', () => {
  const committed = readFileSync(new URL('../../../../docs/configuration.md', import.meta.url), 'utf8');
  assert.equal(committed, describeConfig());
});

test('any text is either good or a Fault that names the file [config.errors]', () => {
  const values = fc.oneof(
    fc.constant('listeners: '),
    fc.constant('targets: '),
    fc.string(),
    fc.constant('\n  - '),
  );
  fc.assert(
    fc.property(fc.array(values, { maxLength: 8 }), (parts) => {
      const errors = errorsOf(parts.join(''));
      assert.ok(
        errors.every((line) => line.startsWith('sallyport.yaml:')),
        errors.join('\n'),
      );
    }),
    { numRuns: 300 },
  );
});

test('reads how classes are hidden, and says what cannot be meant [masking.strategy-config]', () => {
  const good = load(
    `${GOOD}masking: { tenant: acme, classes: { email: { strategy: partial, keep: domain }, ssn: { strategy: null } } }\n`,
  );
  assert.deepEqual(good.masking.classes, {
    email: { strategy: 'partial', keep: 'domain' },
    ssn: { strategy: null },
  });
  assert.equal(good.masking.key_file, undefined);
  const bad = `${GOOD}masking:
  key_file: nowhere.key
  classes:
    a: { strategy: pratial }
    b: { strategy: partial }
    c: { strategy: noise }
    d: { strategy: noise, ratio: 5 }
    e: { strategy: hash, keeps: domain }
    Upper: { strategy: hash }
`;
  assert.deepEqual(errorsOf(bad), [
    `sallyport.yaml:8:3: masking.key_file: there is no file nowhere.key; relative paths start at the folder of the configuration`,
    'sallyport.yaml:10:10: masking.classes.a.strategy: "pratial" is not allowed; give one of full, null, drop, partial, hash, format, noise (did you mean "partial"?)',
    'sallyport.yaml:11:5: masking.classes.b.keep: is missing; give one of last-4, domain (For partial: what stays, the last four characters or the domain of an e-mail address.)',
    'sallyport.yaml:12:5: masking.classes.c: a mapping of keys to values is not allowed: noise needs `ratio` for numbers, or `days` for dates, or both',
    'sallyport.yaml:13:27: masking.classes.d.ratio: 5 is not allowed; give a number from 0.001 to 0.9',
    'sallyport.yaml:14:26: masking.classes.e.keeps: is not a known key; did you mean "keep"? known here: strategy, keep, ratio, days',
    'sallyport.yaml:15:5: masking.classes.Upper: is not allowed as a name here: a data class is lower-case letters, digits and dashes, such as "email"',
  ]);
  writeFileSync(join(folder, 'masking.key'), '0'.repeat(64));
  const named = load(`${GOOD}masking: { key_file: masking.key }\n`);
  assert.equal(named.masking.key_file, join(folder, 'masking.key'));
});

test('gateways that share a store name the key that their rows are sealed with [storage.seal-key]', () => {
  const step = 'step_up: { rp_id: localhost, origins: ["http://localhost"] }';
  const store = (more: string) =>
    `${GOOD}storage: { postgres: { host: localhost, username: sallyport, password_env: STORE } ${more}}\n`;
  assert.deepEqual(errorsOf(`${store('')}${step}\n`), [
    'sallyport.yaml:7:1: storage.seal_key_file: gateways that share a store need the same key on each, which tells their rows from those of others: "openssl rand -hex 32" writes one',
  ]);
  assert.deepEqual(errorsOf(`${store(', seal_key_file: nowhere.key ')}${step}\n`), [
    'sallyport.yaml:7:86: storage.seal_key_file: there is no file nowhere.key; relative paths start at the folder of the configuration',
  ]);
  writeFileSync(join(folder, 'store.key'), '0'.repeat(64));
  const named = load(`${store(', seal_key_file: store.key ')}${step}\n`);
  assert.equal(named.storage.sealKeyFile, join(folder, 'store.key'));
  assert.equal(load(`${GOOD}${step}\n`).storage.sealKeyFile, undefined);
});

test('files of exports are found from the folder of the configuration, or said to be missing [export.config, config.paths]', () => {
  const exported = (more: string) => `${GOOD}audit: { export: [{ name: hook, type: webhook, ${more} }] }\n`;
  assert.deepEqual(errorsOf(exported('url: "https://a.example/", secret_file: nowhere')), [
    'sallyport.yaml:7:75: audit.export[0].secret_file: there is no file nowhere; relative paths start at the folder of the configuration',
  ]);
  const refused = errorsOf(
    exported('url: "https://u:hunter2@a.example/", secret: hunter2, secret_file: a.key'),
  );
  assert.match(refused.join('\n'), /must not hold a user name or password/);
  assert.match(
    refused.join('\n'),
    /audit\.export\[0\]\.secret: is not a known key; known here: type, name, /,
  );
  assert.doesNotMatch(refused.join('\n'), /hunter2/);
  writeFileSync(join(folder, 'hook.key'), '');
  const [one] = load(exported('url: "https://a.example/", secret_file: hook.key, on_lag: deny')).audit.export;
  assert.ok(one?.type === 'webhook');
  assert.deepEqual([one.secretFile, one.onLag, one.lagEntries], [join(folder, 'hook.key'), 'deny', 100_000]);
});
