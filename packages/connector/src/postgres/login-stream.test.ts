import assert from 'node:assert/strict';
import { pbkdf2Sync } from 'node:crypto';
import { test } from 'node:test';
import { FrameWriter, WireError } from '@sallyport/postgres-wire';
import fc from 'fast-check';
import type { ChannelSecurity } from '../channel.ts';
import { connectorSection } from '../config.ts';
import type { PostgresTarget } from '../target.ts';
import { Turns } from '../turns.ts';
import { type LoginPlan, LoginRefused, planLogin } from './login-plan.ts';
import { LoginStream } from './login-stream.ts';
import { prove, readChallenge, startScram } from './scram.ts';

const NONCE = 'rOprNGfwEbeRWgbNEkqO';
const SALT = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
const SERVER_FIRST = `r=${NONCE}more,s=${SALT.toString('base64')},i=4096`;
const SALTED = pbkdf2Sync('pencil', SALT, 4096, 32, 'sha256');

const plan: LoginPlan = {
  user: 'app',
  password: 'pencil',
  nonce: NONCE,
  certificateHash: null,
  channelBinding: 'prefer',
  cleartextAllowed: false,
  leastIterations: 4096,
  mostIterations: 4096,
};
const { limits } = connectorSection.parse({});

const frame = (type: string, build: (writer: FrameWriter) => FrameWriter): Buffer =>
  build(new FrameWriter().begin(type.charCodeAt(0)))
    .end()
    .take();
const sasl = (method: number, text: string): Buffer =>
  frame('R', (writer) => writer.int32(method).bytes(Buffer.from(text)));

/** Everything a server says in a SCRAM login, and a notification behind it. */
function conversation(): { readonly beforeSalting: Buffer; readonly rest: Buffer; readonly behind: Buffer } {
  const challenge = readChallenge(startScram(NONCE, { kind: 'none' }).start, SERVER_FIRST, 4096, 4096);
  const signature = prove(challenge, SALTED).serverSignature.toString('base64');
  return {
    beforeSalting: Buffer.concat([sasl(10, 'SCRAM-SHA-256\0\0'), sasl(11, SERVER_FIRST)]),
    rest: Buffer.concat([
      sasl(12, `v=${signature}`),
      frame('R', (writer) => writer.int32(0)),
      frame('S', (writer) => writer.string('__proto__').string('x')),
      frame('S', (writer) => writer.string('client_encoding').string('UTF8')),
      frame('N', (writer) => writer.uint8(0)),
      frame('K', (writer) => writer.int32(7).bytes(Buffer.alloc(32, 9))),
      frame('Z', (writer) => writer.uint8(0x49)),
    ]),
    // It also starts a message whose length no reader would accept.
    behind: Buffer.concat([frame('A', (writer) => writer.int32(1)), Buffer.from([0x44, 0, 0, 0, 0, 1])]),
  };
}

interface Outcome {
  readonly sent: string;
  readonly facts: readonly (readonly [string, string])[];
  readonly key: number;
  readonly early: string;
}

function run(chunks: readonly Buffer[]): Outcome {
  const sent: Buffer[] = [];
  const stream: LoginStream = new LoginStream(plan, limits, {
    send: (bytes) => sent.push(bytes),
    salt: (salt, iterations) => {
      assert.deepEqual([salt, iterations], [SALT, 4096]);
      stream.salted(SALTED);
    },
  });
  const early: Buffer[] = [];
  for (const chunk of chunks) {
    if (stream.state.name === 'ready') early.push(chunk);
    else early.push(Buffer.from(stream.push(Buffer.from(chunk)) ?? []));
  }
  assert.ok(stream.state.name === 'ready');
  return {
    sent: Buffer.concat(sent).toString('hex'),
    facts: [...stream.state.facts],
    key: stream.state.key?.secret.length ?? 0,
    early: Buffer.concat(early).toString('hex'),
  };
}

