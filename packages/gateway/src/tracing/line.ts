import type { Session } from '../data-path/index.ts';
import { whenReady } from '../lib/async.ts';
import type {
  HoldListener,
  HoldNotice,
  Line,
  Meaning,
  Operation,
  OperationResult,
  Outcome,
  Protocol,
  Tape,
} from '../protocols/protocol.ts';
import { attributesOf, effectOf } from './attributes.ts';
import type { Attributes } from './span.ts';
import { readTraceparent, type TraceParent } from './trace-context.ts';
import type { Stage, Tracer } from './tracer.ts';

interface Watching {
  readonly session: Session;
  readonly tracer: Tracer;
  readonly protocol: Protocol;
  /** Ends of what is under way. */
  readonly open: Set<() => void>;
}

type Permitted = Outcome & { readonly effect: 'permit' };

/** The same line, looked on at: one trace for each operation. Preparing one is traced only when it is denied. */
export function along(line: Line, watching: Watching): Line {
  const { tracer, protocol } = watching;
  const begin = (actions: readonly string[], text: string): Begun => {
    const parentOf = (): TraceParent | null => readTraceparent(protocol.traceparent?.({ text }) ?? null);
    return { watching, start: tracer.elapsed(), chosen: tracer.choose(), held: null, actions, parentOf };
  };
  return {
    ...line,
    submit(operation, hold) {
      const begun = beginOperation(begin, operation);
      const outcome = line.submit(operation, overheard(hold, begun, tracer));
      return whenReady(outcome, (one) => decided(begun, one));
    },
    prepare(operation) {
      const begun = beginOperation(begin, operation);
      return whenReady(line.prepare(operation), (one) => {
        if (one.effect === 'deny') decided(begun, one);
        return one;
      });
    },
    refuse(form, code, reason, hint) {
      const begun = begin(NO_ACTIONS, '');
      const refusal = line.refuse(form, code, reason, hint);
      decided(begun, { effect: 'deny', refusal });
      return refusal;
    },
    reveal(request, hold) {
      const begun = begin(REVEAL, '');
      const outcome = line.reveal(request, overheard(hold, begun, tracer));
      return whenReady(outcome, (one) => decided(begun, one));
    },
  };
}

const NO_ACTIONS: readonly string[] = [];
const REVEAL: readonly string[] = ['reveal'];

/** An operation that was asked for. */
interface Begun {
  readonly watching: Watching;
  readonly start: number;
  /** Kept whatever comes of it. */
  readonly chosen: boolean;
  /** Set once it waits for people. */
  held: { readonly at: number; readonly requestId: string } | null;
  readonly actions: readonly string[];
  /** Read only of what is kept. */
  parentOf(): TraceParent | null;
}

function beginOperation(
  begin: (actions: readonly string[], text: string) => Begun,
  { meaning, text }: Operation,
): Begun {
  return begin(actionsOf(meaning), text);
}

const actionNames = new WeakMap<Meaning, readonly string[]>();

/** The distinct actions of an operation, worked out once for each meaning. */
function actionsOf(meaning: Meaning): readonly string[] {
  let actions = actionNames.get(meaning);
  if (actions === undefined) {
    actions = [...new Set(meaning.evaluations.map(({ action }) => action))];
    actionNames.set(meaning, actions);
  }
  return actions;
}

/** Hears of a hold before the client does. */
function overheard(hold: HoldListener, begun: Begun, tracer: Tracer): HoldListener {
  return {
    signal: hold.signal,
    ...(hold.wishes === undefined ? {} : { wishes: hold.wishes }),
    ...(hold.meaningNow === undefined
      ? {}
      : { meaningNow: (meaning: Meaning) => hold.meaningNow?.(meaning) ?? Promise.resolve(meaning) }),
    held(notice: HoldNotice) {
      begun.held = { at: tracer.elapsed(), requestId: notice.requestId };
      hold.held(notice);
    },
  };
}

/** The outcome as the data path gave it; of a permit that is traced, with a tape that tells of its end. */
function decided(begun: Begun, outcome: Outcome): Outcome {
  if (outcome.effect === 'permit' && !begun.chosen && begun.held === null) return outcome;
  const { tracer } = begun.watching;
  const at = tracer.elapsed();
  if (outcome.effect === 'permit') return { ...outcome, tape: tapeOf(begun, outcome, at) };
  const { denial } = outcome.refusal;
  keep(begun, { end: at, stages: judging(begun, at), attributes: effectOf(denial), failure: denial.code });
  return outcome;
}

/** From the question to the answer; what passed in between while people decided is another stage. */
function judging({ start, held }: Begun, end: number): readonly Stage[] {
  if (held === null) return [{ name: 'decide', start, end }];
  const attributes = { 'sallyport.request.id': held.requestId };
  return [
    { name: 'decide', start, end: held.at },
    { name: 'hold', start: held.at, end, attributes },
  ];
}

/** `forward` is from the permit to the first byte that the client gets, `reply` from there to the end. */
function tapeOf(begun: Begun, { permit, tape }: Permitted, permitted: number): Tape {
  const { tracer, open } = begun.watching;
  let replied: number | null = null;
  let over = false;
  const finish = (result: Pick<OperationResult, 'outcome' | 'rows' | 'bytes'>): void => {
    if (over) return;
    over = true;
    open.delete(left);
    const end = tracer.elapsed();
    const forward: Stage = { name: 'forward', start: permitted, end: replied ?? end };
    const reply: readonly Stage[] = replied === null ? [] : [{ name: 'reply', start: replied, end }];
    const { outcome, rows, bytes } = result;
    keep(begun, {
      end,
      stages: [...judging(begun, permitted), forward, ...reply],
      attributes: {
        ...effectOf(null),
        'sallyport.evaluation.id': permit.evaluationId,
        'sallyport.outcome': outcome,
        'sallyport.reply.bytes': bytes,
        ...(rows === null ? {} : { 'sallyport.reply.rows': rows }),
      },
      failure: outcome === 'completed' || outcome === 'skipped' ? null : outcome,
    });
  };
  const left = (): void => finish({ outcome: 'cancelled', rows: null, bytes: 0 });
  open.add(left);
  return {
    reply(bytes, from, to) {
      replied ??= tracer.elapsed();
      tape.reply(bytes, from, to);
    },
    end(result) {
      tape.end(result);
      finish(result);
    },
  };
}

interface Kept {
  readonly end: number;
  readonly stages: readonly Stage[];
  readonly attributes: Attributes;
  readonly failure: string | null;
}

function keep(begun: Begun, { end, stages, attributes, failure }: Kept): void {
  const { watching, start, chosen, actions, held } = begun;
  const { session, tracer } = watching;
  const root: Stage = {
    name: 'operation',
    start,
    end,
    attributes: {
      ...attributesOf(session, tracer.identities),
      'sallyport.actions': actions,
      ...(held === null ? {} : { 'sallyport.request.id': held.requestId }),
      ...attributes,
    },
    ...(failure === null ? {} : { failure }),
  };
  tracer.keep(root, stages, begun.parentOf(), chosen);
}
