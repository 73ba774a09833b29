/**
 * Entries as events of the Open Cybersecurity Schema Framework, https://schema.ocsf.io/1.5.0. Which class an entry becomes is
 * the table below and docs/export.md. What OCSF has no attribute for is under `unmapped`: nothing of an entry is left out.
 */
import type { Fields } from '../format.ts';
import { actorOf, authorizationOf, endpointsOf, names, targetOf, text, userOf } from './ocsf-objects.ts';

/** Identifiers of the schema: a class is category * 1000 + its own number. */
const CLASSES = {
  base: { category_uid: 0, category_name: 'Uncategorized', class_uid: 0, class_name: 'Base Event' },
  finding: { category_uid: 2, category_name: 'Findings', class_uid: 2004, class_name: 'Detection Finding' },
  authentication: iam(3002, 'Authentication'),
  authorizeSession: iam(3003, 'Authorize Session'),
  entityManagement: iam(3004, 'Entity Management'),
  lifecycle: application(6002, 'Application Lifecycle'),
  api: application(6003, 'API Activity'),
  datastore: application(6005, 'Datastore Activity'),
} as const;

/** What an entry becomes: its class, what happened in the words of that class, and the attributes only it has. */
interface Event {
  readonly of: (typeof CLASSES)[keyof typeof CLASSES];
  readonly activity: readonly [id: number, name: string];
  readonly severity: Severity;
  /** Whether it came to what was wanted; null where that is no question. */
  readonly success: boolean | null;
  readonly attributes: Readonly<Record<string, unknown>>;
}

type Severity = keyof typeof SEVERITIES;
const SEVERITIES = { Informational: 1, Low: 2, Medium: 3, High: 4 } as const;

const PRODUCT = { name: 'Sallyport', vendor_name: 'Sallyport' };

const SESSION_STARTED: Event['activity'] = [99, 'Session Started'];

const EVENTS: Readonly<Record<string, (entry: Fields) => Event>> = {
  'gateway-started': () => lifecycle([3, 'Start']),
  'gateway-stopped': () => lifecycle([4, 'Stop']),
  'policy-loaded': (entry) => policyChange(entry, true),
  'policy-rejected': (entry) => policyChange(entry, false),
  'configuration-loaded': configurationChange,
  authenticated: (entry) => authentication(entry, [1, 'Logon'], true),
  'authentication-failed': (entry) => authentication(entry, [1, 'Logon'], false),
  'signed-in': (entry) => authentication(entry, [1, 'Logon'], true),
  'signed-out': (entry) => authentication(entry, [2, 'Logoff'], true),
  'sign-in-refused': (entry) => authentication(entry, [1, 'Logon'], false),
  // The one who is in it logged on before, so that a logon is one event and not two.
  'session-started': (entry) => authentication(entry, SESSION_STARTED, true),
  // One that never began, because its target could not be reached, has an effect.
  'session-ended': (entry) =>
    entry.effect === 'deny'
      ? authentication(entry, SESSION_STARTED, false)
      : authentication(entry, [2, 'Logoff'], true),
  decision: operation,
  introspection: operation,
  'access-requested': (entry) => privileges(entry, [99, 'Privileges Requested'], null),
  'access-decided': (entry) => privileges(entry, ...decided(entry)),
  'grant-opened': (entry) => privileges(entry, [1, 'Assign Privileges'], true),
  'grant-ended': (entry) => privileges(entry, [99, 'Privileges Withdrawn'], true),
  'break-glass': (entry) => finding(entry, 'Somebody went ahead without the approval policy asks for'),
  'review-closed': (entry) =>
    privileges(entry, [99, 'Review Closed'], factOf(entry, 'verdict') === 'justified'),
  'review-overdue': (entry) =>
    finding(entry, 'Nobody reviewed in time what was done without the approval policy asks for'),
  reveal: (entry) =>
    factOf(entry, 'state') === 'ended'
      ? privileges(entry, [99, 'Privileges Withdrawn'], true)
      : privileges(entry, [1, 'Assign Privileges'], true),
  revoked: (entry) => revocation(entry, [99, 'Privileges Withdrawn'], 'Medium'),
  quarantined: (entry) => revocation(entry, [99, 'Privileges Withdrawn'], 'High'),
  'revocation-lifted': (entry) => revocation(entry, [99, 'Privileges Restored'], 'Medium'),
  'groups-lost': (entry) => privileges(entry, [99, 'Privileges Withdrawn'], true),
  'token-issued': (entry) => authentication(entry, [4, 'Service Ticket Request'], true),
  'token-refused': (entry) => authentication(entry, [4, 'Service Ticket Request'], false),
  'row-refused': (entry) => finding(entry, 'The store has a row that no gateway wrote so'),
  violation: (entry) => finding(entry, `Protocol violation by the ${factOf(entry, 'side') ?? 'client'}`),
  admin: administration,
};

