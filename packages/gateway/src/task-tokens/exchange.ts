/** Exchanging a token for a task token (RFC 8693): never for more than the token that is exchanged is good for. */
import type { AuditEntry, AuditLog } from '../audit/index.ts';
import {
  type Confirmation,
  type ExchangeVerifier,
  type Exchanging,
  groupsFrom,
  type Identity,
  type IdentityConfig,
  NonceFault,
  ProofFault,
  type TaskBudget,
  type TaskGrant,
  type TaskTokenIssuer,
} from '../identity/index.ts';
import type { Clock } from '../lib/clock.ts';
import { Fault } from '../lib/fault.ts';
import type { Possession } from '../protocols/protocol.ts';
import type { TaskTokenTable } from '../storage/index.ts';
import { actorOf, delegationOf } from './actor.ts';
import type { Ledger } from './ledger.ts';
import { type GroupOf, includesAction, isSubtask, outside } from './narrow.ts';
import { ExchangeRefused } from './refused.ts';
import { type ExchangeRequest, readExchangeRequest } from './request.ts';
import { REVOKING, type RevocationDependencies, revokeHeld } from './revocation.ts';

export { ExchangeRefused } from './refused.ts';

export interface ExchangeDependencies extends RevocationDependencies {
  readonly config: IdentityConfig['taskTokens'];
  readonly issuer: TaskTokenIssuer;
  readonly verifier: ExchangeVerifier;
  readonly ledger: Ledger;
  readonly store: TaskTokenTable;
  readonly audit: Pick<AuditLog, 'append'>;
  readonly clock: Clock;
  /** Whether a target is served, and whether a word is an action of the policy schema or a group of them. */
  isTarget(name: string): boolean;
  isAction(name: string): boolean;
  readonly groupOf: GroupOf;
}

/** RFC 8693 section 2.2.1. */
export interface ExchangeAnswer {
  readonly access_token: string;
  readonly issued_token_type: 'urn:ietf:params:oauth:token-type:access_token';
  readonly token_type: 'Bearer' | 'DPoP';
  readonly expires_in: number;
  readonly scope: string;
  readonly authorization_details: readonly object[];
}

export interface TokenExchange {
  readonly issuer: TaskTokenIssuer;
  /** Rejects with ExchangeRefused; every refusal is on record. `address` is whoever asked. */
  exchange(body: string, possession: Possession, address: string): Promise<ExchangeAnswer>;
  /** Ends the token in this form (RFC 7009). Rejects with ExchangeRefused, which is on record. */
  revoke(body: string, possession: Possession, address: string): Promise<void>;
  /** Puts on record that a request was refused before it could be read; gives what to answer. Throws what is no refusal. */
  refuse(fault: unknown, address: string): ExchangeRefused;
}

export function createExchange(deps: ExchangeDependencies): TokenExchange {
  return {
    issuer: deps.issuer,
    async exchange(body, possession, address) {
      let known: Identity | null = null;
      try {
        const request = readExchangeRequest(body);
        const exchanging = await verified(deps.verifier, request, possession);
        known = exchanging.subject;
        return await issue(deps, request, exchanging, possession, address);
      } catch (fault) {
        throw recorded(deps, fault, known, address);
      }
    },
    revoke: (body, possession, address) =>
      revokeHeld(deps, body, possession, address).catch((fault: unknown) => {
        throw recorded(deps, fault, null, address, REVOKING);
      }),
    refuse: (fault, address) => recorded(deps, fault, null, address),
  };
}

function recorded(
  { audit }: ExchangeDependencies,
  fault: unknown,
  known: Identity | null,
  address: string,
  attempt: Readonly<Record<string, string>> = {},
): ExchangeRefused {
  const refused = asRefused(fault);
  audit.append(refusalEntry(refused, known, { ...attempt, address }));
  return refused;
}

async function verified(
  verifier: ExchangeVerifier,
  { subjectToken, actorToken }: ExchangeRequest,
  possession: Possession,
): Promise<Exchanging> {
  return verifier.authenticateExchange({ subject: subjectToken, actor: actorToken }, possession);
}

