/**
 * `policy eval`: questions as lines of JSON in, answers as lines of JSON out, in the same order.
 *
 * A statement understood before, asked about for someone known, is answered without waiting for anything, so a
 * pipeline of lines costs no promise each. What has to wait waits beside the others, up to a bound.
 */
import { type Desk, type Judgement, limitOf, type Workbench } from '@sallyport/gateway';
import { jsonText, type Pipe, type Terminal } from '../../terminal.ts';
import { type Bench, type BenchOptions, databaseOf, progress, withBench } from './bench.ts';
import { type EvalLine, idAtStart, type MalformedLine, readEvalLine } from './eval-line.ts';
import { type Line, linesOf } from './lines.ts';
import { type NamedMeaning, ObjectNames } from './object-names.ts';
import { OrderedOutput } from './ordered.ts';

type MaybePromise<T> = T | Promise<T>;
type StudiedSession = ReturnType<Desk['begin']>;
type Asking = Parameters<Workbench['judge']>[0];
type Meaning = Parameters<StudiedSession['forwarded']>[0];

/** Longest line, in bytes: what a statement may be, escaped, and more. */
const LINE_BYTES = 32 * 1024 * 1024;
/** Lines under way at once; what a parser lets wait is more. */
const UNDER_WAY = 512;
/** Sessions whose state is kept. */
const SESSIONS = 10_000;

export async function evaluate(options: BenchOptions, terminal: Terminal): Promise<void> {
  await withBench(options, terminal, async (bench) => {
    const pipe = terminal.pipe ?? (await gathered(terminal));
    const evaluator = new Evaluator(bench, options.catalog === 'live');
    const output = new OrderedOutput(pipe.write, UNDER_WAY);
    const said = progress(terminal, (done) => `${done} lines answered`);
    let count = 0;
    for await (const lines of linesOf(pipe.input, LINE_BYTES)) {
      for (const line of lines) {
        const room = output.put(evaluator.answer(line));
        if (room instanceof Promise) await room;
        said(++count);
      }
      const written = output.flush();
      if (written instanceof Promise) await written;
      evaluator.rethrow();
    }
    await output.end();
    evaluator.rethrow();
  });
}

/** Where there are no streams the whole input is read first. */
async function gathered(terminal: Terminal): Promise<Pipe> {
  const whole = Buffer.from(await terminal.readInput());
  async function* input() {
    yield whole;
  }
  return { input: input(), write: (text) => terminal.out(text.replace(/\n$/, '')) };
}

/** A desk with what its answers need every time. */
interface Place {
  readonly key: string;
  readonly desk: Desk;
  /** Serves every line that is a session of its own: nothing is ever noted in it. */
  readonly fresh: StudiedSession;
  readonly names: ObjectNames;
}

/** One session of the input: its lines are understood one after the other. */
interface Thread {
  readonly session: StudiedSession;
  last: Promise<unknown> | null;
}

class Evaluator {
  readonly #bench: Bench;
  readonly #workbench: Workbench;
  /** Whether a target that cannot be reached ends everything. */
  readonly #mustReach: boolean;
  readonly #places = new Map<string, MaybePromise<Place | Error>>();
  readonly #threads = new Map<string, Thread>();
  #failure: Error | null = null;

  constructor(bench: Bench, mustReach: boolean) {
    this.#bench = bench;
    this.#workbench = bench.workbench;
    this.#mustReach = mustReach;
  }