/** The event of an entry. Entries of a type this version does not know become base events. */
export function ocsfEvent(entry: Fields): Record<string, unknown> {
  const type = text(entry.type) ?? 'unknown';
  // Own keys only: a type named like a method of objects is as unknown as any other.
  const make = Object.hasOwn(EVENTS, type) ? EVENTS[type] : undefined;
  const { of, activity, severity, success, attributes } = make?.(entry) ?? unclassified();
  const [activity_id, activity_name] = activity;
  return {
    ...of,
    activity_id,
    activity_name,
    type_uid: of.class_uid * 100 + activity_id,
    type_name: `${of.class_name}: ${activity_name}`,
    time: entry.time,
    severity_id: SEVERITIES[severity],
    severity,
    ...statusOf(of, success),
    ...(text(entry.reason) === undefined ? {} : { status_detail: entry.reason }),
    message: messageOf(type, entry),
    metadata: metadataOf(type, entry, attributes),
    ...attributes,
    unmapped: unmappedOf(entry),
  };
}

function metadataOf(type: string, entry: Fields, attributes: Event['attributes']) {
  return {
    version: '1.5.0',
    product: PRODUCT,
    profiles: 'action_id' in attributes ? ['security_control'] : [],
    event_code: type,
    log_name: 'audit',
    sequence: entry.seq,
    original_time: String(entry.time),
    uid: `entry-${String(entry.seq)}`,
    ...(text(entry.sessionId) === undefined ? {} : { correlation_uid: entry.sessionId }),
  };
}

function statusOf(of: Event['of'], success: boolean | null) {
  // A finding has states of its own, and is new when it is made.
  if (of === CLASSES.finding) return { status_id: 1, status: 'New' };
  if (success === null) return { status_id: 0, status: 'Unknown' };
  return success ? { status_id: 1, status: 'Success' } : { status_id: 2, status: 'Failure' };
}

function lifecycle(activity: Event['activity']): Event {
  return event(CLASSES.lifecycle, activity, 'Informational', true, { app: PRODUCT });
}

function policyChange(entry: Fields, success: boolean): Event {
  const version = text(entry.policyVersion);
  return managed(entry, success, {
    name: 'policies',
    type: 'Policy',
    type_id: 5,
    ...(version === undefined ? {} : { uid: version, version }),
  });
}

function configurationChange(entry: Fields): Event {
  return managed(entry, true, { name: 'configuration', type: 'Configuration', type_id: 99 });
}

/** Something that governs the gateway was read: an update, unless the log has it that nothing in it changed. */
function managed(entry: Fields, success: boolean, entity: Readonly<Record<string, unknown>>): Event {
  const facts = recordOf(entry.facts);
  const same = ['added', 'changed', 'removed'].every((name) => {
    const list = facts[name];
    return Array.isArray(list) && list.length === 0;
  });
  const activity: Event['activity'] = same ? [2, 'Read'] : [3, 'Update'];
  return event(CLASSES.entityManagement, activity, success ? 'Informational' : 'High', success, { entity });
}

function authentication(entry: Fields, activity: Event['activity'], success: boolean): Event {
  const session = text(entry.sessionId);
  return event(CLASSES.authentication, activity, success ? 'Informational' : 'Medium', success, {
    user: userOf(entry),
    actor: actorOf(entry),
    service: { name: 'Sallyport' },
    ...endpointsOf(entry),
    auth_protocol_id: 6,
    auth_protocol: 'OAUTH 2.0',
    logon_type_id: 3,
    logon_type: 'Network',
    is_remote: true,
    ...(session === undefined ? {} : { session: { uid: session } }),
  });
}

/** Protocols whose targets keep data in tables. */
const DATASTORES: ReadonlySet<string> = new Set(['postgres']);

/** An operation that policy decided about: of a database, or a call of anything else. */
function operation(entry: Fields): Event {
  const permitted = entry.effect !== 'deny';
  const severity = permitted ? 'Informational' : 'Medium';
  const actions = names(entry.actions);
  const form = text(entry.form) ?? '';
  const shared = { actor: actorOf(entry), ...endpointsOf(entry), ...authorizationOf(entry, permitted) };
  if (DATASTORES.has(text(entry.protocol) ?? '')) {
    const connects = actions.includes('connect') || actions.includes('connect_writable');
    return event(CLASSES.datastore, connects ? [3, 'Connect'] : [4, 'Query'], severity, permitted, {
      ...shared,
      type_id: 1,
      type: 'Database',
      database: { name: targetOf(entry), type_id: 1, type: 'Relational' },
      ...(connects ? {} : { query_info: { query_string: form, uid: text(entry.digest) ?? 'none' } }),
    });
  }
  return event(CLASSES.api, [99, 'Call'], severity, permitted, {
    ...shared,
    api: {
      operation: form === '' ? 'unknown' : form,
      service: { name: targetOf(entry) },
      request: { uid: text(entry.evaluationId) ?? 'none' },
    },
  });
}

