/** What a task token does not name is denied, whatever policy permits. Before any policy is asked, and for every protocol. */
import type { TaskScope } from '../identity/index.ts';
import type { Decision, DecisionPoint, Question } from '../policy/index.ts';
import { includesAction, type UsedUp } from '../task-tokens/index.ts';
import type { Refusing } from './record.ts';

type Grouping = Pick<DecisionPoint, 'groupOf' | 'version'>;

/** Groups of actions that leave a target other than it was: a token that names none of them gets read-only sessions. */
const CHANGING = ['write', 'define', 'destroy', 'administer', 'pivot'];
/** What no session can do without, and what touches nothing but the session. */
const IMPLIED = new Set(['connect', 'connect_writable']);
const SESSION = 'session';

/** The decision when a token does not name a target, or one of the actions; null when policy is to be asked. */
export function outsideScope(
  scope: TaskScope,
  target: string,
  questions: readonly Question[],
  decisionPoint: Grouping,
): (Decision & { readonly effect: 'deny' }) | null {
  if (!scope.targets.includes(target)) {
    return outside(decisionPoint, `the task token does not name the target "${target}"`, 'targets');
  }
  const unnamed = questions.find(({ action }) => !names(scope, action, decisionPoint));
  if (unnamed === undefined) return null;
  return outside(decisionPoint, `the task token does not name the action ${unnamed.action}`, 'actions');
}

/** Whether a session of this token may be one that changes its target. */
export function mayAskToChange(
  scope: TaskScope | null,
  decisionPoint: Pick<DecisionPoint, 'groupOf'>,
): boolean {
  if (scope === null) return true;
  return scope.actions.some((action) => CHANGING.includes(decisionPoint.groupOf(action) ?? action));
}

/** What a client is told whose budget is used up. */
export function overBudget({ kind, most, tokenId }: UsedUp, presented: string): Refusing {
  const whose = tokenId === presented ? 'the task token' : 'a token that the task token was made from';
  return {
    code: 'limit-exceeded',
    reason: `the budget of ${whose}, ${most} ${kind}, is used up`,
    policies: [],
    hint: 'exchange your access token for a task token with a budget that is enough',
  };
}

function names({ actions }: TaskScope, action: string, decisionPoint: Grouping): boolean {
  const groupOf = (one: string) => decisionPoint.groupOf(one);
  return IMPLIED.has(action) || groupOf(action) === SESSION || includesAction(actions, action, groupOf);
}

function outside(
  { version }: Grouping,
  reason: string,
  what: string,
): Decision & { readonly effect: 'deny' } {
  return {
    effect: 'deny',
    policies: [],
    policyVersion: version,
    reason,
    approvals: null,
    hint: `exchange your access token for a task token whose ${what} name it`,
  };
}
