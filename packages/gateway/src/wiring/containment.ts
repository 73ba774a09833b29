import type { ApprovalRoom, Requester } from '../approval/index.ts';
import type { AuditLog } from '../audit/index.ts';
import type { GatewayConfig } from '../config/index.ts';
import { type Containment, hits, openContainment, type Revocation, wordsOf } from '../containment/index.ts';
import type { EndedSessions, SessionsNamed } from '../control-plane/index.ts';
import { endRevoked, type House, useOf } from '../data-path/index.ts';
import { type Identity, PLAIN_TOKEN } from '../identity/index.ts';
import type { Clock } from '../lib/clock.ts';
import { Fault } from '../lib/fault.ts';
import type { SessionIndex } from '../replicas/index.ts';
import type { SignIn } from '../sign-in/index.ts';
import type { SessionRow, Storage } from '../storage/index.ts';

/** The connector in this process, which reaches every target. */
export const OWN_CONNECTOR = 'local';

interface ContainmentSurroundings {
  readonly storage: Storage;
  readonly audit: AuditLog;
  readonly clock: Clock;
  random(bytes: number): string;
  report(fault: unknown): void;
}

/** The list of what is revoked, as the store and the log have it. */
export function openRevocations(config: GatewayConfig, deps: ContainmentSurroundings): Promise<Containment> {
  const { storage, ...rest } = deps;
  return openContainment({
    ...rest,
    log: deps.audit,
    config: config.containment,
    table: storage.revocations,
    newestGroups: storage.newestGroups,
    bus: storage.bus,
    directory: config.audit.directory,
    targets: config.connector.targets.map(({ name }) => name),
  });
}

interface Contained {
  readonly sessions: House['sessions'];
  readonly approvals: ApprovalRoom;
  readonly signIn: SignIn;
  report(fault: unknown): void;
}

/** What a revocation does beside letting nothing new in: sessions end, and nobody's word counts any more. */
export function contain(containment: Containment, contained: Contained): void {
  const { sessions, approvals, signIn, report } = contained;
  // Grants come out of the store as they stood: one that could not be ended there must not stand again.
  for (const revocation of containment.list()) withdraw(approvals, revocation);
  containment.onAdded((revocation) => {
    const ended = endRevoked({ sessions }, revocation);
    withdraw(approvals, revocation);
    if (revocation.kind === 'subject') void signIn.endAllOf(revocation.names, 'revoked').catch(report);
    return ended;
  });
  containment.onGroupsLost((standsOnLost, groups) => {
    const ended = sessions.endWhere(
      ({ identity }) => standsOnLost(identity),
      'a newer token of the same caller has fewer groups',
      'connect again with the newer token',
    );
    // What they approved rests on the groups they have, whichever gateway they were seen at.
    approvals.groupsLost(standsOnLost, groups);
    return ended;
  });
}

/** What the revoked asked for is cancelled, what they approved does not count, and grants that rest on either end. */
function withdraw(approvals: ApprovalRoom, revocation: Revocation): void {
  const why = wordsOf(revocation);
  approvals.cancelWhere(({ target, sessionId, ...who }) => {
    const use = { identity: identityOf(who), target, connector: OWN_CONNECTOR };
    return hits(revocation, sessionId === undefined ? use : { ...use, sessionId });
  }, why);
  approvals.withdrawApprovalsOf(
    (approver) => hits(revocation, { identity: identityOf({ ...approver, actor: null }) }),
    why,
  );
}

/** Who it was, with their token; of what stands longer than that is known, as much as is. */
function identityOf({ identity, task = null, ...names }: Omit<Requester, 'target' | 'sessionId'>): Identity {
  return identity ?? { ...NOBODY, ...names, task, displayName: names.subject };
}

interface EndingDependencies {
  readonly sessions: House['sessions'];
  readonly sessionIndex: Pick<SessionIndex, 'end'>;
  readonly containment: Containment;
  readonly storage: Pick<Storage, 'sessions' | 'shared' | 'replica'>;
  report(fault: unknown): void;
}

/** Ends every session that has all of these names: those of this gateway at once, then those of the others. */
export async function endNamed(
  deps: EndingDependencies,
  named: SessionsNamed,
  reason: string,
): Promise<EndedSessions> {
  const { sessions, containment, storage, report } = deps;
  const matchers = named.map(([kind, value]) => containment.matcher(kind, value));
  const here = sessions.endWhere((session) => matchers.every((matches) => matches(useOf(session))), reason);
  if (!storage.shared) return { ended: here, problems: [] };
  try {
    const others = (await openElsewhere(storage)).filter((row) =>
      matchers.every((matches) => matches({ identity: shownIdentity(row), target: row.target })),
    );
    const ends = await Promise.allSettled(others.map(({ id }) => deps.sessionIndex.end(id, reason)));
    const failed = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []));
    const ended = here + ends.filter((end) => end.status === 'fulfilled' && end.value).length;
    return { ended, problems: [...new Set(failed.map(toldOf))] };
  } catch (fault) {
    report(fault);
    return { ended: here, problems: ['sessions of other gateways are not known: the store is away'] };
  }
}

function toldOf(fault: unknown): string {
  return fault instanceof Fault ? fault.message : 'a session of another gateway could not be ended';
}

/** Rows read at once. */
const PAGE = 1_000;

async function openElsewhere({
  sessions,
  replica,
}: Pick<Storage, 'sessions' | 'replica'>): Promise<readonly SessionRow[]> {
  const found: SessionRow[] = [];
  let last: SessionRow | undefined;
  do {
    const before = last === undefined ? {} : { before: { at: last.started_at, id: last.id } };
    const page = await sessions.list({ open: true, limit: PAGE, ...before });
    found.push(...page.filter((row) => row.replica !== replica));
    last = page.length === PAGE ? page.at(-1) : undefined;
  } while (last !== undefined);
  return found;
}

/** As much of an identity as a row of another gateway has: its subject, actor and task. */
function shownIdentity({ subject, display_name: displayName, actor, task }: SessionRow): Identity {
  return { ...NOBODY, subject, displayName, actor, task };
}

const NOBODY: Omit<Identity, 'subject' | 'displayName' | 'actor' | 'task'> = {
  ...PLAIN_TOKEN,
  groups: [],
  kind: 'machine',
  expiresAt: 0,
  aliases: [],
};