  /** Never rejects. */
  answer(line: Line): MaybePromise<string> {
    if (line.kind === 'unreadable') return malformed({ id: idAtStart(line.start), why: line.why });
    const read = readEvalLine(line.text);
    if ('why' in read) return malformed(read);
    const place = this.#place(read);
    return place instanceof Promise ? place.then((one) => this.#at(one, read)) : this.#at(place, read);
  }

  /** What makes it pointless to go on. */
  rethrow(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  #place(line: EvalLine): MaybePromise<Place | Error> {
    const database = databaseOf(this.#bench.config, line.target, line.database);
    const key = JSON.stringify([line.target, database]);
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const opening = this.#workbench.desk(line.target, database).then(
      (desk): Place => ({ key, desk, fresh: desk.begin(), names: new ObjectNames(line.target) }),
      (fault: unknown) => {
        const error = fault instanceof Error ? fault : new Error(String(fault));
        if (this.#mustReach && isUnreachable(error)) this.#failure ??= error;
        return error;
      },
    );
    this.#places.set(key, opening);
    void opening.then((place) => this.#places.set(key, place));
    return opening;
  }

  #at(place: Place | Error, line: EvalLine): MaybePromise<string> {
    if (place instanceof Error) return malformed({ id: line.id, why: place.message });
    if (line.session === null) return this.#judged(place, line, place.fresh, false);
    const thread = this.#thread(place, line.session);
    if (thread === null)
      return malformed({ id: line.id, why: `more than ${SESSIONS} sessions are under way` });
    const next = () => this.#judged(place, line, thread.session, true);
    const answer = thread.last === null ? next() : thread.last.then(next);
    if (answer instanceof Promise) {
      const mine: Promise<unknown> = answer.then(() => {
        if (thread.last === mine) thread.last = null;
      });
      thread.last = mine;
    }
    return answer;
  }

  #thread(place: Place, name: string): Thread | null {
    const key = JSON.stringify([place.key, name]);
    const known = this.#threads.get(key);
    if (known !== undefined) return known;
    if (this.#threads.size >= SESSIONS) return null;
    const thread = { session: place.desk.begin(), last: null };
    this.#threads.set(key, thread);
    return thread;
  }

  #judged(place: Place, line: EvalLine, session: StudiedSession, follows: boolean): MaybePromise<string> {
    const understood = session.understand(line.statement);
    if (understood instanceof Promise)
      return understood.then((one) => this.#decided(place, line, session, one, follows));
    return this.#decided(place, line, session, understood, follows);
  }

  #decided(
    place: Place,
    line: EvalLine,
    session: StudiedSession,
    meaning: Meaning,
    follows: boolean,
  ): MaybePromise<string> {
    const asking = this.#workbench.asking(line.person, place.desk);
    if (asking instanceof Promise)
      return asking.then((one) => this.#asked(one, place, line, session, meaning, follows));
    return this.#asked(asking, place, line, session, meaning, follows);
  }

  #asked(
    asking: Asking,
    place: Place,
    line: EvalLine,
    session: StudiedSession,
    meaning: Meaning,
    follows: boolean,
  ): MaybePromise<string> {
    const judged = this.#workbench.judge(asking, meaning, line.approvals);
    const finish = (judgement: Judgement): string => {
      if (follows && judgement.effect === 'permit') {
        session.forwarded(meaning);
        session.succeeded(meaning);
      }
      const named = place.names.of(meaning, () => this.#workbench.evaluations(asking, meaning));
      return answerLine(place, line, meaning, named, judgement);
    };
    return judged instanceof Promise ? judged.then(finish) : finish(judged);
  }
}

function isUnreachable(error: Error): boolean {
  return 'code' in error && error.code === 'target-unavailable';
}

function malformed({ id, why }: MalformedLine): string {
  const nothing = { policies: [], objects: [], actions: [], undetermined: null };
  return `${jsonText({ id, effect: 'deny', ...nothing, reason: why, error: 'not judged' })}\n`;
}

function answerLine(
  { desk }: Place,
  line: EvalLine,
  { undetermined }: Meaning,
  { objects, actions }: NamedMeaning,
  judgement: Judgement,
): string {
  const { effect, policies, reason } = judgement;
  const answer = {
    id: line.id,
    effect,
    policies,
    objects,
    actions,
    undetermined,
    reason,
    catalog: desk.catalog,
  };
  return `${jsonText({ ...answer, ...moreOf(judgement) })}\n`;
}

/** What only some answers have. */
function moreOf(judgement: Judgement): object {
  const { effect, approvals, risk, shadow } = judgement;
  const limits = limitOf(judgement);
  if (effect !== 'hold' && risk === null && shadow === null && limits === null) return NOTHING_MORE;
  return {
    ...(effect === 'hold' ? { approvals } : {}),
    ...(limits === null ? {} : { limits }),
    ...(risk === null ? {} : { risk }),
    ...(shadow === null ? {} : { shadow }),
  };
}

const NOTHING_MORE = {};
