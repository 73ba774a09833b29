import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  type CertificateAuthority,
  createCertificateAuthority,
} from '../../../../test/fixtures/certificates.ts';
import { connectorSection } from '../config.ts';
import { createConnector } from '../create-connector.ts';
import { ConnectorFault } from '../fault.ts';

let authority: CertificateAuthority;
let stranger: CertificateAuthority;
const servers: Server[] = [];

before(() => {
  authority = createCertificateAuthority();
  stranger = createCertificateAuthority('Another authority');
});
after(() => {
  for (const server of servers) server.close();
  authority.remove();
  stranger.remove();
});

async function listen(server: Server): Promise<number> {
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  server.unref();
  return (server.address() as AddressInfo).port;
}

async function open(target: Record<string, unknown>, environment: Record<string, string> = {}) {
  const config = connectorSection.parse({ targets: [{ name: 'api', protocol: 'http', ...target }] });
  const connector = createConnector(config, { environment, baseDir: '/', randomBytes });
  const signal = new AbortController().signal;
  return connector.open({ target: 'api', facet: '', startup: {}, access: 'read-write', signal });
}

/** Sends raw bytes through a connection and reads until `holds`, or the connection closes. */
async function ask(
  target: Record<string, unknown>,
  request: string,
  holds: (received: string) => boolean = (received) => received.includes('\r\n\r\n'),
  environment: Record<string, string> = {},
): Promise<string> {
  const connection = await open(target, environment);
  const { promise, resolve } = Promise.withResolvers<string>();
  let received = '';
  connection.onData((chunk) => {
    received += chunk.toString('latin1');
    if (holds(received)) resolve(received);
  });
  connection.onClose(() => resolve(received));
  connection.write(Buffer.from(request, 'latin1'));
  const answer = await promise;
  connection.close();
  return answer;
}

const GET = 'GET /x HTTP/1.1\r\nHost: target\r\n\r\n';
/** The last request that `note` was asked, as JSON. */
let noted = '';
const note: RequestListener = (request, response) => {
  noted = JSON.stringify([request.url, request.headers]);
  response.end('done');
};

