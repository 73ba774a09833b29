/** A token that is bound to a client certificate (RFC 8705), in the hands of its owner and of others. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { request as plainRequest } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connect as tlsConnect } from 'node:tls';
import { promisify } from 'node:util';
import { decodeJwt } from 'jose';
import pg from 'pg';
import type { Entry } from '../../fixtures/audit-entries.ts';
import type { CertificateFiles } from '../../fixtures/certificates.ts';
import { certificateWorld, requestOver, thumbprintOf, tlsAs } from '../../fixtures/mutual-tls.ts';
import {
  boundPassword,
  type Exchange,
  exchangeForm,
  makeProof,
  newAgentKey,
} from '../../fixtures/task-tokens.ts';
import { startTaskWorld, type TaskWorld } from '../../fixtures/task-world.ts';

const certificates = certificateWorld();
const { authority, mine, theirs, foreign } = certificates;
let world: TaskWorld;
before(async () => {
  const more = 'request_client_certificates: true';
  world = await startTaskWorld({ tls: { ...certificates.server, more, everywhere: true } });
});
after(async () => {
  await world.close();
  certificates.remove();
});

type Shown = CertificateFiles | null;
const as = (shown: Shown) => tlsAs(authority.caFile, shown);

async function during(attempt: () => Promise<unknown>): Promise<Entry[]> {
  const before = world.entries().length;
  await attempt();
  return world.entries().slice(before);
}

function denied(entries: readonly Entry[], type: string, reason: RegExp): void {
  const found = entries.some((entry) => entry.type === type && reason.test(String(entry.reason as unknown)));
  assert.ok(found, `no ${type} for ${reason}: ${JSON.stringify(entries)}`);
}

async function exchangeAs(
  shown: Shown,
  form: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Exchange> {
  const { status, body } = await requestOver(`${world.gateway.controlPlane}/v1/token`, as(shown), {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(form).toString(),
  });
  return { status, body: JSON.parse(body) as Exchange['body'] };
}

async function boundToken(headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const details = { targets: ['db', 'api'], actions: ['read', 'call'] };
  const form = { ...exchangeForm(await world.token('agent'), details), certificate_bound: 'true' };
  const { status, body } = await exchangeAs(mine, form, headers);
  assert.equal(status, 200, JSON.stringify(body));
  return body.access_token;
}

async function connectAs(shown: Shown | 'plain', password: string): Promise<void> {
  const client = new pg.Client({
    ...{ host: '127.0.0.1', port: world.port, user: 'db', database: 'postgres', password },
    ...(shown === 'plain' ? {} : { ssl: as(shown) }),
  });
  client.on('error', () => undefined);
  await client.connect();
  await client.query('select 1');
  await client.end();
}

const callAs = (shown: Shown, token: string) =>
  requestOver(`https://127.0.0.1:${world.apiPort}/api/things`, as(shown), {
    headers: { authorization: `Bearer ${token}` },
  });

test('psql and node use a token with the certificate it is bound to; the token and its entry say so [task-tokens.certificate]', async () => {
  const token = await boundToken();
  const claims = decodeJwt(token) as { cnf?: unknown; jti?: string };
  assert.deepEqual(claims.cnf, { 'x5t#S256': thumbprintOf(mine) });
  const issued = world.entries().find((one) => one.type === 'token-issued' && one.tokenId === claims.jti);
  const facts = issued?.facts as { readonly bound?: unknown } | undefined;
  assert.deepEqual(facts?.bound, ['mtls']);
  const passwords = join(world.directory, 'mtls.pgpass');
  writeFileSync(passwords, `*:*:*:*:${token}\n`, { mode: 0o600 });
  const env = {
    ...process.env,
    PGPASSFILE: passwords,
    PGSSLMODE: 'verify-full',
    PGSSLROOTCERT: authority.caFile,
  };
  const psql = (own: Record<string, string>) =>
    promisify(execFile)(
      'psql',
      ['-XAt', '-h', '127.0.0.1', '-p', String(world.port), '-U', 'db', 'postgres', '-c', 'select 41 + 1'],
      { env: { ...env, ...own } },
    );
  const { stdout } = await psql({ PGSSLCERT: mine.certFile, PGSSLKEY: mine.keyFile });
  assert.equal(stdout.trim(), '42');
  await assert.rejects(
    psql({ PGSSLCERT: theirs.certFile, PGSSLKEY: theirs.keyFile }),
    /client certificate that was not shown/,
  );
  assert.equal((await callAs(mine, token)).status, 200);
  const metadata = await requestOver(
    `${world.gateway.controlPlane}/.well-known/oauth-authorization-server`,
    as(null),
  );
  assert.equal(JSON.parse(metadata.body).tls_client_certificate_bound_access_tokens, true);
});

test('from another certificate, from none, and over a plain connection of this machine [task-tokens.certificate, task-tokens.recorded-refusals]', async () => {
  const token = await boundToken();
  const why = /client certificate that was not shown/;
  for (const shown of [theirs, foreign, null, 'plain'] as const) {
    const entries = await during(() => assert.rejects(connectAs(shown, token), why));
    denied(entries, 'authentication-failed', why);
  }
  const before = world.reached.length;
  for (const shown of [theirs, foreign, null]) {
    const entries = await during(async () => assert.equal((await callAs(shown, token)).status, 401));
    denied(entries, 'authentication-failed', why);
  }
  const plain = await during(
    () =>
      new Promise<void>((resolve, reject) => {
        const headers = { authorization: `Bearer ${token}` };
        const sent = plainRequest({ host: '127.0.0.1', port: world.apiPort, path: '/api/things', headers });
        sent.on('error', reject).end();
        sent.on('response', (response) => {
          response.resume();
          assert.equal(response.statusCode, 401);
          resolve();
        });
      }),
  );
  denied(plain, 'authentication-failed', why);
  assert.equal(world.reached.length, before, 'nothing reached the API');
  await connectAs(mine, token);
});

test('a token of an issuer that is bound to a certificate is good with that one, and at the control plane, too [task-tokens.certificate]', async () => {
  const cnf = { 'x5t#S256': thumbprintOf(mine) };
  const token = await world.issuer.token({ subject: 'guard', claims: { cnf } });
  const headers = { authorization: `Bearer ${token}` };
  const list = (shown: Shown) =>
    requestOver(`${world.gateway.controlPlane}/v1/sessions`, as(shown), { headers });
  assert.equal((await list(mine)).status, 200);
  for (const shown of [theirs, null]) {
    const entries = await during(async () => assert.equal((await list(shown)).status, 401));
    denied(entries, 'authentication-failed', /client certificate that was not shown/);
  }
});

test('one that is bound to a key as well needs both [task-tokens.certificate, task-tokens.dpop]', async () => {
  const key = await newAgentKey();
  const htu = `${world.gateway.controlPlane}/v1/token`;
  const token = await boundToken({ dpop: await makeProof(key, 'POST', htu, null) });
  assert.deepEqual(decodeJwt(token).cnf, { jkt: key.jkt, 'x5t#S256': thumbprintOf(mine) });
  const proven = () => boundPassword(key, token, { port: world.port });
  await connectAs(mine, await proven());
  await assert.rejects(connectAs(mine, token), /no DPoP proof came/);
  await assert.rejects(connectAs(theirs, await proven()), /client certificate that was not shown/);
  await assert.rejects(connectAs(null, await proven()), /client certificate that was not shown/);
});

test('one that is bound is ended only with its certificate, and by no other is told whether it is good [task-tokens.revoke-bound, task-tokens.revoke-silent]', async () => {
  const token = await boundToken();
  const forged = `${token.slice(0, -8)}AAAAAAAA`;
  const revokeAs = (shown: Shown, one: string) =>
    requestOver(`${world.gateway.controlPlane}/v1/token/revoke`, as(shown), {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ token: one }).toString(),
    });
  for (const shown of [theirs, foreign, null]) {
    for (const one of [token, forged]) {
      const entries = await during(async () => {
        const { status, body } = await revokeAs(shown, one);
        const { error } = JSON.parse(body) as { readonly error: string };
        assert.deepEqual([status, error], [400, 'invalid_request']);
      });
      denied(entries, 'token-refused', /client certificate that was not shown/);
    }
  }
  await connectAs(mine, token);
  assert.deepEqual(await revokeAs(mine, forged).then(({ status }) => status), 200);
  await connectAs(mine, token);
  assert.deepEqual(await revokeAs(mine, token).then(({ status, body }) => [status, body]), [200, '']);
  await assert.rejects(connectAs(mine, token), /its holder ended it/);
});

test('what is made from a bound token is bound to the same certificate, and is made only with it [task-tokens.certificate, task-tokens.narrower]', async () => {
  const parent = await boundToken();
  for (const shown of [theirs, foreign, null]) {
    for (const more of [{}, { certificate_bound: 'true' }] as const) {
      const entries = await during(async () => {
        const { status, body } = await exchangeAs(shown, { ...exchangeForm(parent, {}), ...more });
        assert.deepEqual([status, body.error], [400, 'invalid_request']);
      });
      denied(entries, 'token-refused', /client certificate that was not shown/);
    }
  }
  const child = (await exchangeAs(mine, exchangeForm(parent, {}))).body.access_token;
  assert.deepEqual(decodeJwt(child).cnf, { 'x5t#S256': thumbprintOf(mine) });
  await assert.rejects(connectAs(theirs, child), /client certificate that was not shown/);
  const actor = await world.issuer.token({
    subject: 'agent',
    claims: { cnf: { 'x5t#S256': thumbprintOf(mine) } },
  });
  const form = {
    ...exchangeForm(await world.token('approver'), { task: 't', targets: ['db'], actions: ['read'] }),
    actor_token: actor,
    actor_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  };
  assert.equal((await exchangeAs(theirs, form)).status, 400);
  const acted = (await exchangeAs(mine, form)).body.access_token;
  assert.deepEqual(decodeJwt(acted).cnf, { 'x5t#S256': thumbprintOf(mine) });
});

test('nobody is bound who does not ask, and who asks without a certificate is refused [task-tokens.certificate]', async () => {
  const form = exchangeForm(await world.token('agent'), { targets: ['db'], actions: ['read'] });
  const loose = (await exchangeAs(mine, form)).body.access_token;
  assert.equal(decodeJwt(loose).cnf, undefined);
  await connectAs(null, loose);
  const entries = await during(async () => {
    const { body } = await exchangeAs(null, { ...form, certificate_bound: 'true' });
    assert.match(body.error_description ?? '', /none was shown/);
  });
  denied(entries, 'token-refused', /none was shown/);
  for (const certificate_bound of ['1', 'false', 'TRUE']) {
    assert.equal((await exchangeAs(mine, { ...form, certificate_bound })).status, 400, certificate_bound);
  }
});

test('a session that is taken up again brings no certificate, and a second handshake is refused [task-tokens.certificate-handshake]', async () => {
  const token = await boundToken();
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    for (const url of [
      `https://127.0.0.1:${world.apiPort}/api/things`,
      `${world.gateway.controlPlane}/healthz`,
    ]) {
      const sessions: Buffer[] = [];
      const headers = { authorization: `Bearer ${token}` };
      const first = await requestOver(
        url,
        { ...as(mine), maxVersion },
        {
          headers,
          onSocket: (socket) => socket.on('session', (session: Buffer) => sessions.push(session)),
        },
      );
      assert.equal(first.resumed, false);
      for (const session of sessions) {
        const again = await requestOver(url, { ...as(null), maxVersion, session }, { headers });
        assert.equal(again.resumed, false, `${maxVersion} ${url}`);
        if (url.includes(String(world.apiPort))) assert.equal(again.status, 401);
      }
    }
  }
  const socket = tlsConnect({ ...as(theirs), host: '127.0.0.1', port: world.apiPort, maxVersion: 'TLSv1.2' });
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  const outcome = await new Promise<string>((resolve) => {
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.on('close', () => resolve('closed'));
    socket.renegotiate({}, (error) => resolve(error === null ? 'renegotiated' : String(error.message)));
  });
  socket.destroy();
  assert.notEqual(outcome, 'renegotiated');
});

test('where nobody is asked for a certificate, a bound token is of no use [task-tokens.certificate]', async () => {
  const quiet = await startTaskWorld({ tls: { ...certificates.server, everywhere: true } });
  try {
    const cnf = { 'x5t#S256': thumbprintOf(mine) };
    const password = await quiet.issuer.token({ subject: 'agent', claims: { cnf } });
    const where = { host: '127.0.0.1', port: quiet.port, user: 'db', database: 'postgres', password };
    const client = new pg.Client({ ...where, ssl: as(mine) });
    client.on('error', () => undefined);
    await assert.rejects(client.connect(), /client certificate that was not shown/);
  } finally {
    await quiet.close();
  }
});

test('where there is an authority, a certificate of another ends the connection, and none is no obstacle [task-tokens.certificate-authority, task-tokens.certificate]', async () => {
  const more = `client_ca_file: ${authority.caFile}`;
  const taskTokens = 'bind_certificates: true';
  const strict = await startTaskWorld({
    taskTokens,
    tls: { ...certificates.server, more, everywhere: true },
  });
  const before = world;
  world = strict;
  try {
    const form = exchangeForm(await world.token('agent'), {
      targets: ['db', 'api'],
      actions: ['read', 'call'],
    });
    const token = (await exchangeAs(mine, form)).body.access_token;
    assert.deepEqual(decodeJwt(token).cnf, { 'x5t#S256': thumbprintOf(mine) }, 'bound without being asked');
    await connectAs(mine, token);
    assert.equal((await callAs(mine, token)).status, 200);
    const loose = (await exchangeAs(null, form)).body.access_token;
    assert.equal(decodeJwt(loose).cnf, undefined);
    await connectAs(null, loose);
    const why = /certificate is not good/;
    // A server's certificate of the same authority is none for a client.
    for (const shown of [foreign, certificates.server]) {
      const name = readFileSync(shown.certFile, 'utf8').slice(30, 40);
      denied(await during(() => assert.rejects(connectAs(shown, loose), why, name)), 'violation', why);
      denied(
        await during(async () => assert.equal((await callAs(shown, loose)).status, 400, name)),
        'violation',
        why,
      );
      denied(
        await during(async () => assert.equal((await exchangeAs(shown, form)).status, 400, name)),
        'token-refused',
        why,
      );
      const headers = { authorization: `Bearer ${await world.token('guard')}` };
      const list = () => requestOver(`${world.gateway.controlPlane}/v1/sessions`, as(shown), { headers });
      denied(
        await during(async () => assert.equal((await list()).status, 401, name)),
        'authentication-failed',
        why,
      );
    }
  } finally {
    world = before;
    await strict.close();
  }
});
