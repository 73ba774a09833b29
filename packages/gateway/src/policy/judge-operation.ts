import { mergeAskTerms } from './ask-terms.ts';
import type { PolicyLimits } from './config.ts';
import {
  type ApprovalRequirement,
  type Approved,
  type Decision,
  type Evidence,
  type Obligation,
  type Question,
  type RequestTerms,
  type Shadow,
  scopeKey,
} from './decision.ts';
import { describe, quote } from './entities.ts';
import { classUsed, hiddenUseSentence, isHiddenUse } from './hidden-use.ts';
import { type Limited, strictest } from './limits.ts';
import { type PolicySet, questionKey, type SessionClass } from './policy-set.ts';
import { type Answer, mergeRequirements, type Standing, stand } from './verdict.ts';

/** The `policyVersion` of a deny that no policy made. It is no version, so nobody keeps such a decision. */
const NO_VERSION = 'unavailable';

/** What is judged: everything an operation touches, under the approvals there are. */
export interface Judged {
  readonly evaluations: readonly Question[];
  readonly approved: readonly Approved[];
  /** Its risk, where a policy asks for it. */
  readonly risk: number | null;
}

/** Judges one operation: permitted only if every evaluation is. Never rejects. */
export async function judgeOperation(
  set: PolicySet,
  session: SessionClass,
  { evaluations, approved, risk }: Judged,
  classes: readonly string[],
  limits: PolicyLimits,
): Promise<Decision> {
  const { target } = session.facts;
  if (set.asksRisk && risk === null)
    return unavailable('a policy asks for the risk of the operation, and nobody gave it');
  const distinct = distinctQuestions(set, target, evaluations, risk, limits);
  if (typeof distinct === 'string') return deny(set, distinct);

  // Both are asked for before either is awaited, so that they share a batch.
  const revealing = set.revealed(session, classes);
  const answers = await Promise.all(
    [...distinct].map(async ([key, question]) => set.ask(session, question, key)),
  );
  const revealed = await revealing;

  const questions = [...distinct.values()];
  const counted = (which: 'inForce' | 'shadowed'): Decision =>
    merge(
      set,
      target,
      questions.map((question, index) => ({ question, answer: answers[index]?.[which] })),
      revealed?.[which] ?? null,
      approved,
    );
  const decided = counted('inForce');
  const change =
    session.facts.access === 'read-only'
      ? evaluations.find(({ action }) => set.changing(action) !== null)
      : undefined;
  // A policy that forbids it says more than that the session is read-only.
  const forbidden = decided.effect === 'deny' && decided.policies.length > 0 && decided.approvals === null;
  const decision = change === undefined || forbidden ? decided : deny(set, readOnlySentence(target, change));
  if (set.shadows.size === 0) return decision;
  const shadow = shadowOf(set, decision, counted('shadowed'));
  return shadow === null ? decision : { ...decision, shadow };
}

interface Answered {
  readonly question: Question;
  readonly answer: Answer | undefined;
}

/** One decision over the answers to everything that was asked. */
function merge(
  set: PolicySet,
  target: string,
  answered: readonly Answered[],
  revealed: readonly string[] | null,
  approved: readonly Approved[],
): Decision {
  const permitting: string[] = [];
  const asking: Asking[] = [];
  const limited: Limited[] = [];
  for (const { question, answer } of answered) {
    if (isHiddenUse(question)) {
      if (revealed === null) return unavailable('the decision point is not available');
      if (revealed.includes(classUsed(question))) continue;
    }
    if (answer === undefined) return unavailable('an answer is missing');
    if (answer.effect === 'fault') return unavailable(answer.detail);
    if (answer.effect === 'deny') return denyOne(set, target, question, answer);
    const standing = stand(answer, concerning(question, approved));
    if (standing === null) return unavailable('an approval names no group');
    const onlyPartly = limitedReveal(question, standing);
    if (onlyPartly !== null)
      return deny(set, limitedRevealSentence(target, question, onlyPartly), [onlyPartly]);
    if (standing.effect === 'ask') {
      const { policy, limit } = standing.option;
      asking.push({ question, standing });
      permitting.push(policy);
      if (limit !== null) limited.push({ policy, limit });
    } else {
      permitting.push(...standing.policies);
      if (standing.limited !== null) limited.push(standing.limited);
    }
  }
  const missing = asking.find(({ standing }) => standing.met === null);
  if (missing !== undefined) return requestable(set, target, missing, asking);
  if (revealed === null) return unavailable('the decision point is not available');
  const limit = strictest(limited);
  const mask: Obligation = { kind: 'mask', revealed };
  return {
    effect: 'permit',
    policies: unique(permitting),
    policyVersion: set.version,
    obligations: limit === null ? [mask] : [mask, limit],
    ...evidenceOf(asking),
  };
}

