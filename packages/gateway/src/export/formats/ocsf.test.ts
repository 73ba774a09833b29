import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuditEntryType } from '../../audit/index.ts';
import { ocsfEvent } from './ocsf.ts';

const WHO = {
  subject: 'company|alice',
  actor: 'agent-7',
  sessionId: 's1',
  target: 'shop',
  protocol: 'postgres',
};

/** An entry of each kind that is written, with the class, activity and status it has to become. */
const KINDS: Record<AuditEntryType, [entry: object, type_uid: number, status_id: number][]> = {
  'gateway-started': [[{ policyVersion: 'v1' }, 600203, 1]],
  'gateway-stopped': [[{}, 600204, 1]],
  'configuration-loaded': [
    [{ facts: { sections: ['0 policy'] } }, 300403, 1],
    [{ facts: { sections: ['0 policy'], added: [], changed: ['1 0 policy'], removed: [] } }, 300403, 1],
    [{ facts: { sections: ['0 policy'], added: [], changed: [], removed: [] } }, 300402, 1],
  ],
  'policy-loaded': [
    [{ policyVersion: 'v1', facts: { policies: 3 } }, 300403, 1],
    [{ policyVersion: 'v1', facts: { added: [], changed: [], removed: [], trigger: 'start' } }, 300402, 1],
  ],
  'policy-rejected': [[{ reason: 'it does not parse' }, 300403, 2]],
  authenticated: [
    [{ ...WHO, facts: { door: 'listener', address: '192.0.2.7' } }, 300201, 1],
    [{ subject: 'company|bob', facts: { door: 'control-plane', address: '2001:db8::7' } }, 300201, 1],
  ],
  'authentication-failed': [
    [{ target: 'shop', effect: 'deny', reason: 'expired' }, 300201, 2],
    [{ facts: { door: 'control-plane', address: '127.0.0.1' }, reason: 'expired' }, 300201, 2],
  ],
  'signed-in': [
    [{ subject: 'company|alice', facts: { door: 'control-plane', issuer: 'company' } }, 300201, 1],
  ],
  'signed-out': [
    [{ subject: 'company|alice', reason: 'signed out', facts: { issuer: 'company' } }, 300202, 1],
  ],
  'sign-in-refused': [[{ reason: 'the code was used before', facts: { issuer: 'company' } }, 300201, 2]],
  'grant-opened': [
    [{ ...WHO, requestId: 'ar-1', facts: { grant: 'gr-1', scope: ['select Table a/b/c'] } }, 300301, 1],
  ],
  'grant-ended': [
    [{ ...WHO, requestId: 'ar-1', reason: 'its time was over', facts: { grant: 'gr-1' } }, 300399, 1],
  ],
  'break-glass': [[{ ...WHO, reason: 'the shop is down', facts: { review: 'rv-1' } }, 200401, 1]],
  'review-closed': [
    [{ ...WHO, facts: { review: 'rv-1', verdict: 'justified' } }, 300399, 1],
    [{ ...WHO, facts: { review: 'rv-1', verdict: 'not-justified' } }, 300399, 2],
  ],
  'row-refused': [
    [
      { subject: 'company|alice', reason: 'its seal does not fit', facts: { table: 'passkey', row: 'ab' } },
      200401,
      1,
    ],
  ],
  'review-overdue': [[{ ...WHO, facts: { review: 'rv-1' } }, 200401, 1]],
  'session-started': [[{ ...WHO, facts: { client: 'psql' } }, 300299, 1]],
  'session-ended': [
    [{ ...WHO, reason: 'over', facts: { operations: 2 } }, 300202, 1],
    [{ ...WHO, effect: 'deny', evaluationId: 's1.1', reason: 'the target cannot be reached' }, 300299, 2],
  ],
  decision: [
    [
      {
        ...WHO,
        effect: 'permit',
        actions: ['select'],
        form: 'SELECT ?',
        policies: ['p', 'q'],
        policyVersion: 'v1',
        digest: 'd',
      },
      600504,
      1,
    ],
    [
      { ...WHO, effect: 'deny', actions: ['drop'], form: 'DROP TABLE a', policies: [], reason: 'no policy' },
      600504,
      2,
    ],
    [{ ...WHO, effect: 'permit', actions: ['connect'], form: 'connect' }, 600503, 1],
    [{ ...WHO, protocol: 'http', effect: 'permit', actions: ['http_get'], form: 'GET /a' }, 600399, 1],
  ],
  introspection: [
    [{ ...WHO, subject: undefined, actor: undefined, effect: 'permit', form: 'read the catalog' }, 600504, 1],
  ],
  'access-requested': [
    [{ ...WHO, requestId: 'ar1', form: 'UPDATE a', facts: { requirements: ['1 of dba'] } }, 300399, 0],
  ],
  'access-decided': [
    [
      {
        ...WHO,
        requestId: 'ar1',
        form: 'UPDATE a',
        facts: { state: 'approved', verdict: 'approve', approver: 'bob' },
      },
      300301,
      1,
    ],
    [
      {
        ...WHO,
        requestId: 'ar1',
        form: 'UPDATE a',
        facts: { state: 'pending', verdict: 'approve', approver: 'bob' },
      },
      300399,
      0,
    ],
    [
      {
        ...WHO,
        requestId: 'ar1',
        form: 'UPDATE a',
        facts: { state: 'denied', verdict: 'deny', approver: 'bob' },
      },
      300399,
      2,
    ],
    [{ ...WHO, requestId: 'ar1', form: 'UPDATE a', facts: { state: 'expired' } }, 300399, 2],
  ],
  reveal: [
    [
      { ...WHO, effect: 'permit', facts: { state: 'granted', classes: ['email'], approvedBy: [] } },
      300301,
      1,
    ],
    [{ ...WHO, facts: { state: 'ended', classes: ['email'] }, reason: 'RESET' }, 300399, 1],
  ],
  revoked: [
    [
      {
        subject: 'company|guard',
        effect: 'deny',
        reason: 'left the company',
        facts: {
          revocation: 'rv-1',
          kind: 'subject',
          value: 'company|alice',
          names: ['company|alice'],
          at: 1,
        },
      },
      300399,
      1,
    ],
  ],
  quarantined: [
    [{ target: 'shop', effect: 'deny', reason: 'odd', facts: { kind: 'target', value: 'shop' } }, 300399, 1],
  ],
  'revocation-lifted': [
    [{ effect: 'permit', reason: 'a mistake', facts: { kind: 'actor', value: 'agent-7' } }, 300399, 1],
  ],
  'groups-lost': [[{ ...WHO, effect: 'deny', facts: { endedSessions: 2 } }, 300399, 1]],
  violation: [[{ ...WHO, reason: 'a message is too long', facts: { side: 'target' } }, 200401, 1]],
  'recording-chunk': [[{ sessionId: 's1', facts: { file: 'a', chunk: 0, sha256: 'x' } }, 99, 0]],
  'recording-stored': [[{ sessionId: 's1', facts: { file: 'a' } }, 99, 0]],
  'recording-held': [[{ ...WHO, reason: 'case 7' }, 99, 0]],
  'recording-released': [[{ ...WHO, reason: 'case closed' }, 99, 0]],
  'recording-deleted': [[{ sessionId: 's1', facts: { days: 30 } }, 99, 0]],
  'token-issued': [
    [{ ...WHO, tokenId: 't1', delegation: ['agent-7#1'], facts: { targets: ['shop'], rows: 10 } }, 300204, 1],
  ],
  'token-refused': [[{ effect: 'deny', reason: 'expired', facts: { error: 'invalid_request' } }, 300204, 2]],
  admin: [
    [{ ...WHO, facts: { attempt: 'read-recording' } }, 600302, 1],
    [{ ...WHO, facts: { attempt: 'approve', refused: 'not-permitted' } }, 600303, 2],
  ],
};