async function issue(
  deps: ExchangeDependencies,
  request: ExchangeRequest,
  exchanging: Exchanging,
  possession: Possession,
  address: string,
): Promise<ExchangeAnswer> {
  const { issuer, store, audit, clock } = deps;
  const now = clock.now();
  const id = issuer.newId();
  const grant = await narrowed(deps, request, exchanging, { id, now, possession });
  await checkRoom(deps, exchanging.subject.subject, now);
  const token = await issuer.sign(id, grant);
  const { subject, task, budget, expiresAt, ancestors } = grant;
  await store.issued({
    id,
    subject: subject.subject,
    actor: subject.actor,
    task,
    parent: ancestors[0] ?? null,
    issued_at: now,
    expires_at: expiresAt,
    operations_limit: budget.operations,
    rows_limit: budget.rows,
    approvals_limit: budget.approvals,
  });
  audit.append(issuedEntry(id, grant, address));
  return {
    access_token: token,
    issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    token_type: grant.confirmation?.jkt == null ? 'Bearer' : 'DPoP',
    expires_in: Math.floor((expiresAt - now) / 1_000),
    scope: grant.actions.join(' '),
    authorization_details: [
      { type: 'sallyport_task', task, targets: grant.targets, actions: grant.actions, budget },
    ],
  };
}

/** What the new token is good for, or ExchangeRefused: nothing is cut down in silence but its life. */
async function narrowed(
  deps: ExchangeDependencies,
  request: ExchangeRequest,
  exchanging: Exchanging,
  { id, now, possession }: { readonly id: string; readonly now: number; readonly possession: Possession },
): Promise<TaskGrant> {
  const { subject, actor } = exchanging;
  const { scope } = subject;
  const ancestors = scope === null ? [] : [subject.tokenId, ...scope.ancestors];
  if (ancestors.length >= deps.config.depth) {
    throw new ExchangeRefused(
      'invalid_request',
      'the token was handed on as often as it may (identity.task_tokens.depth)',
    );
  }
  const acting = actorOf(subject, actor);
  return {
    subject: { ...subject, ...acting },
    task: taskOf(request.task, subject.task),
    delegation: delegationOf(subject, acting.actor, request.instance ?? id.slice(0, 8)),
    targets: targetsOf(deps, request.targets, subject),
    actions: actionsOf(deps, request.actions, subject),
    budget: await budgetOf(deps, request.budget, subject),
    ancestors,
    origin: scope === null ? subject.tokenId : scope.origin,
    groupsFrom: groupsFrom(subject),
    confirmation: boundTo(deps.config, request, exchanging, possession),
    expiresAt: expiryOf(deps.config, request.lifetimeSeconds, now, [
      subject,
      ...(actor === null ? [] : [actor]),
    ]),
  };
}

function taskOf(asked: string | null, had: string | null): string {
  const task = asked ?? had;
  if (task === null) throw new ExchangeRefused('invalid_request', 'name the task in authorization_details');
  if (had !== null && !isSubtask(task, had)) {
    throw new ExchangeRefused(
      'invalid_request',
      'the token is for another task: ask for that, or for TASK/PART of it',
    );
  }
  return task;
}

function targetsOf(
  deps: ExchangeDependencies,
  asked: readonly string[] | null,
  { scope }: Identity,
): readonly string[] {
  const targets = asked ?? scope?.targets;
  if (targets === undefined) throw new ExchangeRefused('invalid_target', 'name the targets');
  if (scope !== null && outside(targets, scope.targets) !== undefined) {
    throw new ExchangeRefused(
      'invalid_target',
      'the token that is exchanged does not name all of these targets',
    );
  }
  if (!targets.every((one) => deps.isTarget(one))) {
    throw new ExchangeRefused('invalid_target', 'one of these targets is not served here');
  }
  return targets;
}

function actionsOf(
  deps: ExchangeDependencies,
  asked: readonly string[] | null,
  { scope }: Identity,
): readonly string[] {
  const actions = asked ?? scope?.actions;
  if (actions === undefined) throw new ExchangeRefused('invalid_scope', 'name the actions, such as read');
  if (!actions.every((one) => deps.isAction(one))) {
    throw new ExchangeRefused(
      'invalid_scope',
      'one of these is no action of the policy schema, and no group of them',
    );
  }
  if (scope !== null && !actions.every((one) => includesAction(scope.actions, one, deps.groupOf))) {
    throw new ExchangeRefused(
      'invalid_scope',
      'the token that is exchanged does not name all of these actions',
    );
  }
  return actions;
}

