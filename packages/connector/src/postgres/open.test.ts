import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { BackendType, FrameReader, FrameWriter, FrontendType } from '@sallyport/postgres-wire';
import {
  type CertificateAuthority,
  createCertificateAuthority,
} from '../../../../test/fixtures/certificates.ts';
import { connectorFor, openTarget } from '../../../../test/fixtures/connector-targets.ts';
import { type PostgresServer, startPostgres } from '../../../../test/fixtures/postgres-server.ts';
import type { TargetConnection } from '../connector.ts';
import { ConnectorFault, type ConnectorFaultCode } from '../fault.ts';

const SECRET = 'correct horse';
/** One role per way to log in; pg_hba.conf below chooses the way by the role. */
const METHODS = ['trust', 'password', 'md5', 'scram-sha-256', 'cert'] as const;
const MODES = ['disable', 'require', 'verify-ca', 'verify-full'] as const;

let ca: CertificateAuthority;
let otherCa: CertificateAuthority;
let server: PostgresServer;

before(async () => {
  ca = createCertificateAuthority();
  otherCa = createCertificateAuthority('Another authority');
  const roles = METHODS.map((method) => {
    const stored = method === 'md5' ? 'md5' : 'scram-sha-256';
    return `SET password_encryption = '${stored}'; CREATE ROLE "${method}" LOGIN PASSWORD '${SECRET}';`;
  });
  server = await startPostgres({
    tls: { ...ca.server(['localhost', '127.0.0.1'], 'sha384'), clientCaFile: ca.caFile },
    initSql: roles.join('\n'),
  });
  const rules = METHODS.map((method) => {
    const kind = method === 'cert' ? 'hostssl' : 'host';
    return `${kind} all "${method}" 127.0.0.1/32 ${method}`;
  });
  writeFileSync(join(server.dataDir, 'pg_hba.conf'), `local all all trust\n${rules.join('\n')}\n`);
  await server.query('SELECT pg_reload_conf()');
});

after(async () => {
  await server.stop();
  ca.remove();
  otherCa.remove();
});

interface Wanted {
  readonly method?: string;
  readonly secret?: string | null;
  readonly tls?: Record<string, unknown>;
  readonly more?: Record<string, unknown>;
}

function target({ method = 'scram-sha-256', secret = SECRET, tls = { mode: 'disable' }, more = {} }: Wanted) {
  const credential = secret === null ? { username: method } : { username: method, password_env: 'SECRET' };
  return connectorFor(
    [{ name: 'shop', protocol: 'postgres', host: '127.0.0.1', port: server.port, tls, credential, ...more }],
    { environment: secret === null ? {} : { SECRET: secret } },
  );
}

function clientCertificate(name: string) {
  const files = ca.client(name);
  return { cert_file: files.certFile, key_file: files.keyFile };
}

const fault =
  (...codes: ConnectorFaultCode[]) =>
  (error: unknown) => {
    assert.ok(error instanceof ConnectorFault, String(error));
    assert.ok(codes.includes(error.code), `${error.code}: ${error.message}`);
    for (const secret of [SECRET, 'wrong password', '127.0.0.1', String(server.port)]) {
      assert.ok(!error.message.includes(secret), `the message holds ${secret}: ${error.message}`);
    }
    assert.match(error.message, /^target "shop": /);
    return true;
  };

function query(sql: string): Buffer {
  return new FrameWriter().begin(FrontendType.Query).string(sql).end().take();
}

/** Message types of the reply, up to ReadyForQuery. */
function reply(connection: TargetConnection): Promise<{ readonly types: string; readonly text: string }> {
  const reader = new FrameReader(1 << 20);
  let types = '';
  let text = '';
  return new Promise((resolve) => {
    connection.onData((chunk) => {
      text += chunk.toString('latin1');
      reader.push(chunk, (type) => {
        types += String.fromCharCode(type);
        if (type === BackendType.ReadyForQuery) resolve({ types, text });
      });
    });
  });
}