/** What https://schema.ocsf.io/1.5.0 requires of each class beside what it requires of every event. */
const REQUIRED: Readonly<Record<number, readonly string[]>> = {
  0: [],
  2004: ['finding_info'],
  3002: ['user', 'service'],
  3003: ['user', 'privileges'],
  3004: ['entity'],
  6002: ['app'],
  6003: ['actor', 'api', 'src_endpoint'],
  6005: ['actor', 'database', 'src_endpoint'],
};
const OF_EVERY = ['activity_id', 'category_uid', 'class_uid', 'metadata', 'severity_id', 'time', 'type_uid'];

const known = Object.entries(KINDS).flatMap(([type, kinds]) =>
  kinds.map(([fields, type_uid, status_id], seq) => ({
    entry: { type, seq, time: 1_700_000_000_000, ...fields },
    type_uid,
    status_id,
  })),
);

test('every type of entry becomes an event of its class, with all that the class requires [export.ocsf]', () => {
  for (const { entry, type_uid, status_id } of known) {
    const event = ocsfEvent(entry);
    const class_uid = Math.floor(type_uid / 100);
    assert.deepEqual([event.type_uid, event.status_id], [type_uid, status_id], JSON.stringify(entry));
    assert.equal(event.class_uid, class_uid);
    assert.equal(event.category_uid, Math.floor(class_uid / 1_000));
    assert.equal(event.activity_id, type_uid % 100);
    for (const name of [...OF_EVERY, ...(REQUIRED[class_uid] ?? assert.fail(String(class_uid)))])
      assert.ok(event[name] !== undefined, `${entry.type}: ${name}`);
  }
});

