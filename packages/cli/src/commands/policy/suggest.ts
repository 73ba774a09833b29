/** `policy suggest`: the least policy for what somebody really used, proven on what they really did. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoadedPolicy, ReplayedSession, Workbench } from '@sallyport/gateway';
import { exitCode, Failure } from '../../failure.ts';
import { exactly, jsonText, oneLine, type Terminal } from '../../terminal.ts';
import { type Bench, progress, withBench } from './bench.ts';
import { leastPolicies, type Use, type Whom } from './cedar-text.ts';
import { type Compared, compareSession, type Meaning, matches, type ReplayFilter } from './simulation.ts';
import { useOf } from './uses.ts';
import { readWhen } from './when.ts';

export interface SuggestOptions extends ReplayFilter {
  readonly config: string;
  readonly catalog?: string;
  readonly since: string;
  readonly until?: string;
  readonly json?: boolean;
}

export interface Suggestion {
  readonly file: string;
  readonly text: string;
  readonly operations: number;
  /** Permits in force that this one would stand in for. */
  readonly replaces: readonly string[];
  readonly leftOut: readonly { readonly why: string; readonly count: number }[];
  readonly proof: Proof;
}

/** What a simulation under the forbids there are, the approvals there are, and the suggestion came to. */
export interface Proof {
  readonly stillPermitted: number;
  readonly stillHeld: number;
  readonly stillDenied: number;
  /** Permitted then and not any more, held then and now denied, denied then and now permitted: none, or it is no proof. */
  readonly against: readonly { readonly form: string; readonly change: string }[];
}

/** Objects gathered, at most: a policy longer than that is none anybody reads. */
const USES = 20_000;

export async function suggest(options: SuggestOptions, terminal: Terminal): Promise<void> {
  const now = Date.now();
  const range = {
    since: readWhen(options.since, now, '--since'),
    until: options.until === undefined ? now : readWhen(options.until, now, '--until'),
  };
  const suggestion = await withBench(options, terminal, async (bench) => {
    const { replaySessions } = await import('@sallyport/gateway');
    const sessions = () => {
      const all = replaySessions(bench.config.recording.directory, range);
      return all.filter((session) => matches(session, options));
    };
    const used = await gather(bench, sessions(), terminal);
    if (used.operations === 0) {
      const remedy = 'look at "sallyport sessions" for who was there, or go further back with --since';
      throw new Failure(
        exitCode.failed,
        `Nothing was permitted to ${whomOf(options).name} in that time: ${remedy}.`,
      );
    }
    return suggestionOf(bench, options, used, sessions, terminal);
  });
  if (options.json === true) terminal.out(jsonText(suggestion, 2));
  else show(suggestion, terminal);
  if (suggestion.proof.against.length > 0)
    throw new Failure(
      exitCode.failed,
      'The suggestion does not do exactly what it should: do not use it as it is.',
    );
}

function whomOf({ actor, subject = '' }: ReplayFilter): Whom {
  return actor === undefined ? { kind: 'subject', name: subject } : { kind: 'actor', name: actor };
}

interface Gathered {
  readonly uses: readonly Use[];
  readonly operations: number;
  readonly policies: ReadonlySet<string>;
  readonly leftOut: ReadonlyMap<string, number>;
}

/** What was permitted, by what it touched. Of what people had to approve only the rest, which needed no approval. */
async function gather(
  { workbench }: Bench,
  sessions: Iterable<ReplayedSession>,
  terminal: Terminal,
): Promise<Gathered> {
  const uses = new Map<string, Use>();
  const policies = new Set<string>();
  const leftOut = new Map<string, number>();
  const said = progress(terminal, (done) => `${done} operations looked at`);
  let operations = 0;
  for (const session of sessions) {
    const object = await targetUid(session.target);
    const opening = (action: string): Use => ({
      action,
      type: 'Target',
      object,
      columns: null,
      via: [],
      roles: null,
    });
    uses.set(`connect ${object}`, opening('connect'));
    for await (const compared of compareSession(workbench, session)) {
      if (compared.replayed.effect === 'deny') continue;
      said(++operations);
      if (compared.now === null || compared.now.meaning.undetermined !== null) {
        const why = compared.why ?? 'its effect cannot be told';
        leftOut.set(why, (leftOut.get(why) ?? 0) + 1);
        continue;
      }
      // Without it the session would be read-only.
      if (changes(compared.now.meaning)) uses.set(`connect_writable ${object}`, opening('connect_writable'));
      for (const use of await usesOf(workbench, session, compared)) uses.set(JSON.stringify(use), use);
      for (const id of compared.replayed.operation.policies) policies.add(id);
      if (uses.size > USES)
        throw new Failure(exitCode.failed, `More than ${USES} things were used: look at less time.`);
    }
  }
  return { uses: [...uses.values()], operations, policies, leftOut };
}

function changes({ changesState, evaluations }: Meaning): boolean {
  return changesState || evaluations.some(({ action }) => action === 'transact_writable');
}

async function targetUid(target: string): Promise<string> {
  const { objectUid } = await import('@sallyport/gateway');
  return objectUid(target, { type: 'Target', path: [] });
}