/** What people agreed to that has to do with this evaluation. */
function concerning(question: Question, approved: readonly Approved[]): readonly Approved[] {
  if (approved.every(({ standing }) => standing?.kind !== 'grant')) return approved;
  const key = scopeKey(question);
  return approved.filter(({ standing }) => standing?.kind !== 'grant' || standing.scope.has(key));
}

/** Each thing that stands longer than the operation, once. */
function evidenceOf(asking: readonly Asking[]): { readonly evidence?: readonly Evidence[] } {
  const found = new Map<string, Evidence>();
  for (const { met } of asking.map(({ standing }) => standing)) {
    if (met?.standing === undefined) continue;
    const { standing, group } = met;
    const one: Evidence =
      standing.kind === 'grant' ? { kind: 'grant', id: standing.id } : { kind: 'break-glass', group };
    found.set(JSON.stringify(one), one);
  }
  return found.size === 0 ? {} : { evidence: [...found.values()] };
}

/** The policy that would reveal a class with limits, or null: a value is seen or not, so such a permit is none. */
function limitedReveal({ action }: Question, standing: Standing): string | null {
  if (action !== 'reveal') return null;
  if (standing.effect === 'permit') return standing.limited?.policy ?? null;
  return standing.option.limit === null ? null : standing.option.policy;
}

/** An evaluation permitted by policies that want an approval. */
interface Asking {
  readonly question: Question;
  readonly standing: Extract<Standing, { effect: 'ask' }>;
}

/** Every evaluation once, by key; or why the operation cannot be judged. */
function distinctQuestions(
  set: PolicySet,
  target: string,
  evaluations: readonly Question[],
  risk: number | null,
  limits: PolicyLimits,
): Map<string, Question> | string {
  const distinct = new Map<string, Question>();
  for (const evaluation of evaluations) {
    const refusal = set.refusal(evaluation);
    if (refusal !== null) {
      return `${quote(evaluation.action.slice(0, 100))} on ${describe(target, evaluation)}: ${refusal}`;
    }
    // The risk is that of an operation on the target; seeing a class is none, and its policies cannot ask for it.
    const asked = risk === null || evaluation.action === 'reveal';
    const question = asked ? evaluation : { ...evaluation, risk };
    distinct.set(questionKey(question), question);
    if (distinct.size > limits.evaluations) {
      return `the operation touches more than ${limits.evaluations} things (limit evaluations): split it`;
    }
  }
  return distinct.size === 0 ? 'the operation names nothing that could be judged' : distinct;
}

/** What the policies in shadow mode would have made of it, or null when it is the same. */
function shadowOf(set: PolicySet, real: Decision, would: Decision): Shadow | null {
  // No answer says nothing about the policies.
  if (would.policyVersion === NO_VERSION || real.policyVersion === NO_VERSION) return null;
  const effect = effectOf(would);
  const same = effect === effectOf(real) && termsOf(would) === termsOf(real);
  if (same) return null;
  const named = would.policies.filter((id) => set.shadows.has(id));
  const policies = named.length > 0 ? named : would.policies;
  const reason = would.effect === 'deny' ? would.reason : `permitted with ${termsOf(would)}`;
  return { effect, policies, reason };
}

