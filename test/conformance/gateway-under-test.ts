/**
 * A gateway around one protocol: the real data path, connector and masking; identity, policy, approvals, log and
 * recordings are small stand-ins that a test can look into and break.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type ConnectorConfig, connectorSection, createConnector } from '@sallyport/connector';
import type { AccessRequestEnding, Approvals } from '../../packages/gateway/src/approval/index.ts';
import type { AuditEntry, AuditLog } from '../../packages/gateway/src/audit/index.ts';
import {
  createDecisionMemo,
  createSessionRegistry,
  Experience,
  type House,
  Rates,
  serve,
  Uses,
} from '../../packages/gateway/src/data-path/index.ts';
import {
  type Identity,
  type IdentityProvider,
  PLAIN_TOKEN,
} from '../../packages/gateway/src/identity/index.ts';
import { systemClock } from '../../packages/gateway/src/lib/clock.ts';
import { Fault } from '../../packages/gateway/src/lib/fault.ts';
import { RateLimit } from '../../packages/gateway/src/lib/rate-limit.ts';
import { createMasking, maskingSection } from '../../packages/gateway/src/masking/index.ts';
import type {
  Decision,
  DecisionPoint,
  LimitObligation,
  Question,
} from '../../packages/gateway/src/policy/index.ts';
import type {
  Door,
  Evaluation,
  Limits,
  OperationResult,
  Protocol,
} from '../../packages/gateway/src/protocols/protocol.ts';
import type { Recorder } from '../../packages/gateway/src/recording/index.ts';
import { HOLDS_ONLY } from '../fixtures/approvals.ts';

/** What policy says about one evaluation: nobody needs to know Cedar to read a conformance fixture. */
export type Rule = 'permit' | 'approval' | 'forbid' | 'no-policy';

export interface RecordedReply {
  readonly text: string;
  readonly effect: 'permit' | 'deny';
  readonly reply: Buffer;
  readonly result: OperationResult | null;
}

export interface PendingRequest {
  readonly id: string;
  /** Exactly what would run, as an approver sees it. */
  readonly text: string;
  approve(): void;
  deny(reason: string): void;
}

export interface GatewayUnderTest {
  readonly port: number;
  /** The token that is accepted, and one that is not. */
  readonly token: string;
  readonly badToken: string;
  /** Everything appended so far, oldest first. */
  readonly audit: readonly AuditEntry[];
  readonly recordings: readonly RecordedReply[];
  /** How every access request ended, by id; a pending one is not there. */
  readonly endings: ReadonlyMap<string, AccessRequestEnding['state']>;
  readonly faults: readonly unknown[];
  /** Sessions open now. */
  readonly sessions: number;
  /** The next access request to be opened, or one that waits already. */
  held(): Promise<PendingRequest>;
  /** Ends every session, as a revocation does; returns how many. */
  revoke(reason: string): number;
  /** From now on the log cannot be appended to; or can be again. */
  failAudit(fails: boolean): void;
  close(): Promise<void>;
}

export interface GatewaySetup {
  readonly protocol: Protocol;
  /** `targets` of the connector's configuration. */
  readonly targets: readonly unknown[];
  readonly rule: (evaluation: Evaluation) => Rule;
  /** What the connector reads secrets from. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly limits?: Partial<Limits>;
  readonly tls?: Door['tls'];
  /** What every permit is limited to. */
  readonly limit?: Omit<LimitObligation, 'kind'>;
}

export const testLimits: Limits = {
  messageBytes: 1_048_576,
  replyMessageBytes: 8_388_608,
  statementBytes: 262_144,
  queueBytes: 1_048_576,
  pipelinedOperations: 64,
  namedStatements: 100,
  handshakeMs: 5_000,
};

const TOKEN = 'conformance-token';

const NO_TASK_TOKENS = { open: () => Promise.reject(new Error('there are no task tokens here')) };
/** One gateway, with nothing held against anybody and nobody looking on. */
const ALONE = {
  containment: { generation: 0, objection: () => null },
  connectorOf: () => 'local',
  onlooker: null,
};

/** Starts one on a free loopback port. */
export async function startGateway(setup: GatewaySetup): Promise<GatewayUnderTest> {
  const log = auditLog();
  const recordings: RecordedReply[] = [];
  const approvals = testApprovals();
  const faults: unknown[] = [];
  const decisionPoint = decisionPointOf(setup);
  const sessions = createSessionRegistry({ opened: () => undefined, closed: () => undefined });
  const config: ConnectorConfig = connectorSection.parse({ targets: setup.targets });
  const house: House = {
    ledger: NO_TASK_TOKENS,
    clock: systemClock,
    limits: { ...testLimits, ...setup.limits },
    identity: identityOf(TOKEN),
    decisionPoint,
    decisions: createDecisionMemo(decisionPoint),
    rates: new Rates(),
    failures: new RateLimit(1_000_000, systemClock),
    uses: new Uses(),
    workingHours: null,
    approvals: approvals.door,
    approvalMode: () => 'hold',
    experience: new Experience(),
    masking: createMasking(maskingSection.parse(undefined)),
    recorder: recorderInto(recordings),
    audit: log.door,
    sessions,
    ...ALONE,
    tls: setup.tls ?? null,
    connector: createConnector(config, { environment: setup.environment ?? {}, baseDir: '/', randomBytes }),
    random: (bytes) => randomBytes(bytes).toString('hex'),
    report: (fault) => void faults.push(fault),
  };
  const sockets = new Set<Socket>();
  const serving = new Set<Promise<void>>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
    const served = serve(socket, setup.protocol, house);
    serving.add(served);
    void served.finally(() => serving.delete(served));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    token: TOKEN,
    badToken: 'not-the-token',
    audit: log.entries,
    recordings,
    faults,
    endings: approvals.endings,
    get sessions() {
      return sessions.size;
    },
    held: approvals.held,
    revoke(reason) {
      const open = sessions.all();
      for (const session of open) session.end('session-ended', reason, 'ask an operator of the gateway');
      return open.length;
    },
    failAudit: log.fail,
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await Promise.all(serving);
    },
  };
}

