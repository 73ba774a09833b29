/** A data path whose decision point, log and people answer exactly when a test says so: races without luck. */

import type { AccessRequestEnding } from '../../../packages/gateway/src/approval/index.ts';
import type { AuditEntry } from '../../../packages/gateway/src/audit/index.ts';
import {
  createDecisionMemo,
  createSessionRegistry,
  Experience,
  type House,
  Rates,
  Uses,
} from '../../../packages/gateway/src/data-path/index.ts';
import { judge } from '../../../packages/gateway/src/data-path/judge.ts';
import { Session } from '../../../packages/gateway/src/data-path/session.ts';
import { type Identity, PLAIN_TOKEN } from '../../../packages/gateway/src/identity/index.ts';
import { systemClock } from '../../../packages/gateway/src/lib/clock.ts';
import { RateLimit } from '../../../packages/gateway/src/lib/rate-limit.ts';
import { createMasking, maskingSection } from '../../../packages/gateway/src/masking/index.ts';
import type { ApprovalRequirement, Decision } from '../../../packages/gateway/src/policy/index.ts';
import type { Operation, Outcome } from '../../../packages/gateway/src/protocols/protocol.ts';

import { HOLDS_ONLY } from '../../fixtures/approvals.ts';

export const IDENTITY: Identity = {
  subject: 'test|agent',
  displayName: 'agent',
  groups: ['agents'],
  actor: 'agent-1',
  task: null,
  kind: 'machine',
  expiresAt: Date.now() + 3_600_000,
  aliases: ['test|agent', 'agent-1'],
  ...PLAIN_TOKEN,
};

/** A promise that a test settles. */
export interface Gate<T> {
  readonly reached: Promise<void>;
  open(value: T): void;
  fail(fault: unknown): void;
}

export interface StagedHouse {
  readonly house: House;
  readonly session: Session;
  readonly entries: AuditEntry[];
  readonly faults: unknown[];
  /** How often an approval was used. */
  redeemed: number;
  version: string;
  /** Answers the next questions to the decision point; by default a permit under the version of the moment. */
  decide: (approved: readonly ApprovalRequirement[]) => Promise<Decision>;
  synced: () => Promise<void>;
  /** What people do with an access request. */
  people: () => Promise<AccessRequestEnding>;
  submit(operation?: Operation, signal?: AbortSignal): Promise<Outcome>;
}

export const permitUnder = (policyVersion: string): Decision => ({
  effect: 'permit',
  policies: ['p'],
  policyVersion,
  obligations: [{ kind: 'mask', revealed: [] }],
});

export const APPROVERS = [{ group: 'approvers', seats: 1 }];

export const requestableUnder = (policyVersion: string): Decision => ({
  effect: 'deny',
  policies: ['ask'],
  policyVersion,
  reason: 'needs approval',
  approvals: APPROVERS,
});

export function gate<T>(): Gate<T> & { readonly wait: () => Promise<T> } {
  const arrived = Promise.withResolvers<void>();
  const held = Promise.withResolvers<T>();
  return {
    reached: arrived.promise,
    open: held.resolve,
    fail: held.reject,
    wait: () => {
      arrived.resolve();
      return held.promise;
    },
  };
}

export function operation(changesState = false): Operation {
  const evaluations = [{ action: 'select', resource: { type: 'Table', path: ['d', 's', 't'] } }] as const;
  return {
    meaning: { form: 'select $1', evaluations, undetermined: null, changesState },
    text: 'select 1',
    parameters: [],
  };
}

type Stage = Omit<StagedHouse, 'house' | 'session' | 'submit'>;

export function stagedHouse(): StagedHouse {
  const stage: Stage = {
    entries: [],
    faults: [],
    redeemed: 0,
    version: 'v1',
    decide: async () => permitUnder(stage.version),
    synced: async () => undefined,
    people: async () => ({ state: 'approved', approvals: APPROVERS, by: ['approver'] }),
  };
  const house = houseOn(stage);
  const context = {
    identity: IDENTITY,
    target: 'db',
    protocol: 'toy',
    secure: true,
    access: 'read-write',
  } as const;
  const caller = { facet: '', client: '', startup: {} } as unknown as ConstructorParameters<
    typeof Session
  >[3];
  const session = new Session(house, IDENTITY, context, caller);
  return Object.assign(stage, {
    house,
    session,
    submit: async (one: Operation = operation(), signal = new AbortController().signal) =>
      judge(session, one, { held: () => undefined, signal }),
  });
}

function houseOn(stage: Stage): House {
  const decisionPoint: House['decisionPoint'] = {
    get version() {
      return stage.version;
    },
    decide: (_context, _evaluations, approved) => stage.decide(approved),
    asksRisk: false,
    groupOf: () => null,
    isAction: () => true,
    onChange: () => undefined,
    close: async () => undefined,
  };
  const neverRecorded = (): never => {
    throw new Error('not recorded here');
  };
  let random = 0;
  return {
    clock: systemClock,
    limits: {} as House['limits'],
    identity: { authenticate: async () => IDENTITY, confirm: async () => undefined },
    ledger: { open: () => Promise.reject(new Error('there are no task tokens here')) },
    decisionPoint,
    decisions: createDecisionMemo(decisionPoint),
    rates: new Rates(),
    failures: new RateLimit(1_000_000, systemClock),
    uses: new Uses(),
    workingHours: null,
    approvals: { ...HOLDS_ONLY, open: () => accessRequest(stage) },
    approvalMode: () => 'hold',
    experience: new Experience(),
    onlooker: null,
    masking: createMasking(maskingSection.parse(undefined)),
    recorder: {
      begin: neverRecorded,
      stop: () => undefined,
      isOpen: () => false,
      close: async () => undefined,
    },
    audit: {
      size: 0,
      publicKey: '',
      durability: 'write',
      append: (entry) => void stage.entries.push(entry),
      synced: () => stage.synced(),
      close: async () => undefined,
    },
    connector: {
      targets: [{ name: 'db', protocol: 'toy' }],
      open: () => Promise.reject(new Error('nothing is dialled here')),
    },
    sessions: createSessionRegistry({ opened: () => undefined, closed: () => undefined }),
    containment: { generation: 0, objection: () => null },
    connectorOf: () => 'local',
    tls: null,
    random: (bytes) => {
      random += 1;
      return String(random).padStart(bytes * 2, '0');
    },
    report: (fault) => void stage.faults.push(fault),
  };
}

function accessRequest(stage: Stage): ReturnType<House['approvals']['open']> {
  return {
    id: 'ar-1',
    expiresAt: Date.now() + 60_000,
    ended: stage.people(),
    cancel: () => undefined,
    redeem: () => {
      stage.redeemed += 1;
      return stage.redeemed === 1;
    },
  };
}
