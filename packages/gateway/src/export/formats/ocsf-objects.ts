/** Objects that events of several OCSF classes have, made of the fields of an entry. */
import { isIP } from 'node:net';
import type { Fields } from '../format.ts';

/** Who it was about. A subject is `issuer|sub`; an entry without one is about nobody who could be told apart. */
export function userOf(entry: Fields) {
  const subject = text(entry.subject);
  return subject === undefined
    ? { name: 'unknown', type_id: 0 }
    : { uid: subject, name: subject, type_id: 1, type: 'User' };
}

/** Who did it: the user, and the AI agent that acted for them. */
export function actorOf(entry: Fields) {
  const session = text(entry.sessionId);
  const agent = text(entry.actor);
  return {
    user: userOf(entry),
    ...(agent === undefined ? {} : { app_name: agent, app_uid: agent }),
    ...(session === undefined ? {} : { session: { uid: session } }),
  };
}

/** The two ends. Where somebody came in from is in the entry of that alone: elsewhere a client is known by who it is. */
export function endpointsOf(entry: Fields) {
  const { facts } = entry;
  const address =
    typeof facts === 'object' && facts !== null && 'address' in facts ? text(facts.address) : undefined;
  return {
    src_endpoint: {
      name: text(entry.actor) ?? text(entry.subject) ?? 'unknown',
      ...(address === undefined || isIP(address) === 0 ? {} : { ip: address }),
    },
    ...(text(entry.target) === undefined ? {} : { dst_endpoint: { svc_name: entry.target } }),
  };
}

export function targetOf(entry: Fields): string {
  return text(entry.target) ?? 'unknown';
}

/** What was decided and by which policies: the profile `security_control`. */
export function authorizationOf(entry: Fields, permitted: boolean) {
  const version = text(entry.policyVersion);
  const policies = names(entry.policies).map((name) => ({
    name,
    is_applied: true,
    ...(version === undefined ? {} : { version }),
  }));
  const decision = permitted ? 'permit' : 'deny';
  const [policy] = policies;
  return {
    action_id: permitted ? 1 : 2,
    action: permitted ? 'Allowed' : 'Denied',
    disposition_id: permitted ? 1 : 2,
    disposition: permitted ? 'Allowed' : 'Blocked',
    authorizations:
      policies.length === 0 ? [{ decision }] : policies.map((one) => ({ decision, policy: one })),
    ...(policy === undefined ? {} : { policy }),
  };
}

/** A text that says something. */
export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The texts of a list. */
export function names(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}