function effectOf(decision: Decision): Shadow['effect'] {
  if (decision.effect === 'permit') return 'permit';
  return decision.approvals === null ? 'deny' : 'hold';
}

/** What a decision comes with, as one text to compare and to show. */
function termsOf(decision: Decision): string {
  return JSON.stringify(decision.effect === 'permit' ? decision.obligations : decision.approvals);
}

function deny(
  set: PolicySet,
  reason: string,
  policies: readonly string[] = [],
): Decision & { effect: 'deny' } {
  return { effect: 'deny', policies, policyVersion: set.version, reason, approvals: null };
}

/** A deny because of one evaluation. */
function denyOne(
  set: PolicySet,
  target: string,
  question: Question,
  answer: Extract<Answer, { effect: 'deny' }>,
): Decision {
  const denied = deny(set, denialSentence(target, question, answer), answer.policies);
  return isHiddenUse(question) ? { ...denied, denied: question } : denied;
}

function requestable(set: PolicySet, target: string, missing: Asking, asking: readonly Asking[]): Decision {
  return {
    effect: 'deny',
    policies: unique(asking.map(({ standing }) => standing.option.policy)),
    policyVersion: set.version,
    reason: approvalSentence(target, missing.question, missing.standing.option),
    // Those already met are asked for again: an approval is used up with the operation it was for.
    approvals: mergeRequirements(asking.map(({ standing }) => standing.option.requirement)),
    terms: termsOfAsking(asking),
  };
}

function termsOfAsking(asking: readonly Asking[]): RequestTerms {
  const { reason, grantMs } = mergeAskTerms(asking.map(({ standing }) => standing.option.ask));
  const asked = asking.map(({ question }) => question);
  // What could not be told could be anything: it is never granted ahead.
  const untold = asked.some(({ action }) => action === 'undetermined');
  return { reason, grantMs: untold ? null : grantMs, asked };
}

/** A deny because there is no answer. Asking again later may help. */
export function unavailable(detail: string): Decision {
  return {
    effect: 'deny',
    policies: [],
    policyVersion: NO_VERSION,
    reason: `${detail}: nothing is permitted until it answers, try again`,
    approvals: null,
  };
}

function denialSentence(
  target: string,
  question: Question,
  answer: Extract<Answer, { effect: 'deny' }>,
): string {
  const why = whyAsked(question);
  const what = `${question.action} on ${describe(target, question)}`;
  const policies = answer.policies.map((id) => `policy "${id}"`).join(' and ');
  switch (answer.cause) {
    case 'forbidden':
      return `${why}${policies} ${answer.policies.length === 1 ? 'forbids' : 'forbid'} ${what}`;
    case 'erred':
      return `${why}${policies} could not be evaluated for ${what}, and a policy that fails is never skipped`;
    case 'unmatched':
      return `${why}no policy permits ${what}`;
  }
}

/** What the statement does that is asked about, where the question alone does not say it. */
function whyAsked(question: Question): string {
  return isHiddenUse(question) ? `${hiddenUseSentence(question)}: ` : '';
}

function limitedRevealSentence(target: string, question: Question, policy: string): string {
  return `policy "${policy}" permits ${question.action} on ${describe(target, question)} with limits, which reveals nothing`;
}

function readOnlySentence(target: string, evaluation: Question): string {
  const what = `${evaluation.action} on ${describe(target, evaluation)}`;
  return `${what} changes something, and the session is read-only: no policy permits connect_writable`;
}

function approvalSentence(
  target: string,
  question: Question,
  { policy, requirement }: { policy: string; requirement: ApprovalRequirement },
): string {
  const who = requirement.seats === 1 ? 'a member' : `${requirement.seats} members`;
  return `${whyAsked(question)}policy "${policy}" permits ${question.action} on ${describe(target, question)} only when ${who} of group ${quote(requirement.group)} approved it`;
}

function unique(ids: readonly string[]): string[] {
  return [...new Set(ids)];
}
