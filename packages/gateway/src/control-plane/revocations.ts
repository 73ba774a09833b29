import type { Revocation as PresentedRevocation } from '@sallyport/contract';
import type { AuditLog } from '../audit/index.ts';
import type { Containment, Revocation, RevocationKind } from '../containment/index.ts';
import { Fault } from '../lib/fault.ts';
import { adminEntry } from './admin-entry.ts';
import { cursorOf, positionOf } from './cursor.ts';
import { inertLine } from './inert-line.ts';
import type { Handlers } from './serve-routes.ts';

/** What the sessions to be ended have in common, by kind of name. Empty: nothing, all of them. */
export type SessionsNamed = readonly (readonly [kind: RevocationKind, value: string])[];

export interface EndedSessions {
  readonly ended: number;
  /** Why some may still be open. Safe to show. */
  readonly problems: readonly string[];
}

export interface RevocationDependencies {
  readonly containment: Pick<Containment, 'revoke' | 'lift' | 'list'>;
  readonly audit: Pick<AuditLog, 'append'>;
  /** Ends every open session that has all of these names, on whichever gateway it is: here before anything is awaited. */
  endSessions(named: SessionsNamed, reason: string): Promise<EndedSessions>;
  readonly report: (fault: unknown) => void;
}

type Names = 'endSessions' | 'revoke' | 'listRevocations' | 'liftRevocation';

/** Revoking, and ending many sessions: for operators. */
export function revocationHandlers(deps: RevocationDependencies): Pick<Handlers, Names> {
  const { containment } = deps;
  return {
    listRevocations({ query: { limit, cursor } }) {
      const { before } = positionOf(cursor);
      const found = containment.list().filter((one) => before === undefined || isBefore(one, before));
      const page = found.slice(0, limit);
      const last = page.at(-1);
      const next = found.length > limit && last !== undefined ? { at: last.at, id: last.id } : null;
      return { revocations: page.map(present), next: cursorOf(next) };
    },
    async revoke({ caller, body: { kind = null, value, reason, quarantine } }) {
      const asked = { kind, value, reason: inertLine(reason), quarantine };
      const { revocation, ended, problems } = await containment.revoke(asked, caller);
      return { revocation: present(revocation), ended, problems: [...problems] };
    },
    async liftRevocation({ caller, params: { id }, body: { reason } }) {
      // It lets somebody in again: that takes a person, whatever policy says.
      if (caller.kind !== 'person') throw new Fault('not-permitted', 'Only a person lifts a revocation.');
      return present(await containment.lift(id, caller, inertLine(reason)));
    },
    async endSessions({ caller, body: { reason, all: _all, ...names } }) {
      const named = Object.entries(names).filter(
        ([, value]) => value !== undefined,
      ) as unknown as SessionsNamed;
      const said = inertLine(reason);
      const { ended, problems } = await deps.endSessions(named, `${caller.displayName} ended it: ${said}`);
      // After it: a log that cannot be written must not keep a session open.
      const filters = named.map(([kind, value]) => `${kind} ${value}`);
      try {
        deps.audit.append(adminEntry(caller, { attempt: 'end-sessions', filters, ended }, { reason: said }));
      } catch (fault) {
        deps.report(fault);
      }
      return { ended, problems: [...problems] };
    },
  };
}

function isBefore(one: Revocation, before: { readonly at: number; readonly id: string }): boolean {
  return one.at < before.at || (one.at === before.at && one.id < before.id);
}

function present({ names, by, at, until, ...rest }: Revocation): PresentedRevocation {
  return {
    ...rest,
    names: [...names],
    by: { ...by },
    at: new Date(at).toISOString(),
    until: until === null ? null : new Date(until).toISOString(),
  };
}