/** What is not asked for is given as far as there is any, and never more than is left of the token it comes from. */
async function budgetOf(
  { config, ledger }: ExchangeDependencies,
  asked: ExchangeRequest['budget'],
  subject: Identity,
): Promise<TaskBudget> {
  const left = subject.scope === null ? config.budget : (await ledger.open(subject)).left();
  if (left.operations === 0) {
    throw new ExchangeRefused(
      'invalid_request',
      'the budget of the token is used up: nothing can be made from it',
    );
  }
  const of = (kind: keyof TaskBudget): number => {
    const most = Math.min(left[kind], config.budget[kind]);
    const wanted = asked[kind] ?? most;
    if (wanted <= most) return wanted;
    const why = left[kind] < config.budget[kind] ? 'is left of the token' : 'any token may have';
    throw new ExchangeRefused(
      'invalid_request',
      `a budget of more ${kind} is asked for than ${why}: ${most}`,
    );
  };
  return { operations: of('operations'), rows: of('rows'), approvals: of('approvals') };
}

/**
 * A token that is bound stays bound: to the key of the proof, or to one that its holder names, and to the certificate it
 * was bound to, which was compared with that of this connection.
 */
function boundTo(
  config: ExchangeDependencies['config'],
  request: ExchangeRequest,
  { subject, actor, jkt: proven }: Exchanging,
  { certificate }: Possession,
): Confirmation | null {
  if (request.certificateBound && certificate === null) {
    throw new ExchangeRefused(
      'invalid_request',
      'certificate_bound asks for a client certificate, and none was shown (control_plane.tls.request_client_certificates)',
    );
  }
  const former = subject.confirmation?.x5tS256 ?? actor?.confirmation?.x5tS256 ?? null;
  const wanted = request.certificateBound || config.bindCertificates ? certificate : null;
  const [jkt, x5tS256] = [request.jkt ?? proven, former ?? wanted];
  return jkt === null && x5tS256 === null ? null : { jkt, x5tS256 };
}

function expiryOf(
  config: IdentityConfig['taskTokens'],
  asked: number | null,
  now: number,
  tokens: readonly Identity[],
): number {
  if (asked !== null && asked > config.longestLifetimeSeconds) {
    const most = config.longestLifetimeSeconds;
    throw new ExchangeRefused('invalid_request', `no task token lives longer than ${most} seconds`);
  }
  const wanted = now + (asked ?? config.lifetimeSeconds) * 1_000;
  return Math.floor(Math.min(wanted, ...tokens.map((one) => one.expiresAt)) / 1_000) * 1_000;
}

async function checkRoom(
  { config, store }: ExchangeDependencies,
  subject: string,
  now: number,
): Promise<void> {
  const { all, ofSubject } = await store.live(now, subject);
  if (all < config.liveTokens && ofSubject < config.liveTokensPerSubject) return;
  throw new ExchangeRefused(
    'temporarily_unavailable',
    'too many task tokens are good at once (identity.task_tokens.live_tokens, live_tokens_per_subject)',
  );
}

function asRefused(fault: unknown): ExchangeRefused {
  if (fault instanceof ExchangeRefused) return fault;
  if (fault instanceof NonceFault) {
    return new ExchangeRefused('use_dpop_nonce', fault.message, fault.nonce);
  }
  if (fault instanceof ProofFault) return new ExchangeRefused('invalid_dpop_proof', fault.message);
  // RFC 8693 section 2.2.2: a token that is not acceptable is an invalid request.
  if (fault instanceof Fault && fault.code === 'credential-rejected') {
    return new ExchangeRefused('invalid_request', fault.message);
  }
  if (fault instanceof Fault && fault.code === 'issuer-unavailable') {
    return new ExchangeRefused('temporarily_unavailable', fault.message);
  }
  throw fault;
}

function issuedEntry(id: string, grant: TaskGrant, address: string): AuditEntry {
  const { subject, task, delegation, targets, actions, budget, expiresAt, ancestors, confirmation } = grant;
  return {
    type: 'token-issued',
    subject: subject.subject,
    actor: subject.actor,
    task,
    tokenId: id,
    delegation,
    actions,
    facts: {
      targets,
      ...budget,
      expiresAt: new Date(expiresAt).toISOString(),
      parent: ancestors[0] ?? grant.origin,
      bound: [confirmation?.jkt == null ? [] : 'dpop', confirmation?.x5tS256 == null ? [] : 'mtls'].flat(),
      address,
    },
  };
}

function refusalEntry(
  { error, message }: ExchangeRefused,
  known: Identity | null,
  facts: Readonly<Record<string, string>>,
): AuditEntry {
  const who =
    known === null
      ? {}
      : {
          subject: known.subject,
          actor: known.actor,
          task: known.task,
          tokenId: known.tokenId,
          delegation: known.delegation,
        };
  return { type: 'token-refused', ...who, effect: 'deny', reason: message, facts: { error, ...facts } };
}