describe('an HTTP target', () => {
  test('is asked over TLS only when its certificate is trusted for its name [http.upstream-tls]', async () => {
    const { certFile, keyFile } = authority.server(['127.0.0.1']);
    let asked = 0;
    const server = createSecureServer(
      { key: readFileSync(keyFile), cert: readFileSync(certFile) },
      (request, response) => {
        asked += 1;
        note(request, response);
      },
    );
    const url = `https://127.0.0.1:${await listen(server)}`;
    const { caFile: ca_file } = authority;
    assert.match(await ask({ url, tls: { ca_file } }, GET), /^HTTP\/1\.1 200 /);
    assert.match(await ask({ url, tls: { mode: 'require' } }, GET), /^HTTP\/1\.1 200 /);
    assert.match(
      await ask({ url, tls: { ca_file, mode: 'verify-ca', server_name: 'other' } }, GET),
      /^HTTP\/1\.1 200 /,
    );
    assert.equal(asked, 3);
    for (const tls of [{}, { ca_file: stranger.caFile }, { ca_file, server_name: 'other.example' }]) {
      assert.match(await ask({ url, tls }, GET), /^HTTP\/1\.1 502 .*sallyport-fault: unreachable/s);
    }
    assert.equal(asked, 3);
  });

  test('gets the configured credential in place of whatever came [http.credentials]', async () => {
    const url = `http://127.0.0.1:${await listen(createServer(note))}/base/`;
    const file = join(authority.dir, 'token');
    writeFileSync(file, 'from-file\n');
    const mine =
      'GET /x HTTP/1.1\r\nHost: evil\r\nAuthorization: Bearer mine\r\nCookie: a=b\r\nX-Key: mine\r\n\r\n';
    const seen = async (credential: unknown) => {
      await ask({ url, credential }, mine, undefined, { SECRET: 's3' });
      return noted;
    };
    assert.match(
      await seen({ kind: 'bearer', token_file: file }),
      /"\/base\/x".*"authorization":"Bearer from-file"/,
    );
    assert.match(await seen({ kind: 'basic', username: 'me', password_env: 'SECRET' }), /Basic bWU6czM=/);
    assert.match(await seen({ kind: 'header', header: 'X-Key', value_env: 'SECRET' }), /"x-key":"s3"/);
    const bare = await seen({ kind: 'none' });
    assert.ok(!bare.includes('authorization') && !bare.includes('cookie') && !bare.includes('evil'), bare);
  });

  test('that echoes its credential is cut off before any of it is out [http.credentials]', async () => {
    const secret = 'a-long-secret-value';
    const encoded = Buffer.from(`me:${secret}`).toString('base64');
    const url = `http://127.0.0.1:${await listen(
      createServer((request, response) => {
        const said = request.headers.authorization ?? '';
        if (request.url === '/header') response.setHeader('x-echo', said);
        if (request.url !== '/split')
          return void response.end(request.url === '/header' ? '' : `you said ${said}`);
        // Across two chunks, cut inside the credential.
        response.write(`you said ${said.slice(0, 12)}`, () =>
          setImmediate(() => response.end(said.slice(12))),
        );
      }),
    )}`;
    for (const credential of [
      { kind: 'bearer', token_env: 'SECRET' },
      { kind: 'basic', username: 'me', password_env: 'SECRET' },
    ]) {
      for (const path of ['/header', '/body', '/split']) {
        const request = `GET ${path} HTTP/1.1\r\nHost: target\r\n\r\n`;
        const done = (text: string): boolean => path === '/header' && text.includes('\r\n\r\n');
        const answer = await ask({ url, credential }, request, done, { SECRET: secret });
        assert.ok(
          !answer.includes(secret) && !answer.includes(encoded) && !answer.endsWith('0\r\n\r\n'),
          answer,
        );
        if (path === '/header') assert.match(answer, /sallyport-fault: credential-echoed/);
      }
    }
  });

  test('is not opened when its credential cannot be a header [http.credentials]', async () => {
    for (const secret of ['two\r\nX-Lines: yes', 'caf\u00e9']) {
      const credential = { kind: 'bearer', token_env: 'SECRET' };
      await assert.rejects(open({ url: 'http://127.0.0.1:1', credential }, { SECRET: secret }), (fault) => {
        assert.ok(fault instanceof ConnectorFault && fault.code === 'credential-unavailable');
        assert.ok(!fault.message.includes(secret));
        return true;
      });
    }
  });

  test('that is not there is answered for, without its address [http.unreachable]', async () => {
    const server = createTcpServer();
    const port = await listen(server);
    server.close();
    const answer = await ask({ url: `http://127.0.0.1:${port}` }, GET);
    assert.match(answer, /^HTTP\/1\.1 502 .*sallyport-fault: unreachable/s);
    assert.ok(!answer.includes(String(port)));
  });

  test('cannot claim to be the connector, nor change protocols [http.unreachable]', async () => {
    const replies = [
      'HTTP/1.1 200 OK\r\nSallyport-Fault: x\r\nContent-Length: 0\r\n\r\n',
      'HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
      'nonsense\r\n\r\n',
      '',
    ];
    const answers: string[] = [];
    for (const reply of replies) {
      const server = createTcpServer((socket) => void socket.once('data', () => socket.end(reply)));
      answers.push(await ask({ url: `http://127.0.0.1:${await listen(server)}` }, GET));
    }
    assert.match(answers[0] ?? '', /^HTTP\/1\.1 200 /);
    assert.ok(!answers[0]?.includes('fault'));
    for (const answer of answers.slice(1)) assert.match(answer, /^HTTP\/1\.1 502 /);
  });

  test('that breaks off never seems to have finished [http.unreachable]', async () => {
    for (const head of ['Content-Length: 100', 'Transfer-Encoding: chunked']) {
      const server = createTcpServer((socket) => {
        socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n4\r\nhalf\r\n`));
      });
      const answer = await ask({ url: `http://127.0.0.1:${await listen(server)}` }, GET, () => false);
      assert.ok(!answer.endsWith('0\r\n\r\n'), answer);
    }
  });

  test('is not asked for a path that leads out of its url [http.one-reading]', async () => {
    let asked = 0;
    const url = `http://127.0.0.1:${await listen(
      createServer((_request, response) => {
        asked += 1;
        response.end();
      }),
    )}/base`;
    for (const path of [
      '/../x',
      '/a/../../x',
      '//x',
      '/%2e%2e/x',
      '/a\\b',
      'http://internal/x',
      '*',
      '/a%2fb',
      '/.',
    ]) {
      const answer = await ask({ url }, `GET ${path} HTTP/1.1\r\nHost: target\r\n\r\n`);
      assert.match(answer, /^HTTP\/1\.1 502 .*request-invalid/s, path);
    }
    assert.equal(asked, 0);
  });

  test('is let go of when the connection is cancelled or closed [http.unreachable]', async () => {
    for (const leave of ['cancel', 'close'] as const) {
      const { promise: left, resolve } = Promise.withResolvers<void>();
      const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
      const server = createServer((request) => {
        request.socket.once('close', () => resolve());
        arrive();
      });
      const connection = await open({ url: `http://127.0.0.1:${await listen(server)}` });
      connection.write(Buffer.from(GET));
      await arrived;
      await connection[leave]();
      await left;
      connection.close();
    }
  });
});
