/** The worker that answers evaluations. Its policy set never changes: another set is another worker. */
import { parentPort, workerData } from 'node:worker_threads';
import { preparsePolicySet, statefulIsAuthorized } from '@cedar-policy/cedar-wasm/nodejs';
import { readAnswer } from './cedar-answer.ts';
import type { JudgeBatch, JudgeReply, JudgeTask, RawAnswer, RawAnswers } from './cedar-judge.ts';
import type { Question } from './decision.ts';
import { contextRecord, principalEntity, resourceEntity, type SessionFacts } from './entities.ts';

const IN_FORCE = 'in-force';
const SHADOWED = 'shadowed';
const task: JudgeTask = workerData;

prepare(IN_FORCE, task.policies);
if (task.shadowed !== null) prepare(SHADOWED, task.shadowed);

function prepare(name: string, staticPolicies: Record<string, string>): void {
  const prepared = preparsePolicySet(name, { staticPolicies });
  if (prepared.type === 'failure')
    throw new Error(`The policy set cannot be used: ${prepared.errors[0]?.message}`);
}

// A trap in Cedar breaks it for good, so nothing is caught here: the error ends this worker and it is replaced.
parentPort?.on('message', (batch: JudgeBatch) => {
  const answers = batch.questions.map(([session, question]) => {
    const facts = batch.sessions[session];
    if (facts === undefined) throw new Error('A question names a session that was not sent.');
    return judge(facts, question);
  });
  parentPort?.postMessage({ id: batch.id, answers } satisfies JudgeReply);
});
parentPort?.postMessage({ id: 0, answers: [] } satisfies JudgeReply);

function judge(session: SessionFacts, { action, resource, facts, risk }: Question): RawAnswers {
  const word = task.vocabulary[action];
  if (word === undefined) throw new Error('An action is asked about that is not in the vocabulary.');
  const principal = principalEntity(session);
  const thing = resourceEntity(session.target, resource);
  const verb = {
    uid: { type: 'Action', id: action },
    attrs: {},
    parents: word.groups.map((id) => ({ type: 'Action', id })),
  };
  const context = contextRecord(session, facts, word.facts);
  const asked = {
    principal: principal.uid,
    action: verb.uid,
    resource: thing.uid,
    context: risk === undefined ? context : { ...context, risk },
    entities: [principal, thing, verb],
  };
  const answer = (preparsedPolicySetId: string): RawAnswer =>
    readAnswer(statefulIsAuthorized({ ...asked, preparsedPolicySetId }));
  // What counts is judged first, by a set that the other policies are no part of.
  return { inForce: answer(IN_FORCE), shadowed: task.shadowed === null ? null : answer(SHADOWED) };
}
