import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { AccessRequestView } from '../approval/index.ts';
import type { Identity } from '../identity/index.ts';
import { Fault } from '../lib/fault.ts';
import { type EntityFacts, type EntityPoint, type EntityQuestion, openEntityPoint } from '../policy/index.ts';
import type { SessionRow } from '../storage/index.ts';
import type { ControlPlaneConfig } from './section.ts';

type Roles = ControlPlaneConfig['roles'];
export type Resource = EntityQuestion['resource'];

/** Who may do what: Cedar decides, and whatever is not a clean permit is a no. */
export interface Authorization {
  readonly version: string;
  /** Every action a policy can speak of. */
  readonly actions: ReadonlySet<string>;
  may(caller: Identity, action: string, resource: Resource): Promise<boolean>;
  /** Rejects with Fault `not-permitted`, whose message says what would be needed. */
  demand(caller: Identity, action: string, resource: Resource): Promise<void>;
  /** Those of these the caller may see, in their order. */
  those<T>(
    caller: Identity,
    action: string,
    rows: readonly T[],
    resourceOf: (row: T) => Resource,
  ): Promise<readonly T[]>;
  close(): Promise<void>;
}

/** What belongs to nobody. */
export const GATEWAY: Resource = { type: 'Gateway', id: 'this', attributes: {} };

/** Reads the policies that are built in and the operator's own. Rejects with Fault `policy-invalid`. */
export async function openAuthorization(
  config: Pick<ControlPlaneConfig, 'roles' | 'policies'>,
): Promise<Authorization> {
  const point = await openEntityPoint({
    schema: readFileSync(new URL('./controlplane.cedarschema', import.meta.url), 'utf8'),
    directories: [
      { name: 'built-in', directory: fileURLToPath(new URL('./policies', import.meta.url)) },
      ...(config.policies === undefined ? [] : [{ name: 'own', directory: config.policies }]),
    ],
  });
  return authorizationBy(point, config.roles);
}

function authorizationBy(point: EntityPoint, roles: Roles): Authorization {
  const decide = (caller: Identity, action: string, resource: Resource) =>
    point.decide(factsOf(caller, roles), { action, resource });
  return {
    version: point.version,
    actions: point.actions,
    may: async (caller, action, resource) => (await decide(caller, action, resource)).effect === 'permit',
    async demand(caller, action, resource) {
      const { effect, policies } = await decide(caller, action, resource);
      if (effect === 'permit') return;
      if (effect === 'fault') {
        throw new Fault(
          'decision-unavailable',
          'Whether you may could not be decided, so you may not. Try again; the log of the gateway says why.',
        );
      }
      throw new Fault('not-permitted', reasonOf(caller, action, policies));
    },
    async those(caller, action, rows, resourceOf) {
      const effects = await Promise.all(rows.map((row) => decide(caller, action, resourceOf(row))));
      return rows.filter((_, at) => effects[at]?.effect === 'permit');
    },
    close: () => point.close(),
  };
}

function reasonOf(caller: Identity, action: string, policies: readonly string[]): string {
  if (isAgent(caller))
    return `Not "${action}": agents and machines see what is their own; only a person may do more.`;
  if (policies.includes('built-in/nobody-decides-their-own'))
    return 'Could not decide it: nobody decides their own access request, or that of an agent of theirs.';
  return `Your roles do not permit "${action}" here; see control_plane.roles and docs/control-plane.md.`;
}

/** Whoever acts for a person, and whatever is not known to be one. */
export function isAgent(caller: Pick<Identity, 'kind' | 'actor'>): boolean {
  return caller.actor !== null || caller.kind !== 'person';
}

/** A caller as policies know them. Exported for tests. */
export function factsOf(caller: Identity, roles: Roles): EntityFacts {
  const { subject, actor, task, kind, groups } = caller;
  return {
    type: 'Caller',
    id: subject,
    attributes: { subject, actor: some(actor), task: some(task), kind, groups: [...groups] },
    parents: rolesOf(caller, roles).map((id) => ({ type: 'Role', id })),
  };
}

function rolesOf(caller: Identity, { admins, approvers, auditors, operators }: Roles): string[] {
  if (isAgent(caller)) return ['agent'];
  const isIn = (groups: readonly string[]) => caller.groups.some((group) => groups.includes(group));
  return [
    'person',
    ...(isIn(admins) ? ['admin'] : []),
    ...(approvers.length === 0 || isIn(approvers) ? ['approver'] : []),
    ...(isIn(auditors) ? ['auditor'] : []),
    ...(isIn(operators) ? ['operator'] : []),
  ];
}

export function sessionResource(row: SessionRow): Resource {
  const { id, subject, actor, target, protocol } = row;
  const open = row.ended_at === null;
  return { type: 'Session', id, attributes: { subject, actor: some(actor), target, protocol, open } };
}

export function accessRequestResource(view: AccessRequestView): Resource {
  const { id, subject, actor, target, state } = view;
  const approvers = view.requirements.map(({ group }) => group);
  return { type: 'AccessRequest', id, attributes: { subject, actor: some(actor), target, approvers, state } };
}

/** One name or none: comparing sets cannot take "none" for a name. */
function some(name: string | null): string[] {
  return name === null ? [] : [name];
}
