/** `policy explain`: what one statement does, what each policy says to it, and what would permit it. */
import type { Explanation, Judgement, LoadedPolicy, Workbench } from '@sallyport/gateway';
import { exitCode, Failure } from '../../failure.ts';
import { jsonText, type Terminal } from '../../terminal.ts';
import { type BenchOptions, databaseOf, deskFor, withBench } from './bench.ts';
import { leastPolicies, type Use, type Whom } from './cedar-text.ts';
import { showExplained } from './explain-screen.ts';
import { useOf } from './uses.ts';

export interface ExplainOptions extends BenchOptions {
  readonly target: string;
  readonly database?: string;
  readonly as: string;
  readonly group?: readonly string[];
  readonly actor?: string;
  readonly task?: string;
  readonly person?: boolean;
  readonly approved?: readonly string[];
  readonly json?: boolean;
}

/** A policy by name, and where it stands. */
export interface Placed {
  readonly id: string;
  readonly file: string;
  readonly line: number;
}

export interface ExplainedEvaluation {
  readonly action: string;
  readonly object: string;
  readonly columns: readonly string[] | null;
  readonly via: readonly string[];
  /** What hidden columns are used for; null where the action is another than using them. */
  readonly roles: readonly string[] | null;
  readonly effect: Explanation['effect'];
  readonly policies: readonly Placed[];
  readonly note: string | null;
}

export interface Explained {
  readonly target: string;
  readonly database: string;
  readonly catalog: string;
  readonly policyVersion: string;
  readonly connect: Judgement['effect'];
  /** Whether policy lets the session change anything (`connect_writable`). */
  readonly access: 'read-only' | 'read-write';
  readonly effect: Judgement['effect'];
  readonly reason: string | null;
  readonly policies: readonly Placed[];
  readonly undetermined: string | null;
  readonly form: string;
  readonly changesState: boolean;
  readonly approvals: Judgement['approvals'];
  readonly obligations: Judgement['obligations'];
  readonly shadow: Judgement['shadow'];
  /** How dangerous it is, whether a policy asks for it or not; to an actor all of it is new. */
  readonly risk: ReturnType<Workbench['risk']>;
  readonly evaluations: readonly ExplainedEvaluation[];
  readonly remedy: Remedy;
}

/** What would have it permitted. */
export interface Remedy {
  /** Policies that forbid: while they stand nothing helps. */
  readonly forbidden: readonly Placed[];
  /** A policy that permits what none does, as Cedar; null where nothing is missing. */
  readonly missing: string | null;
}

export async function explain(given: string, options: ExplainOptions, terminal: Terminal): Promise<void> {
  const statement = given === '-' ? (await terminal.readInput()).replace(/\r?\n$/, '') : given;
  if (statement.trim() === '')
    throw new Failure(exitCode.usage, 'There is no statement: give one, or pipe it in.');
  const explained = await explainStatement(statement, options, terminal);
  if (options.json === true) terminal.out(jsonText(explained, 2));
  else showExplained(explained, terminal);
}

function explainStatement(
  statement: string,
  options: ExplainOptions,
  terminal: Terminal,
): Promise<Explained> {
  return withBench(options, terminal, async ({ config, parts, workbench }) => {
    const { loadPolicyDirectory, personOf, objectUid, fullyApproved } = await import('@sallyport/gateway');
    const { target, group: groups = [], actor = null, task = null, person = false, approved = [] } = options;
    const database = databaseOf(config, target, options.database);
    const desk = await deskFor(workbench, target, database);
    const asking = await workbench.asking(
      personOf({ subject: options.as, groups, actor, task, person }),
      desk,
    );
    const meaning = await desk.begin().understand(statement);
    const judgement = await workbench.judge(asking, meaning, approved.map(fullyApproved));
    const connect = await workbench.judgeConnect(asking);
    const { policies } = await loadPolicyDirectory(parts.policy.directory, parts.policy.limits);
    const place = placesOf(policies);
    const answers = await workbench.explain(asking, meaning);
    const evaluations = answers.map(({ evaluation, ...answer }) => ({
      action: evaluation.action,
      object: objectUid(target, evaluation.resource),
      columns: evaluation.facts?.columns ?? null,
      via: evaluation.facts?.via ?? [],
      roles: evaluation.facts?.roles ?? null,
      effect: answer.effect,
      policies: answer.policies.map(place),
      note: answer.note,
    }));
    const missing = answers.filter(({ effect, policies: by }) => effect === 'deny' && by.length === 0);
    const uses = missing.map(({ evaluation }) => useOf(objectUid(target, evaluation.resource), evaluation));
    return {
      target,
      database,
      catalog: desk.catalog,
      policyVersion: workbench.policyVersion,
      connect: connect.effect,
      access: asking.context.access,
      effect: judgement.effect,
      reason: judgement.reason,
      policies: judgement.policies.map(place),
      undetermined: meaning.undetermined,
      form: meaning.form,
      changesState: meaning.changesState,
      approvals: judgement.approvals,
      obligations: judgement.obligations,
      shadow: judgement.shadow,
      risk: workbench.risk(asking, meaning),
      evaluations,
      remedy: remedyOf(evaluations, uses, whomOf(options)),
    };
  });
}

function placesOf(policies: readonly LoadedPolicy[]): (id: string) => Placed {
  const places = new Map(policies.map(({ id, file, line }) => [id, { id, file, line }]));
  return (id) => places.get(id) ?? { id, file: '', line: 0 };
}

function remedyOf(evaluations: readonly ExplainedEvaluation[], uses: readonly Use[], whom: Whom): Remedy {
  const forbidding = evaluations
    .filter(({ effect }) => effect === 'deny')
    .flatMap(({ policies }) => policies);
  const forbidden = [...new Map(forbidding.map((one) => [one.id, one])).values()];
  // What cannot be told must not be waved through by a policy that a tool wrote.
  const known = uses.filter(({ action }) => action !== 'undetermined');
  return { forbidden, missing: known.length === 0 ? null : leastPolicies('permit', whom, known) };
}

/** The narrowest that still makes sense: the agent, else its first group, else the subject. */
function whomOf({ actor, group: [group] = [], as }: ExplainOptions): Whom {
  if (actor !== undefined) return { kind: 'actor', name: actor };
  return group === undefined ? { kind: 'subject', name: as } : { kind: 'group', name: group };
}
