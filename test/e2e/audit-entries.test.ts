/** What stands in the log, field by field: each type of entry as a real gateway writes it, and as the documentation has it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import type { AuditEntryType } from '../../packages/gateway/src/audit/index.ts';
import type { Entry } from '../fixtures/audit-entries.ts';
import { everyEntry, pinned } from '../fixtures/every-entry.ts';
import { PINNED_APPROVALS } from '../fixtures/pinned-approvals.ts';
import { ENDING_MANY, PINNED_CONTAINMENT } from '../fixtures/pinned-containment.ts';
import { PINNED_CREDENTIALS } from '../fixtures/pinned-credentials.ts';
import { SECTIONS } from '../fixtures/pinned-sections.ts';

const AGENT = { subject: 'test|agent', actor: 'agent-1', task: 'look-around' };
const SESSION = { ...AGENT, protocol: 'postgres', sessionId: '<session>', target: 'db' };
const person = (name: string) => ({ subject: `test|${name}`, actor: null, task: null });
const GUARD = { ...SESSION, subject: 'test|guard', actor: null, task: null };

/** Each distinct entry of each type, but for `type` and `v`, which all have. */
const PINNED = {
  'gateway-started': [{ policyVersion: '<version>' }],
  'gateway-stopped': [{}],
  'configuration-loaded': [
    { facts: { sections: SECTIONS } },
    { facts: { added: [], changed: [], comparedWith: '<seq>', removed: [], sections: SECTIONS } },
  ],
  'policy-loaded': [
    {
      facts: { directory: '<directory>', files: ['<sha256> test.cedar'], policies: 4, trigger: 'start' },
      policyVersion: '<version>',
    },
    {
      facts: {
        added: [],
        before: '<version>',
        changed: ['<sha256> <sha256> test.cedar'],
        directory: '<directory>',
        files: ['<sha256> test.cedar'],
        policies: 4,
        removed: [],
        trigger: 'command',
      },
      policyVersion: '<version>',
    },
    {
      facts: {
        added: [],
        before: '<version>',
        changed: [],
        directory: '<directory>',
        files: ['<sha256> test.cedar'],
        policies: 4,
        removed: [],
        trigger: 'start',
      },
      policyVersion: '<version>',
    },
  ],
  'policy-rejected': [
    {
      facts: {
        added: [],
        before: '<version>',
        changed: ['<sha256> <sha256> test.cedar'],
        directory: '<directory>',
        errors: ['test.cedar:6: this policy is not ended: add a semicolon'],
        files: ['<sha256> test.cedar'],
        removed: [],
        trigger: 'command',
      },
      policyVersion: '<version>',
      reason: 'the policy set is not valid',
    },
  ],
  authenticated: [
    {
      ...GUARD,
      facts: { address: '127.0.0.1', client: '', door: 'listener', facet: 'postgres', secure: false },
    },

    {
      ...AGENT,
      facts: { address: '127.0.0.1', client: '', door: 'listener', facet: 'postgres', secure: false },
      protocol: 'postgres',
      sessionId: '<session>',
      target: 'elsewhere',
    },
    {
      ...SESSION,
      facts: { address: '127.0.0.1', client: '', door: 'listener', facet: 'postgres', secure: false },
    },
    { ...person('approver'), facts: { address: '127.0.0.1', door: 'control-plane' } },
    { ...person('auditor'), facts: { address: '127.0.0.1', door: 'control-plane' } },
    { ...person('guard'), facts: { address: '127.0.0.1', door: 'control-plane' } },
  ],
  'authentication-failed': [
    {
      effect: 'deny',
      evaluationId: '<evaluation>',
      facts: { address: '127.0.0.1', door: 'listener' },
      protocol: 'postgres',
      reason: 'The token was refused: it is not a signed JWT; present an OIDC access token.',
      target: 'db',
    },
    {
      ...AGENT,
      effect: 'deny',
      evaluationId: '<evaluation>',
      facts: { address: '127.0.0.1', door: 'listener' },
      protocol: 'postgres',
      reason: 'no postgres target is named "elsewhere"',
      sessionId: '<session>',
      target: 'elsewhere',
    },
    {
      facts: { address: '127.0.0.1', door: 'control-plane' },
      reason: 'The token was refused: it is not a signed JWT; present an OIDC access token.',
    },
  ],
  'session-started': [
    {
      ...GUARD,
      facts: { access: 'read-write', client: '', facet: 'postgres', secure: false },
    },

    { ...SESSION, facts: { access: 'read-write', client: '', facet: 'postgres', secure: false } },
  ],
  'session-ended': [
    {
      ...GUARD,
      facts: { operations: '<number>' },
      reason: 'the client or the target closed the connection',
    },

    {
      ...SESSION,
      facts: { operations: '<number>' },
      reason: 'the client or the target closed the connection',
    },
    { ...SESSION, facts: { operations: '<number>' }, reason: 'guard ended it: enough' },
    {
      ...SESSION,
      facts: { operations: '<number>' },
      reason: 'a newer token of the same caller has fewer groups',
    },
  ],
  decision: [
    {
      ...SESSION,
      actions: ['insert'],
      digest: '<digest>',
      effect: 'permit',
      evaluationId: '<evaluation>',
      form: 'insert into work.log values (?)',
      policies: ['write'],
      policyVersion: '<version>',
      requestId: '<request>',
      tables: ['postgres.work.log'],
    },
    {
      ...SESSION,
      actions: ['insert'],
      digest: '<digest>',
      effect: 'permit',
      evaluationId: '<evaluation>',
      facts: { grants: ['<grant>'] },
      form: 'insert into work.log values (?)',
      policies: ['write'],
      policyVersion: '<version>',
      tables: ['postgres.work.log'],
    },
    {
      ...GUARD,
      actions: ['connect'],
      digest: '<digest>',
      effect: 'permit',
      evaluationId: '<evaluation>',
      form: 'connect',
      policies: ['everyone'],
      policyVersion: '<version>',
    },
    {
      ...GUARD,
      actions: ['insert'],
      digest: '<digest>',
      effect: 'permit',
      evaluationId: '<evaluation>',
      form: 'insert into work.log values (?)',
      policies: ['write'],
      policyVersion: '<version>',
      requestId: '<request>',
      tables: ['postgres.work.log'],
    },

    {
      ...SESSION,
      actions: ['connect'],
      digest: '<digest>',
      effect: 'permit',
      evaluationId: '<evaluation>',
      form: 'connect',
      policies: ['everyone'],
      policyVersion: '<version>',
    },
    {
      ...SESSION,
      actions: ['select'],
      digest: '<digest>',
      effect: 'permit',
      evaluationId: '<evaluation>',
      form: 'select mail from work.people',
      policies: ['read'],
      policyVersion: '<version>',
      tables: ['postgres.work.people'],
    },
    {
      ...SESSION,
      actions: ['delete'],
      digest: '<digest>',
      effect: 'deny',
      evaluationId: '<evaluation>',
      form: 'delete from work.people',
      policies: [],
      policyVersion: '<version>',
      reason: 'no policy permits delete on Table "postgres/work/people"',
      tables: ['postgres.work.people'],
    },
    {
      ...SESSION,
      actions: ['reveal'],
      digest: '<digest>',
      effect: 'permit',
      evaluationId: '<evaluation>',
      form: 'reveal email',
      policies: ['email'],
      policyVersion: '<version>',
      requestId: '<request>',
    },
    {
      ...SESSION,
      actions: ['insert'],
      digest: '<digest>',
      effect: 'deny',
      evaluationId: '<evaluation>',
      form: 'insert into work.log values (?)',
      policies: [],
      policyVersion: '<version>',
      reason: 'approver denied it: no',
      requestId: '<request>',
      tables: ['postgres.work.log'],
    },
    {
      ...SESSION,
      actions: [],
      digest: '<digest>',
      effect: 'deny',
      evaluationId: '<evaluation>',
      form: '(a message that cannot be read)',
      policies: [],
      policyVersion: '<version>',
      reason: 'protocol violation: message type 0x70 is unknown or out of place',
      tables: ['*'],
    },
  ],
  introspection: [
    {
      ...GUARD,
      effect: 'permit',
      evaluationId: '<evaluation>',
      form: 'read the catalog',
    },
    { ...SESSION, effect: 'permit', evaluationId: '<evaluation>', form: 'read the catalog' },
  ],
  reveal: [
    {
      ...SESSION,
      effect: 'permit',
      evaluationId: '<evaluation>',
      facts: { approvedBy: ['test|approver'], classes: ['email'], state: 'granted' },
      reason: 'shown in this session from here on',
      requestId: '<request>',
    },
    {
      ...SESSION,
      evaluationId: '<evaluation>',
      facts: { classes: ['email'], state: 'ended' },
      reason: 'the client ended it',
    },
  ],
  violation: [
    {
      facts: { address: '127.0.0.1', side: 'client' },
      protocol: 'postgres',
      reason: 'a start-up packet of 1195725856 bytes; 8 to 10000 are accepted',
    },
    { ...SESSION, facts: { side: 'client' }, reason: 'message type 0x70 is unknown or out of place' },
  ],
  'recording-chunk': [
    {
      ...GUARD,
      facts: {
        bytes: '<bytes>',
        chunk: '<number>',
        file: '<day>/<session>.rec',
        offset: '<bytes>',
        sha256: '<sha256>',
      },
    },
    {
      ...GUARD,
      facts: {
        bytes: '<bytes>',
        chunk: '<number>',
        file: '<day>/<session>.rec',
        last: true,
        offset: '<bytes>',
        sha256: '<sha256>',
      },
    },

    {
      ...SESSION,
      facts: {
        bytes: '<bytes>',
        chunk: '<number>',
        file: '<day>/<session>.rec',
        offset: '<bytes>',
        sha256: '<sha256>',
      },
    },
    {
      ...SESSION,
      facts: {
        bytes: '<bytes>',
        chunk: '<number>',
        file: '<day>/<session>.rec',
        last: true,
        offset: '<bytes>',
        sha256: '<sha256>',
      },
    },
  ],
  'recording-held': [
    {
      ...person('auditor'),
      facts: { sessionActor: 'agent-1', sessionSubject: 'test|agent' },
      protocol: 'postgres',
      reason: 'case 7',
      sessionId: '<session>',
      target: 'db',
    },
  ],
  'recording-released': [
    {
      ...person('auditor'),
      facts: { sessionActor: 'agent-1', sessionSubject: 'test|agent' },
      protocol: 'postgres',
      reason: 'case closed',
      sessionId: '<session>',
      target: 'db',
    },
  ],
  'recording-deleted': [
    {
      ...GUARD,
      facts: { bytes: '<bytes>', days: 30, file: '<day>/<session>.rec', keep: 'proofs' },
      reason: 'recording.retention: last written more than 30 days ago',
    },

    {
      ...SESSION,
      facts: { bytes: '<bytes>', days: 30, file: '<day>/<session>.rec', keep: 'proofs' },
      reason: 'recording.retention: last written more than 30 days ago',
    },
  ],
  'recording-stored': [
    {
      ...GUARD,
      facts: {
        bytes: '<bytes>',
        file: '<day>/<session>.rec',
        location: 's3://recordings/<day>/<session>.rec',
      },
    },

    {
      ...SESSION,
      facts: {
        bytes: '<bytes>',
        file: '<day>/<session>.rec',
        location: 's3://recordings/<day>/<session>.rec',
      },
    },
  ],
  'row-refused': [
    {
      subject: 'test|approver',
      reason: 'no gateway wrote it so: its seal does not fit',
      facts: { table: 'passkey', row: '<sha256>' },
    },
  ],
  admin: [
    { ...person('auditor'), facts: { attempt: 'read-recording' }, sessionId: '<session>', target: 'db' },
    { ...person('auditor'), facts: { attempt: 'search-audit', filters: ['subject'] } },
    {
      ...person('guard'),
      facts: { attempt: 'end-session' },
      reason: 'enough',
      sessionId: '<session>',
      target: 'db',
    },
    { ...person('approver'), facts: { attempt: 'approve', refused: 'conflict' }, requestId: '<request>' },
    ENDING_MANY,
  ],
  ...PINNED_CONTAINMENT,
  ...PINNED_CREDENTIALS,
  ...PINNED_APPROVALS,
} satisfies Record<AuditEntryType, readonly object[]>;

