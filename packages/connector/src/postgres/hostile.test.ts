import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { FrameWriter } from '@sallyport/postgres-wire';
import { connectorFor, openTarget } from '../../../../test/fixtures/connector-targets.ts';
import { ConnectorFault, type ConnectorFaultCode } from '../fault.ts';

const SECRET = 'correct horse';

/** What a fake server does: `turn` counts the chunks it got on this connection, from 0 for the start-up message. */
type Script = (socket: Socket, turn: number, received: Buffer) => void;

interface Setting {
  readonly tls?: Record<string, unknown>;
  readonly limits?: Record<string, number>;
  readonly signal?: AbortSignal;
  readonly onConnect?: (socket: Socket) => void;
}

/** Logs in to a fake server; resolves to the fault, once the server saw its socket closed. */
async function faultFrom(script: Script, setting: Setting = {}): Promise<ConnectorFault> {
  const closed: Promise<unknown>[] = [];
  const server = createServer((socket) => {
    let turn = 0;
    closed.push(new Promise((resolve) => socket.once('close', resolve)));
    socket.on('error', () => {});
    socket.on('data', (received) => script(socket, turn++, received));
    setting.onConnect?.(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connector = connectorFor(
    [
      {
        name: 'shop',
        protocol: 'postgres',
        host: '127.0.0.1',
        port,
        tls: setting.tls ?? { mode: 'disable' },
        credential: { username: 'app', password_env: 'SECRET' },
      },
    ],
    { environment: { SECRET }, ...(setting.limits === undefined ? {} : { limits: setting.limits }) },
  );
  try {
    const signal = setting.signal ?? new AbortController().signal;
    const connection = await connector.open({
      target: 'shop',
      facet: 'postgres',
      startup: {},
      access: 'read-write',
      signal,
    });
    connection.close();
    return assert.fail('the login was accepted');
  } catch (error) {
    assert.ok(error instanceof ConnectorFault, String(error));
    assert.ok(!error.message.includes(SECRET) && !error.message.includes(String(port)), error.message);
    await Promise.all(closed);
    return error;
  } finally {
    server.close();
  }
}

const frame = (type: string, build: (writer: FrameWriter) => FrameWriter): Buffer =>
  build(new FrameWriter().begin(type.charCodeAt(0)))
    .end()
    .take();
const authentication = (method: number, rest: Uint8Array = Buffer.alloc(0)): Buffer =>
  frame('R', (writer) => writer.int32(method).bytes(rest));
const OK = authentication(0);
const CLEARTEXT = authentication(3);
const SASL = authentication(10, Buffer.from('SCRAM-SHA-256\0\0'));
const READY = frame('Z', (writer) => writer.uint8(0x49));
const parameter = (name: string, value: string) => frame('S', (writer) => writer.string(name).string(value));
const error = (sqlstate: string, text: string) =>
  frame('E', (writer) => writer.uint8(0x43).string(sqlstate).uint8(0x4d).string(text).uint8(0));
const key = (bytes: number) => frame('K', (writer) => writer.int32(1).bytes(Buffer.alloc(bytes, 1)));
const header = (type: string, length: number): Buffer => {
  const bytes = Buffer.from(`${type}\0\0\0\0`);
  bytes.writeInt32BE(length, 1);
  return bytes;
};

/** Answers the start-up message with these bytes, and nothing else ever. */
const says =
  (...parts: readonly Buffer[]): Script =>
  (socket, turn) => {
    if (turn === 0) socket.write(Buffer.concat(parts));
  };

const answers: readonly (readonly [string, Script, ConnectorFaultCode])[] = [
  ['closes at once', (socket) => socket.end(), 'connection-lost'],
  ['resets the connection', (socket) => socket.resetAndDestroy(), 'connection-lost'],
  ['speaks HTTP', says(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')), 'limit-exceeded'],
  ['sends a length below four', says(header('R', 3)), 'protocol-violation'],
  ['sends a negative length', says(header('R', -1)), 'protocol-violation'],
  ['announces two gigabytes', says(header('R', 2 ** 31 - 1)), 'limit-exceeded'],
  ['cuts an authentication message short', says(header('R', 6), Buffer.alloc(2)), 'protocol-violation'],
  ['adds bytes to AuthenticationOk', says(authentication(0, Buffer.from('x'))), 'protocol-violation'],
  ['sends an md5 salt of three bytes', says(authentication(5, Buffer.alloc(3))), 'protocol-violation'],
  [
    'offers SASL without an end of its list',
    says(authentication(10, Buffer.from('SCRAM-SHA-256'))),
    'protocol-violation',
  ],
  [
    'offers only an unknown mechanism',
    says(authentication(10, Buffer.from('OAUTHBEARER\0\0'))),
    'authentication-unsupported',
  ],
  ['wants Kerberos', says(authentication(2)), 'authentication-unsupported'],
  ['wants GSSAPI', says(authentication(7)), 'authentication-unsupported'],
  ['continues SASL before it began', says(authentication(11, Buffer.from('x'))), 'protocol-violation'],
  ['ends SASL before it began', says(authentication(12, Buffer.from('v=AAAA'))), 'protocol-violation'],
  ['is ready before the login', says(READY), 'protocol-violation'],
  ['sends settings before the login', says(parameter('a', 'b')), 'protocol-violation'],
  ['logs in twice', says(OK, OK), 'protocol-violation'],
  ['asks again after the login', says(OK, CLEARTEXT), 'protocol-violation'],
  [
    'is ready inside a transaction',
    says(
      OK,
      frame('Z', (writer) => writer.uint8(0x54)),
    ),
    'protocol-violation',
  ],
  [
    'sends a row instead of settings',
    says(
      OK,
      frame('D', (writer) => writer.int16(0)),
    ),
    'protocol-violation',
  ],
  [
    'sends a setting that is not UTF-8',
    says(OK, header('S', 8), Buffer.from([0xc3, 0x28, 0, 0])),
    'protocol-violation',
  ],
  ['uses another encoding', says(OK, parameter('client_encoding', 'SJIS')), 'protocol-violation'],
  ['sends a cancel key of three bytes', says(OK, key(3)), 'protocol-violation'],
  ['sends a cancel key of 257 bytes', says(OK, key(257)), 'protocol-violation'],
  ['wants protocol 4', says(frame('v', (writer) => writer.int32(4 << 16).int32(0))), 'protocol-violation'],
  [
    'does not know an option nobody sent',
    says(
      frame('v', (writer) =>
        writer
          .int32(3 << 16)
          .int32(1)
          .string('x'),
      ),
    ),
    'protocol-violation',
  ],
  ['is full', says(error('53300', 'sorry')), 'target-busy'],
  ['fails without a code', says(frame('E', (writer) => writer.uint8(0))), 'login-refused'],
];

for (const [what, script, code] of answers) {
  test(`a server that ${what} ends in ${code} [connector.hostile-target]`, async () => {
    const fault = await faultFrom(script);
    assert.equal(fault.code, code, fault.message);
  });
}

test('endless notices end at the limit of messages [connector.hostile-target]', async () => {
  const notice = frame('N', (writer) => writer.uint8(0));
  const fault = await faultFrom(says(Buffer.concat(Array.from({ length: 1000 }, () => notice))));
  assert.equal(fault.code, 'limit-exceeded');
  assert.match(fault.message, /login_messages/);
});

test('endless settings end at the limit of bytes [connector.hostile-target]', async () => {
  const large = parameter('a', 'x'.repeat(60_000));
  const fault = await faultFrom(says(OK, ...Array.from({ length: 20 }, () => large)));
  assert.equal(fault.code, 'limit-exceeded');
  assert.match(fault.message, /login_bytes/);
});

test('asking for the password again and again ends at the second time [connector.hostile-target]', async () => {
  const fault = await faultFrom((socket) => socket.write(CLEARTEXT));
  assert.equal(fault.code, 'protocol-violation');
});

test('an error that repeats the password is not passed on [connector.no-echo]', async () => {
  const fault = await faultFrom((socket, turn, received) => {
    if (turn === 0) socket.write(CLEARTEXT);
    else socket.write(error(SECRET.slice(0, 5), received.toString('latin1', 5)));
  });
  assert.equal(fault.code, 'login-refused');
  assert.ok(!fault.message.includes('corre'), fault.message);
});

/** The nonce in a client's first SCRAM message. */
const nonceOf = (received: Buffer): string => received.toString('latin1').split(',r=')[1] ?? '';
const challenge = (received: Buffer, iterations: number): Buffer =>
  authentication(11, Buffer.from(`r=${nonceOf(received)}more,s=AAAAAAAA,i=${iterations}`));

/** A SCRAM server that knows no password: `end` is what it says when it is shown the proof. */
const impostor =
  (end: Buffer, iterations = 4096): Script =>
  (socket, turn, received) => {
    if (turn === 0) socket.write(SASL);
    else socket.write(turn === 1 ? challenge(received, iterations) : end);
  };

const impostors: readonly (readonly [string, Script, ConnectorFaultCode])[] = [
  [
    'shows a wrong signature',
    impostor(authentication(12, Buffer.from(`v=${Buffer.alloc(32).toString('base64')}`))),
    'target-unproven',
  ],
  ['shows an empty signature', impostor(authentication(12, Buffer.from('v='))), 'target-unproven'],
  ['shows no signature at all', impostor(OK), 'protocol-violation'],
  ['asks for 2147483647 iterations', impostor(OK, 2 ** 31 - 1), 'limit-exceeded'],
  ['asks for one iteration', impostor(OK, 1), 'limit-exceeded'],
  ['challenges twice', impostor(authentication(11, Buffer.from('r=x,s=AAAA,i=4096'))), 'protocol-violation'],
  ['takes the password in clear instead', impostor(CLEARTEXT), 'protocol-violation'],
  ['skips the challenge', (socket, turn) => socket.write(turn === 0 ? SASL : OK), 'protocol-violation'],
];

for (const [what, script, code] of impostors) {
  test(`a server that offers SCRAM and ${what} ends in ${code} [connector.server-proof]`, async () => {
    const fault = await faultFrom(script);
    assert.equal(fault.code, code, fault.message);
  });
}

test('a message during the salting of the password ends the login [connector.server-proof]', async () => {
  const fault = await faultFrom((socket, turn, received) => {
    if (turn === 0) socket.write(SASL);
    else socket.write(Buffer.concat([challenge(received, 4096), OK]));
  });
  assert.equal(fault.code, 'protocol-violation');
});

const tlsAnswers: readonly (readonly [string, string, ConnectorFaultCode])[] = [
  ['does not offer it', 'N', 'tls-unavailable'],
  ['puts plain text behind its yes', 'SR\0\0\0\x08\0\0\0\0', 'protocol-violation'],
  ['answers with an error message', 'E\0\0\0\x05\0', 'protocol-violation'],
  ['answers with something else', 'X', 'protocol-violation'],
];

for (const [what, answer, code] of tlsAnswers) {
  test(`a server that is asked for TLS and ${what} ends in ${code} [connector.tls-trust]`, async () => {
    const fault = await faultFrom((socket) => socket.write(answer, 'latin1'), { tls: {} });
    assert.equal(fault.code, code);
  });
}

test('a server that agrees to TLS and then speaks something else is refused [connector.tls-trust]', async () => {
  const script: Script = (socket, turn) => socket.write(turn === 0 ? 'S' : 'this is not a handshake');
  assert.equal((await faultFrom(script, { tls: {} })).code, 'tls-failed');
});

test('a server that hangs up during the handshake is not called untrusted [connector.tls-trust]', async () => {
  const script: Script = (socket, turn) => (turn === 0 ? socket.write('S') : socket.end());
  assert.equal((await faultFrom(script, { tls: {} })).code, 'tls-failed');
});

for (const tls of [{ mode: 'disable' }, {}]) {
  test(`a server that never answers runs into the time limit, TLS ${JSON.stringify(tls)} [connector.abort]`, async () => {
    const fault = await faultFrom(() => {}, { tls, limits: { login_ms: 60 } });
    assert.equal(fault.code, 'timeout');
    assert.match(fault.message, /login_ms/);
  });
}

test('a server that stalls in the TLS handshake runs into the time limit [connector.abort]', async () => {
  const script: Script = (socket, turn) => turn === 0 && socket.write('S');
  assert.equal((await faultFrom(script, { tls: {}, limits: { login_ms: 60 } })).code, 'timeout');
});

test('giving up during the login ends it and closes the socket [connector.abort]', async () => {
  const giveUp = new AbortController();
  const fault = await faultFrom(() => giveUp.abort(), { signal: giveUp.signal });
  assert.equal(fault.code, 'aborted');
});

test('giving up before the login began opens nothing [connector.abort]', async () => {
  const fault = await faultFrom(() => {}, { signal: AbortSignal.abort() });
  assert.equal(fault.code, 'aborted');
});

test('bytes before the start-up message are refused or judged like any others [connector.hostile-target]', async () => {
  const fault = await faultFrom(() => {}, { onConnect: (socket) => socket.write(READY) });
  assert.ok(['protocol-violation', 'unreachable', 'connection-lost'].includes(fault.code), fault.message);
});

test('nobody listening is a fault that says so [connector.no-echo]', async () => {
  const free = createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port } = free.address() as AddressInfo;
  free.close();
  await once(free, 'close');
  const target = { name: 'shop', protocol: 'postgres', host: '127.0.0.1', port, tls: { mode: 'disable' } };
  const connector = connectorFor([{ ...target, credential: { username: 'app' } }]);
  await assert.rejects(openTarget(connector, 'shop'), (fault) => {
    assert.ok(fault instanceof ConnectorFault);
    assert.equal(fault.code, 'unreachable');
    assert.match(fault.message, /ECONNREFUSED/);
    assert.ok(!fault.message.includes(String(port)));
    return true;
  });
});