for (const method of METHODS) {
  for (const mode of MODES) {
    if (method === 'cert' && mode === 'disable') continue;
    test(`logs in with ${method} under TLS mode ${mode} [connector.auth-methods]`, async () => {
      const certificate = method === 'cert' ? clientCertificate(method) : {};
      const authority = mode.startsWith('verify') ? { ca_file: ca.caFile } : {};
      const tls = { mode, ...authority, ...certificate };
      const secret = method === 'cert' || method === 'trust' ? null : SECRET;
      const connection = await openTarget(target({ method, secret, tls }), 'shop');
      assert.equal(connection.facts.client_encoding, 'UTF8');
      assert.equal(connection.facts.session_authorization, method);
      const answer = reply(connection);
      connection.write(query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()'));
      const { types, text } = await answer;
      assert.equal(types, 'TDCZ');
      assert.ok(text.includes(mode === 'disable' ? '\0\x01f' : '\0\x01t'));
      connection.close();
    });
  }
}

test('binds SCRAM to the TLS connection when that is required [connector.channel-binding]', async () => {
  const tls = { ca_file: ca.caFile };
  const connection = await openTarget(target({ tls, more: { channel_binding: 'require' } }), 'shop');
  connection.close();
});

for (const method of ['trust', 'password', 'md5']) {
  test(`refuses to log in with ${method} where channel binding is required [connector.channel-binding]`, async () => {
    const connector = target({ method, tls: { ca_file: ca.caFile }, more: { channel_binding: 'require' } });
    await assert.rejects(openTarget(connector, 'shop'), fault('authentication-insecure'));
  });
}

test('refuses SCRAM without TLS where channel binding is required [connector.channel-binding]', async () => {
  const connector = target({ more: { channel_binding: 'require' } });
  await assert.rejects(openTarget(connector, 'shop'), fault('authentication-insecure'));
});

test('logs in with plain SCRAM over TLS when channel binding is off [connector.channel-binding]', async () => {
  const connector = target({ tls: { ca_file: ca.caFile }, more: { channel_binding: 'disable' } });
  (await openTarget(connector, 'shop')).close();
});

for (const method of ['password', 'md5', 'scram-sha-256']) {
  test(`a wrong password for ${method} is a fault that says so [connector.wrong-credential, connector.no-echo]`, async () => {
    const connector = target({ method, secret: 'wrong password' });
    await assert.rejects(openTarget(connector, 'shop'), fault('login-refused'));
  });

  test(`a missing password for ${method} is a fault that says so [connector.wrong-credential]`, async () => {
    await assert.rejects(
      openTarget(target({ method, secret: null }), 'shop'),
      fault('credential-unavailable'),
    );
  });
}

test('a client certificate for another role is refused [connector.wrong-credential]', async () => {
  const tls = { ca_file: ca.caFile, ...clientCertificate('someone-else') };
  await assert.rejects(
    openTarget(target({ method: 'cert', secret: null, tls }), 'shop'),
    fault('login-refused'),
  );
});

test('a client certificate of another authority is refused [connector.wrong-credential]', async () => {
  const files = otherCa.client('cert');
  const tls = { ca_file: ca.caFile, cert_file: files.certFile, key_file: files.keyFile };
  // TLS 1.3 refuses it after the handshake, and the reset of the connection may overtake the alert.
  await assert.rejects(
    openTarget(target({ method: 'cert', secret: null, tls }), 'shop'),
    fault('tls-failed', 'connection-lost'),
  );
});

for (const mode of ['verify-ca', 'verify-full']) {
  test(`a server of another authority is refused under ${mode} [connector.tls-trust]`, async () => {
    const connector = target({ tls: { mode, ca_file: otherCa.caFile } });
    await assert.rejects(openTarget(connector, 'shop'), fault('tls-untrusted'));
  });
}

test('a server of another name is refused under verify-full only [connector.tls-trust]', async () => {
  const named = { ca_file: ca.caFile, server_name: 'db.example' };
  await assert.rejects(openTarget(target({ tls: named }), 'shop'), fault('tls-untrusted'));
  (await openTarget(target({ tls: { ...named, mode: 'verify-ca' } }), 'shop')).close();
});

test('a server without an authority we know is refused by default [connector.tls-trust]', async () => {
  await assert.rejects(openTarget(target({ tls: {} }), 'shop'), fault('tls-untrusted'));
});

test('says which database does not exist without saying more [connector.no-echo]', async () => {
  await assert.rejects(openTarget(target({}), 'shop', 'nowhere'), fault('no-such-facet'));
});

for (const name of [
  'user',
  'database',
  'replication',
  'client_encoding',
  'default_transaction_read_only',
  'USER',
  '_pq_.x',
]) {
  test(`refuses ${name} as a start-up setting of a client [connector.startup]`, async () => {
    const request = {
      target: 'shop',
      facet: 'postgres',
      startup: { [name]: 'x' },
      access: 'read-write' as const,
    };
    const opened = target({}).open({ ...request, signal: new AbortController().signal });
    await assert.rejects(opened, fault('request-invalid'));
  });
}

test('a NUL cannot smuggle a setting into the start-up message [connector.startup]', async () => {
  const signal = new AbortController().signal;
  const asks = [
    { facet: 'postgres\0user\0postgres', startup: {} },
    { facet: 'postgres', startup: { application_name: 'x\0user\0postgres' } },
    { facet: 'postgres', startup: { '': 'x' } },
  ];
  for (const ask of asks) {
    const request = { target: 'shop', ...ask, access: 'read-write' as const, signal };
    await assert.rejects(target({}).open(request), fault('request-invalid'));
  }
});

test('passes allowed start-up settings on [connector.startup]', async () => {
  const startup = { application_name: 'an agent', TimeZone: 'Asia/Tokyo' };
  const connection = await target({}).open({
    target: 'shop',
    facet: 'postgres',
    startup,
    access: 'read-write',
    signal: new AbortController().signal,
  });
  assert.equal(connection.facts.application_name, 'an agent');
  assert.equal(connection.facts.TimeZone, 'Asia/Tokyo');
  connection.close();
});

test('a read-only connection is read-only at the server, before anything is sent [connector.read-only]', async () => {
  const connection = await openTarget(target({}), 'shop', 'postgres', 'read-only');
  const answered = reply(connection);
  connection.write(query('CREATE TABLE made (a int)'));
  assert.match((await answered).text, /C25006/);
  connection.close();
  const writable = await openTarget(target({}), 'shop');
  const shown = reply(writable);
  writable.write(query('SHOW default_transaction_read_only'));
  assert.match((await shown).text, /off/);
  writable.close();
});

test('a read-only connection logs in with a credential of its own where there is one [connector.read-only]', async () => {
  const more = { read_only_credential: { username: 'password', password_env: 'SECRET' } };
  for (const [access, role] of [
    ['read-only', 'password'],
    ['read-write', 'scram-sha-256'],
  ] as const) {
    const connection = await openTarget(target({ more }), 'shop', 'postgres', access);
    assert.equal(connection.facts.session_authorization, role);
    connection.close();
  }
});

for (const mode of ['disable', 'verify-full']) {
  test(`cancel stops what this connection runs and no other, TLS ${mode} [connector.cancel]`, async () => {
    const connector = target({ tls: mode === 'disable' ? { mode } : { mode, ca_file: ca.caFile } });
    const [asleep, other] = [await openTarget(connector, 'shop'), await openTarget(connector, 'shop')];
    const [stopped, finished] = [reply(asleep), reply(other)];
    asleep.write(query('SELECT pg_sleep(600)'));
    other.write(query("SELECT pg_sleep(0.5), 'still here'"));
    await untilRunning(2);
    await asleep.cancel();
    assert.ok((await stopped).text.includes('C57014'));
    assert.ok((await finished).text.includes('still here'));
    asleep.close();
    other.close();
  });
}

test('the end of a connection by the server is reported once, without a fault [connector.close]', async () => {
  const connection = await openTarget(target({ method: 'md5' }), 'shop');
  let reports = 0;
  const closed = new Promise<Error | null>((resolve) => {
    connection.onClose((why) => {
      reports += 1;
      resolve(why);
    });
  });
  connection.onData(() => {});
  await server.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'md5'");
  assert.equal(await closed, null);
  connection.close();
  assert.equal(reports, 1);
});

async function untilRunning(count: number): Promise<void> {
  for (;;) {
    const rows = await server.query(
      "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(%' AND pid <> pg_backend_pid() AND state = 'active'",
    );
    if (rows.length >= count) return;
  }
}