test('a login comes out the same when split at every byte, with what follows it kept [connector.early-bytes]', () => {
  const { beforeSalting, rest, behind } = conversation();
  const bytes = Buffer.concat([beforeSalting, rest, behind]);
  const whole = run([bytes]);
  assert.equal(whole.early, behind.toString('hex'));
  assert.equal(whole.key, 32);
  assert.deepEqual(whole.facts, [
    ['__proto__', 'x'],
    ['client_encoding', 'UTF8'],
  ]);
  for (let at = 1; at < bytes.length; at++) {
    assert.deepEqual(run([bytes.subarray(0, at), bytes.subarray(at)]), whole);
  }
  assert.deepEqual(run([...bytes].map((byte) => Buffer.from([byte]))), whole);
});

test('whatever one byte is changed to, a login ends in a fault of its own, or well [connector.hostile-target]', () => {
  const { beforeSalting, rest } = conversation();
  const bytes = Buffer.concat([beforeSalting, rest]);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 }), (at, value) => {
      const changed = Buffer.from(bytes);
      changed[at] = value;
      expectOrderly(() => feed([changed]));
    }),
    { numRuns: 2000 },
  );
});

test('random messages never get past the login [connector.hostile-target]', () => {
  const type = fc.constantFrom(...'RSKZENvADTCG'.split('').map((letter) => letter.charCodeAt(0)));
  const method = fc.constantFrom(3, 5, 7, 10, 11, 12, 0x49);
  const message = fc.tuple(type, method, fc.uint8Array({ maxLength: 60 }));
  fc.assert(
    fc.property(fc.array(message, { maxLength: 6 }), (messages) => {
      const writer = new FrameWriter();
      for (const [kind, code, body] of messages) writer.begin(kind).int32(code).bytes(body).end();
      const bytes = writer.take();
      expectOrderly(() => assert.notEqual(feed([bytes]), 'ready'));
    }),
    { numRuns: 2000 },
  );
});

function feed(chunks: readonly Buffer[]): string {
  const stream: LoginStream = new LoginStream(plan, limits, {
    send: () => {},
    salt: () => stream.salted(SALTED),
  });
  for (const chunk of chunks) stream.push(chunk);
  return stream.state.name;
}

function expectOrderly(run: () => void): void {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof LoginRefused || error instanceof WireError, String(error));
  }
}

const certificate = Buffer.alloc(0);
const securities: readonly (readonly [string, ChannelSecurity, boolean])[] = [
  ['plain TCP to another machine', { kind: 'plain', loopback: false }, false],
  ['plain TCP on loopback', { kind: 'plain', loopback: true }, true],
  [
    'TLS to a server that was not verified',
    { kind: 'tls', verified: false, loopback: false, certificate },
    false,
  ],
  ['TLS to a verified server', { kind: 'tls', verified: true, loopback: false, certificate }, true],
];

for (const [where, security, allowed] of securities) {
  test(`over ${where} the password ${allowed ? 'may' : 'must not'} go in clear [connector.cleartext]`, () => {
    assert.equal(planLogin(registered({}), 'x', security).cleartextAllowed, allowed);
    assert.equal(
      planLogin(registered({ allow_cleartext_password: true }), 'x', security).cleartextAllowed,
      true,
    );
  });
}

test('a server that asks for the password in clear where it must not go gets nothing [connector.cleartext]', () => {
  const sent: Buffer[] = [];
  const stream = new LoginStream(plan, limits, { send: (bytes) => sent.push(bytes), salt: () => {} });
  assert.throws(
    () => stream.push(frame('R', (writer) => writer.int32(3))),
    (error) => error instanceof LoginRefused && error.code === 'authentication-insecure',
  );
  assert.deepEqual(sent, []);
});

function registered(more: Record<string, unknown>): PostgresTarget {
  const target = { name: 'shop', protocol: 'postgres', host: 'db', credential: { username: 'app' }, ...more };
  const [config] = connectorSection.parse({ targets: [target] }).targets;
  assert.ok(config?.protocol === 'postgres');
  return {
    name: 'shop',
    config,
    limits,
    readSecret: async () => null,
    readTls: async () => null,
    nonce: () => NONCE,
    cancelTurns: new Turns(1),
    saltPassword: async () => SALTED,
  };
}