test('an event leaves nothing of an entry out [export.ocsf]', () => {
  const [decision] = KINDS.decision;
  const entry = {
    type: 'decision',
    seq: 7,
    time: 5,
    reason: 'because',
    ...decision?.[0],
    facts: { risk: 3 },
    later: 'x',
  };
  const event = ocsfEvent(entry) as { unmapped: object; metadata: object; authorizations: unknown };
  const { type, seq, time, reason, ...rest } = entry;
  assert.deepEqual(event.unmapped, rest);
  assert.deepEqual(event.metadata, {
    version: '1.5.0',
    product: { name: 'Sallyport', vendor_name: 'Sallyport' },
    profiles: ['security_control'],
    event_code: type,
    log_name: 'audit',
    sequence: seq,
    original_time: String(time),
    uid: 'entry-7',
    correlation_uid: 's1',
  });
  assert.deepEqual(event.authorizations, [
    { decision: 'permit', policy: { name: 'p', is_applied: true, version: 'v1' } },
    { decision: 'permit', policy: { name: 'q', is_applied: true, version: 'v1' } },
  ]);
  assert.equal((event as { status_detail?: unknown }).status_detail, reason);
});

test('a login says where it came from, and only where that is an address [export.ocsf]', () => {
  const from = (address: unknown) =>
    ocsfEvent({ type: 'authenticated', seq: 1, time: 2, subject: 'company|bob', facts: { address } })
      .src_endpoint;
  assert.deepEqual(from('192.0.2.7'), { name: 'company|bob', ip: '192.0.2.7' });
  assert.deepEqual(from('2001:db8::7'), { name: 'company|bob', ip: '2001:db8::7' });
  for (const other of ['unknown', 7, null]) assert.deepEqual(from(other), { name: 'company|bob' });
});

test('an entry of a type or form nobody knows is an event all the same [export.ocsf]', () => {
  for (const entry of [
    { type: 'tomorrow', seq: 1, time: 2 },
    { type: 'constructor', seq: 1, time: 2 },
    { seq: 1, time: 2 },
    ...Object.keys(KINDS).map((type) => ({
      type,
      seq: 1,
      time: 2,
      facts: null,
      actions: 'x',
      policies: [null, 3],
      subject: 5,
    })),
  ]) {
    const event = ocsfEvent(entry);
    assert.ok(Number.isInteger(event.class_uid), JSON.stringify(entry));
  }
});
