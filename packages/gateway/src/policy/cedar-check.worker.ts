/**
 * A throw-away worker that reads one policy set with Cedar's own parser and validator. Policy text can kill Cedar's
 * WebAssembly for good, so nothing in this worker outlives the answer.
 */
import { parentPort, workerData } from 'node:worker_threads';
import {
  type DetailedError,
  policyToJson,
  preparsePolicySet,
  schemaToJson,
  validate,
} from '@cedar-policy/cedar-wasm/nodejs';
import type { CheckAnswer, CheckFinding, CheckTask, Vocabulary } from './cedar-check.ts';
import type { KnownFacts } from './entities.ts';

const task: CheckTask = workerData;
parentPort?.postMessage(check());

function check(): CheckAnswer {
  const findings: CheckFinding[] = [];
  const policies: CheckAnswer['policies'] = [];
  for (const [index, text] of task.texts.entries()) {
    try {
      const answer = policyToJson(text);
      if (answer.type === 'success') {
        const { effect, annotations } = answer.json;
        policies.push({ effect, annotations: annotations ?? {}, json: JSON.stringify(answer.json) });
      } else {
        policies.push(null);
        for (const error of answer.errors) findings.push(finding(index, error));
      }
    } catch (trap) {
      // Cedar is broken from here on: answer with what is known.
      return {
        policies,
        vocabulary: {},
        findings: [
          { index, offset: 0, message: `stopped Cedar's parser (${String(trap)}): make it smaller` },
        ],
      };
    }
  }
  if (findings.length === 0) findings.push(...validateAll());
  return { policies, findings, vocabulary: readVocabulary() };
}

function validateAll(): CheckFinding[] {
  const staticPolicies = Object.fromEntries(task.texts.map((text, index) => [`${index}`, text]));
  const findings: CheckFinding[] = [];
  const answer = validate({
    schema: task.schema,
    policies: { staticPolicies },
    validationSettings: { mode: 'strict' },
  });
  if (answer.type === 'failure') return answer.errors.map((error) => finding(null, error));
  for (const { policyId, error } of answer.validationErrors) findings.push(finding(Number(policyId), error));
  for (const { policyId, error } of answer.validationWarnings) {
    // A policy that can never apply is a misspelt one, and a misspelt forbid forbids nothing.
    // Only a name in another script than its neighbours is no sign of a mistake.
    if (!error.message.includes('contains mixed scripts')) findings.push(finding(Number(policyId), error));
  }
  const parsed = preparsePolicySet('check', { staticPolicies });
  if (parsed.type === 'failure') findings.push(...parsed.errors.map((error) => finding(null, error)));
  return findings;
}

function finding(index: number | null, error: DetailedError): CheckFinding {
  const message = error.message
    .replace(/^failed to parse policy from string: /, '')
    .replace(/^for policy `\d+`, /, '');
  return {
    index,
    offset: error.sourceLocations?.[0]?.start ?? 0,
    message: error.help === null ? message : `${message} (${error.help.replace(/^for policy `\d+`, /, '')})`,
  };
}

function readVocabulary(): Vocabulary {
  const answer = schemaToJson(task.schema);
  if (answer.type === 'failure')
    throw new Error(`The policy schema cannot be read: ${answer.errors[0]?.message}`);
  const { actions = {}, commonTypes = {} } = answer.json[''] ?? {};
  const vocabulary: Vocabulary = {};
  for (const [action, { memberOf, appliesTo }] of Object.entries(actions)) {
    if (appliesTo === undefined || appliesTo.resourceTypes.length === 0) continue;
    const named = appliesTo.context?.type ?? '';
    const context = commonTypes[named];
    if (context === undefined || !('attributes' in context))
      throw new Error(`The context of action ${action} is no record type.`);
    vocabulary[action] = {
      types: appliesTo.resourceTypes,
      groups: (memberOf ?? []).map((group) => group.id),
      facts: factsKnown(context.attributes),
    };
  }
  return vocabulary;
}

function factsKnown(attributes: Readonly<Record<string, { readonly required?: boolean }>>): KnownFacts {
  const known = ['columns', 'via', 'roles'].filter((fact) => Object.hasOwn(attributes, fact));
  return { known, needed: known.filter((fact) => attributes[fact]?.required !== false) };
}
