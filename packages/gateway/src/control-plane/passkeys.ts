import type { AuditLog } from '../audit/index.ts';
import { Fault } from '../lib/fault.ts';
import type { StepUp } from '../step-up/index.ts';
import { adminEntry } from './admin-entry.ts';
import { inertLine } from './inert-line.ts';
import type { Handlers } from './serve-routes.ts';

interface PasskeyDependencies {
  /** Null where none are configured. */
  readonly stepUp: StepUp | null;
  readonly audit: Pick<AuditLog, 'append'>;
}

type Names =
  | 'stepUp'
  | 'listPasskeys'
  | 'passkeyChallenge'
  | 'beginRegistration'
  | 'verifyRegistration'
  | 'removePasskey'
  | 'resetPasskeys';

/** Passkeys: what people prove with, for what policy wants more than a token for. Each change is in the log before it counts. */
export function passkeyHandlers({ stepUp, audit }: PasskeyDependencies): Pick<Handlers, Names> {
  const room = () => configured(stepUp);
  return {
    async stepUp({ caller, params: { id }, body: { verdict }, found: { digest, state } }) {
      if (state !== 'pending')
        throw new Fault('conflict', `Could not begin: ${id} is ${state}, not pending.`);
      return { ...(await room().challenge(caller, { kind: 'decide', requestId: id, digest, verdict })) };
    },
    listPasskeys: async ({ caller }) => ({ passkeys: [...(await room().list(caller.subject))] }),
    async passkeyChallenge({ caller, body: { purpose, passkey } }) {
      if (purpose === 'add-passkey') return { ...(await room().challenge(caller, { kind: purpose })) };
      if (passkey === undefined) throw new Fault('not-found', 'Name the passkey that is to be removed.');
      return { ...(await room().challenge(caller, { kind: purpose, credential: passkey })) };
    },
    beginRegistration: async ({ caller, body: { assertion } }) => ({
      ...(await room().beginRegistration(caller, assertion)),
    }),
    verifyRegistration: ({ caller, body: { name, attestation } }) =>
      room().register(caller, inertLine(name), attestation, (passkey) =>
        audit.append(adminEntry(caller, { attempt: 'add-passkey', passkey })),
      ),
    async removePasskey({ caller, params: { id }, body: { assertion } }) {
      await room().remove(caller, id, assertion, () =>
        audit.append(adminEntry(caller, { attempt: 'remove-passkey', passkey: id })),
      );
      return { removed: 1 };
    },
    async resetPasskeys({ caller, body: { subject, reason } }) {
      const about = { reason: inertLine(reason) };
      const facts = { attempt: 'reset-passkeys', whose: subject };
      // Whoever could remove their own by this would need no passkey to do it.
      if (subject === caller.subject)
        throw new Fault('not-permitted', 'Nobody resets their own passkeys: another administrator can.');
      audit.append(adminEntry(caller, facts, about));
      return { removed: await room().reset(subject) };
    },
  };
}

/** Throws Fault `not-found` where no passkeys are configured. */
export function configured(stepUp: StepUp | null): StepUp {
  if (stepUp !== null) return stepUp;
  throw new Fault(
    'not-found',
    'Passkeys are not configured on this gateway; see stepUp in docs/configuration.md.',
  );
}