async function usesOf(
  workbench: Workbench,
  { target }: ReplayedSession,
  { replayed, now }: Compared,
): Promise<Use[]> {
  const { objectUid } = await import('@sallyport/gateway');
  if (now === null) return [];
  const { meaning, asking } = now;
  const answers = replayed.effect === 'hold' ? await workbench.explain(asking, meaning) : null;
  const evaluations =
    answers === null
      ? workbench.evaluations(asking, meaning)
      : answers.filter(({ effect }) => effect === 'permit').map(({ evaluation }) => evaluation);
  return evaluations.map((evaluation) => useOf(objectUid(target, evaluation.resource), evaluation));
}

async function suggestionOf(
  { parts }: Bench,
  options: SuggestOptions,
  { uses, operations, policies: used, leftOut }: Gathered,
  sessions: () => Iterable<ReplayedSession>,
  terminal: Terminal,
): Promise<Suggestion> {
  const { loadPolicyDirectory, openWorkbench } = await import('@sallyport/gateway');
  const whom = whomOf(options);
  const name = whom.name.replace(/[^A-Za-z0-9._-]+/g, '-').slice(0, 60);
  const { policies, files } = await loadPolicyDirectory(parts.policy.directory, parts.policy.limits);
  const taken = new Set([...files.map((file) => file.name), ...policies.map(({ id }) => id)]);
  let prefix = `only-${name}`;
  for (let number = 2; taken.has(`${prefix}.cedar`); number++) prefix = `only-${name}-${number}`;
  const text = leastPolicies(prefix, whom, uses);
  const kept = policies.filter(({ effect, requirement }) => effect === 'forbid' || requirement !== null);
  const directory = await writeSet(kept, `${prefix}.cedar`, text);
  try {
    const candidate = await openWorkbench({ ...parts, policy: { ...parts.policy, directory } });
    const proof = await provenBy(candidate, sessions(), terminal);
    const replaces = policies.filter(
      ({ id, effect, requirement }) => used.has(id) && effect === 'permit' && requirement === null,
    );
    return {
      file: join(parts.policy.directory, `${prefix}.cedar`),
      text,
      operations,
      replaces: replaces.map(({ id, file, line }) => `${id} (${file}:${line})`),
      leftOut: [...leftOut].map(([why, count]) => ({ why, count })),
      proof,
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The policies that stay, and the suggestion, as a directory of their own. */
async function writeSet(kept: readonly LoadedPolicy[], name: string, text: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-suggest-'));
  const byFile = Map.groupBy(kept, ({ file }) => file);
  for (const [file, policies] of byFile)
    await writeFile(join(directory, file), policies.map((policy) => policy.text).join('\n'), { mode: 0o600 });
  await writeFile(join(directory, name), text, { mode: 0o600 });
  return directory;
}

async function provenBy(
  candidate: Workbench,
  sessions: Iterable<ReplayedSession>,
  terminal: Terminal,
): Promise<Proof> {
  try {
    return await prove(candidate, sessions, terminal);
  } finally {
    await candidate.close();
  }
}

async function prove(
  candidate: Workbench,
  sessions: Iterable<ReplayedSession>,
  terminal: Terminal,
): Promise<Proof> {
  const said = progress(terminal, (done) => `${done} operations simulated`);
  const against: { form: string; change: string }[] = [];
  const counts = { permit: 0, hold: 0, deny: 0 };
  let operations = 0;
  for (const session of sessions) {
    for await (const { change, replayed } of compareSession(candidate, session)) {
      said(++operations);
      if (change === 'unchanged') counts[replayed.effect] += 1;
      else if (change !== 'cannot be replayed') against.push({ form: replayed.operation.form, change });
    }
  }
  return { stillPermitted: counts.permit, stillHeld: counts.hold, stillDenied: counts.deny, against };
}

function show(
  { file, text, operations, replaces, leftOut, proof }: Suggestion,
  { out, err, paint }: Terminal,
): void {
  const lines = text.trimEnd().split('\n');
  out(paint.bold('--- /dev/null'));
  out(paint.bold(`+++ ${oneLine(file)}`));
  out(paint.note(`@@ -0,0 +1,${lines.length} @@`));
  for (const line of lines) out(paint.good(`+${exactly(line)}`));
  err(`From ${operations} operations that were permitted or approved.`);
  for (const { why, count } of leftOut) err(paint.wait(`Left out: ${count}, because ${oneLine(why)}.`));
  if (replaces.length > 0) err(`It narrows what these permit: ${oneLine(replaces.join(', '))}.`);
  const { stillPermitted, stillHeld, stillDenied, against } = proof;
  const verdict = `With the forbids and approvals there are and this: ${stillPermitted} still permitted, ${stillHeld} still held, ${stillDenied} still denied`;
  if (against.length === 0) err(paint.good(`${verdict}, nothing else.`));
  else {
    err(paint.bad(`${verdict}, but ${against.length} changed:`));
    for (const { form, change } of against.slice(0, 20)) err(`  ${change}: ${oneLine(form)}`);
  }
}