function privileges(entry: Fields, activity: Event['activity'], success: boolean | null): Event {
  const facts = recordOf(entry.facts);
  const classes = names(facts.classes).map((name) => `reveal ${name}`);
  const granted = names(facts.scope);
  const session = text(entry.sessionId);
  return event(CLASSES.authorizeSession, activity, success === false ? 'Medium' : 'Low', success, {
    user: userOf(entry),
    actor: actorOf(entry),
    privileges: classes.length > 0 ? classes : granted.length > 0 ? granted : [text(entry.form) ?? 'unknown'],
    ...endpointsOf(entry),
    ...(session === undefined ? {} : { session: { uid: session } }),
  });
}

/** What may not be used any more, or may again: the user is whom or what it is about, the actor whoever did it. */
function revocation(entry: Fields, activity: Event['activity'], severity: Severity): Event {
  const [kind, value] = [factOf(entry, 'kind') ?? 'unknown', factOf(entry, 'value') ?? 'unknown'];
  const isParty = kind === 'subject' || kind === 'actor';
  return event(CLASSES.authorizeSession, activity, severity, true, {
    user: isParty ? { uid: value, name: value, type_id: 1, type: 'User' } : { name: 'unknown', type_id: 0 },
    actor: actorOf(entry),
    privileges: [`${kind} ${value}`],
    ...endpointsOf(entry),
  });
}

/** One approver's verdict, or how the access request ended. An approval among several that are needed grants nothing yet. */
function decided(entry: Fields): [Event['activity'], boolean | null] {
  const state = factOf(entry, 'state');
  if (state === 'approved' || state === 'redeemed') return [[1, 'Assign Privileges'], true];
  if (state === 'asked') return [[99, 'Approval Passed On'], null];
  return state === 'pending' ? [[99, 'Approval Counted'], null] : [[99, 'Privileges Refused'], false];
}

function finding(entry: Fields, title: string): Event {
  return event(CLASSES.finding, [1, 'Create'], 'High', null, {
    finding_info: {
      title,
      uid: `entry-${String(entry.seq)}`,
      ...(text(entry.reason) === undefined ? {} : { desc: entry.reason }),
    },
    is_alert: true,
    evidences: [{ actor: actorOf(entry), ...endpointsOf(entry) }],
  });
}

function administration(entry: Fields): Event {
  const attempt = factOf(entry, 'attempt') ?? 'unknown';
  const refused = factOf(entry, 'refused') !== undefined;
  const activity: Event['activity'] = attempt.startsWith('read-') ? [2, 'Read'] : [3, 'Update'];
  return event(CLASSES.api, activity, refused ? 'Medium' : 'Low', !refused, {
    actor: actorOf(entry),
    api: { operation: attempt, service: { name: 'Sallyport control plane' } },
    ...endpointsOf(entry),
  });
}

function unclassified(): Event {
  return event(CLASSES.base, [99, 'Other'], 'Informational', null, {});
}

function event(
  of: Event['of'],
  activity: Event['activity'],
  severity: Severity,
  success: boolean | null,
  attributes: Event['attributes'],
): Event {
  return { of, activity, severity, success, attributes };
}

function messageOf(type: string, entry: Fields): string {
  const effect = text(entry.effect);
  return [type, ...(effect === undefined ? [] : [effect]), text(entry.reason) ?? '']
    .filter((part) => part !== '')
    .join(': ');
}

/** Fields that have an attribute of their own in every event, and are not said twice. */
const MAPPED: ReadonlySet<string> = new Set(['time', 'seq', 'type', 'reason']);

function unmappedOf(entry: Fields): Record<string, unknown> {
  return Object.fromEntries(Object.entries(entry).filter(([name]) => !MAPPED.has(name)));
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function factOf(entry: Fields, name: string): string | undefined {
  return text(recordOf(entry.facts)[name]);
}

function iam(class_uid: number, class_name: string) {
  return { category_uid: 3, category_name: 'Identity & Access Management', class_uid, class_name };
}

function application(class_uid: number, class_name: string) {
  return { category_uid: 6, category_name: 'Application Activity', class_uid, class_name };
}
