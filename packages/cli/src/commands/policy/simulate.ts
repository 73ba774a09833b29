/** `policy simulate`: what was recorded, judged by a changed policy set. */
import type { ReplayedSession } from '@sallyport/gateway';
import { jsonText, oneLine, type Terminal } from '../../terminal.ts';
import { type Bench, progress, withBench } from './bench.ts';
import { type Change, type Compared, compareSession, matches, type ReplayFilter } from './simulation.ts';
import { readWhen } from './when.ts';

export interface SimulateOptions extends ReplayFilter {
  readonly config: string;
  readonly policies: string;
  readonly catalog?: string;
  readonly since: string;
  readonly until?: string;
  readonly showText?: boolean;
  readonly json?: boolean;
}

/** Operations of one form whose decision changes in one way. */
export interface ChangedForm {
  readonly change: Change;
  readonly form: string;
  readonly why: string | null;
  readonly policies: readonly string[];
  count: number;
  readonly sessions: Set<string>;
  readonly actors: Set<string>;
  /** The newest one, as `session.number`, and its text only where that was asked for. */
  readonly example: { readonly evaluationId: string; readonly text?: string };
}

export interface Simulation {
  readonly policyVersion: string;
  readonly sessions: number;
  readonly counts: Record<Change, number>;
  readonly changed: readonly ChangedForm[];
  /** Sessions that could not be opened any more. */
  readonly refused: readonly {
    readonly session: string;
    readonly subject: string;
    readonly actor: string | null;
  }[];
}

/** Forms kept apart; operations of further ones are counted only. */
const FORMS = 10_000;
/** Names kept of one form. */
const NAMES = 100;

export async function simulate(options: SimulateOptions, terminal: Terminal): Promise<void> {
  const now = Date.now();
  const since = readWhen(options.since, now, '--since');
  const until = options.until === undefined ? now : readWhen(options.until, now, '--until');
  const simulation = await withBench(options, terminal, async (bench) => {
    const { replaySessions } = await import('@sallyport/gateway');
    const sessions = replaySessions(bench.config.recording.directory, { since, until });
    return runSimulation(bench, sessions, options, terminal);
  });
  if (options.json === true) terminal.out(jsonText(plain(simulation), 2));
  else show(simulation, options, terminal);
}

async function runSimulation(
  { workbench }: Bench,
  all: Iterable<ReplayedSession>,
  options: SimulateOptions,
  terminal: Terminal,
): Promise<Simulation> {
  const counts = {
    unchanged: 0,
    'newly denied': 0,
    'newly held': 0,
    'newly permitted': 0,
    'cannot be replayed': 0,
  };
  const forms = new Map<string, ChangedForm>();
  const refused: { session: string; subject: string; actor: string | null }[] = [];
  const said = progress(terminal, (done) => `${done} operations judged`);
  let sessions = 0;
  let operations = 0;
  for (const session of all) {
    if (!matches(session, options)) continue;
    sessions += 1;
    const { target, protocol, person } = session;
    const connect = await workbench.judgeConnect(await workbench.asking(person, { target, protocol }));
    if (connect.effect !== 'permit')
      refused.push({ session: session.id, subject: person.subject, actor: person.actor });
    for await (const compared of compareSession(workbench, session)) {
      counts[compared.change] += 1;
      note(forms, compared, options.showText === true);
      said(operations++);
    }
  }
  const changed = [...forms.values()].sort((a, b) => ORDER[a.change] - ORDER[b.change] || b.count - a.count);
  return { policyVersion: workbench.policyVersion, sessions, counts, changed, refused };
}

const ORDER: Readonly<Record<Change, number>> = {
  'newly denied': 0,
  'newly held': 1,
  'newly permitted': 2,
  'cannot be replayed': 3,
  unchanged: 4,
};

function note(forms: Map<string, ChangedForm>, compared: Compared, showText: boolean): void {
  const { session, replayed, change, why, now } = compared;
  if (change === 'unchanged') return;
  const { operation } = replayed;
  const key = JSON.stringify([change, operation.form, why]);
  let form = forms.get(key);
  if (form === undefined) {
    if (forms.size >= FORMS) return;
    const { evaluationId, text } = operation;
    const policies = now?.judgement.policies ?? [];
    const example = showText ? { evaluationId, text } : { evaluationId };
    const empty = { count: 0, sessions: new Set<string>(), actors: new Set<string>() };
    form = { change, form: operation.form, why, policies, example, ...empty };
    forms.set(key, form);
  }
  form.count += 1;
  if (form.sessions.size < NAMES) form.sessions.add(session.id);
  if (form.actors.size < NAMES) form.actors.add(session.person.actor ?? session.person.subject);
}

function plain({ changed, ...rest }: Simulation): object {
  const forms = changed.map((form) => ({ ...form, sessions: [...form.sessions], actors: [...form.actors] }));
  return { ...rest, changed: forms };
}

function show(
  simulation: Simulation,
  { showText = false }: SimulateOptions,
  { out, err, paint }: Terminal,
): void {
  const { sessions, counts, changed, refused, policyVersion } = simulation;
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  out(`${total} operations of ${sessions} sessions, by policies ${policyVersion}`);
  out('');
  for (const change of Object.keys(ORDER) as Change[])
    out(`${String(counts[change]).padStart(8)}  ${change}`);
  if (refused.length > 0) {
    out('');
    out(
      paint.bad(
        `${refused.length} of the sessions could not be opened any more: connect is not permitted to`,
      ),
    );
    for (const who of new Set(refused.map(({ subject, actor }) => actor ?? subject)))
      out(`  ${oneLine(who)}`);
  }
  let heading = '';
  for (const { change, form, why, count, sessions: ids, actors, example } of changed) {
    if (change !== heading) {
      heading = change;
      out('');
      out(paint.bold(change));
    }
    out(`  ${count} × ${oneLine(form)}`);
    if (why !== null) out(`      ${oneLine(why)}`);
    out(paint.dim(`      by ${few(actors)} in ${few(ids)}, such as ${oneLine(example.evaluationId)}`));
    if (example.text !== undefined) out(`      ${oneLine(example.text)}`);
  }
  if (!showText && changed.length > 0) err('Values are left out of statements; --show-text shows them.');
}

function few(names: ReadonlySet<string>): string {
  const shown = [...names].slice(0, 3).map(oneLine).join(', ');
  return names.size > 3 ? `${shown} and ${names.size - 3} more` : shown;
}