let all: readonly Entry[];
before(async () => {
  all = await everyEntry();
});

test('every type of entry is what it is pinned to be, field by field [audit.pinned, audit.version]', () => {
  const found: Record<string, Set<string>> = {};
  for (const entry of all) {
    const type = String(entry.type as unknown);
    found[type] ??= new Set();
    found[type].add(inOrder(pinned(entry)));
  }
  assert.deepEqual(Object.keys(found).sort(), Object.keys(PINNED).sort());
  for (const [type, literals] of Object.entries(PINNED)) {
    const wanted = literals.map((literal) => inOrder({ ...literal, type, v: 1 }));
    assert.deepEqual([...(found[type] ?? [])].sort(), wanted.sort(), type);
  }
});

/** JSON with the members of each object in the order of their names. */
function inOrder(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

/** What entries have at times that the run above does not bring about; each is tested where it is made. */
const AT_TIMES: Partial<Record<AuditEntryType, readonly string[]>> = {
  'gateway-started': ['cutBytes'],
  admin: ['about', 'channel', 'expiresAt', 'passkey', 'removed', 'slackUser', 'whose'],
  'access-requested': ['stated', 'stepUp'],
  'access-decided': ['channel', 'credential', 'stepUp'],
  'policy-loaded': ['filesLeftOut'],
  'policy-rejected': ['filesLeftOut'],
  'session-ended': ['evaluationId', 'effect'],
  revoked: ['sessionId', 'target', 'until'],
  quarantined: ['sessionId', 'target', 'until'],
  'revocation-lifted': ['sessionId', 'target'],
  decision: ['obligations', 'risk', 'riskReasons', 'shadow', 'shadowPolicies', 'shadowReason'],
};

/** Written by the log itself and not by the gateway. */
const OF_THE_LOG: Readonly<Record<string, readonly string[]>> = { 'log-key-changed': ['from', 'to'] };

test('the documentation lists every type of entry with all its fields, and no other [audit.documented]', () => {
  const documented = readFileSync('docs/audit-log-format.md', 'utf8');
  const section = documented.split(/^## /m).find((part) => part.startsWith('Types of entries')) ?? '';
  const rows = [...section.matchAll(/^\| `([a-z-]+)` \|[^|]*\|([^|]*)\|([^|]*)\|$/gm)].map(
    ([, type = '', fields = '', facts = '']) => [type, namesIn(fields + facts)] as const,
  );
  const wanted = Object.entries(PINNED).map(([type, literals]) => [
    type,
    [...new Set([...literals.flatMap(fieldsOf), ...(AT_TIMES[type as AuditEntryType] ?? [])])].sort(),
  ]);
  assert.deepEqual(Object.fromEntries(rows), { ...Object.fromEntries(wanted), ...OF_THE_LOG });
  assert.equal(rows.length, new Set(rows.map(([type]) => type)).size);
});

function namesIn(cells: string): readonly string[] {
  return [...cells.matchAll(/`(\w+)`/g)].map(([, name = '']) => name).sort();
}

function fieldsOf(literal: object): readonly string[] {
  const { facts = {}, ...fields } = literal as { readonly facts?: object };
  return [...Object.keys(fields), ...Object.keys(facts)];
}