function auditLog(): { door: AuditLog; entries: AuditEntry[]; fail(fails: boolean): void } {
  const entries: AuditEntry[] = [];
  let failing = false;
  const fail = (fails: boolean): void => {
    failing = fails;
  };
  const fault = (): Fault =>
    new Fault('audit-unavailable', 'cannot append to the audit log: the disk is full');
  const door: AuditLog = {
    publicKey: '',
    size: 0,
    durability: 'write',
    append(entry) {
      if (failing) throw fault();
      entries.push(entry);
    },
    synced: () => (failing ? Promise.reject(fault()) : Promise.resolve()),
    close: () => Promise.resolve(),
  };
  return { door, entries, fail };
}

function identityOf(token: string): IdentityProvider {
  const identity: Identity = {
    subject: 'test|agent-owner',
    displayName: 'agent-owner',
    groups: ['agents'],
    actor: 'agent-1',
    task: null,
    kind: 'machine',
    expiresAt: Date.now() + 3_600_000,
    aliases: ['agent-owner', 'agent-1'],
    ...PLAIN_TOKEN,
  };
  return {
    authenticate: async (bearer) => {
      if (bearer === token) return identity;
      throw new Fault('credential-rejected', 'the access token is not valid');
    },
    confirm: async () => undefined,
  };
}

/** A connection is always permitted: what a protocol does with a session is what is tested. */
function decisionPointOf({ rule, limit }: GatewaySetup): DecisionPoint {
  const approval = [{ group: 'approvers', seats: 1 }];
  const ruleOn = (question: Question): Rule => {
    if (question.action.startsWith('connect')) return 'permit';
    // Nobody may use hidden columns here: what policies make of that is the policy room's to test.
    return question.resource.type === 'DataClass' ? 'no-policy' : rule(question as Evaluation);
  };
  const judge = (questions: readonly Question[], approved: boolean): Decision => {
    const rules = questions.map(ruleOn);
    const deny = { effect: 'deny', policyVersion: 'v1', approvals: null } as const;
    if (rules.includes('forbid'))
      return { ...deny, policies: ['forbid-it'], reason: 'the policy forbids it' };
    if (rules.includes('no-policy') || rules.length === 0) {
      return { ...deny, policies: [], reason: 'no policy permits it' };
    }
    if (rules.includes('approval') && !approved) {
      return { ...deny, policies: ['ask-first'], reason: 'it needs approval', approvals: approval };
    }
    const mask = { kind: 'mask', revealed: [] } as const;
    const obligations = limit === undefined ? [mask] : [mask, { kind: 'limit', ...limit } as const];
    return { effect: 'permit', policies: ['permit-it'], policyVersion: 'v1', obligations };
  };
  return {
    version: 'v1',
    asksRisk: false,
    groupOf: () => null,
    isAction: () => true,
    decide: async (_context, evaluations, approved) => judge(evaluations, approved.length > 0),
    onChange: () => undefined,
    close: () => Promise.resolve(),
  };
}

function testApprovals() {
  const endings = new Map<string, AccessRequestEnding['state']>();
  const waiting: PendingRequest[] = [];
  const askers: ((request: PendingRequest) => void)[] = [];
  const door: Approvals = {
    ...HOLDS_ONLY,
    open(subject) {
      const { promise: ended, resolve } = Promise.withResolvers<AccessRequestEnding>();
      const id = `request-${randomBytes(4).toString('hex')}`;
      const end = (ending: AccessRequestEnding): void => {
        if (endings.has(id)) return;
        endings.set(id, ending.state);
        resolve(ending);
      };
      const request: PendingRequest = {
        id,
        text: subject.text,
        approve: () => end({ state: 'approved', approvals: subject.requirements, by: ['approver'] }),
        deny: (reason) => end({ state: 'denied', reason, by: 'an approver' }),
      };
      const asker = askers.shift();
      if (asker === undefined) waiting.push(request);
      else asker(request);
      let used = false;
      return {
        id,
        expiresAt: Date.now() + 60_000,
        ended,
        cancel: () => end({ state: 'cancelled' }),
        redeem(digest) {
          const good = !used && digest === subject.digest && endings.get(id) === 'approved';
          used = true;
          return good;
        },
      };
    },
  };
  const held = (): Promise<PendingRequest> => {
    const request = waiting.shift();
    if (request !== undefined) return Promise.resolve(request);
    return new Promise((resolve) => askers.push(resolve));
  };
  return { door, endings, held };
}

function recorderInto(recordings: RecordedReply[]): Recorder {
  return {
    begin: () => ({
      failed: false,
      recover: () => Promise.resolve(true),
      operation({ text, effect }) {
        const chunks: Buffer[] = [];
        const recorded = { text, effect, result: null as OperationResult | null, reply: Buffer.alloc(0) };
        recordings.push(recorded);
        return {
          reply: (bytes, start, end) => void chunks.push(Buffer.from(bytes.subarray(start, end))),
          end(result) {
            if (recorded.result !== null) return;
            recorded.result = result;
            recorded.reply = Buffer.concat(chunks);
          },
        };
      },
      note: () => undefined,
      end: () => Promise.resolve(),
    }),
    stop: () => undefined,
    isOpen: () => false,
    close: () => Promise.resolve(),
  };
}
