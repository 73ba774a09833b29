/**
 * `sallyport.reveal`: a setting of the gateway's own, by which a session asks to see data classes in clear. Its statements
 * are carried out here and never sent: the target is given an empty query in their place, so that the answer comes in its
 * turn and the state of the transaction is the target's.
 *
 * Which statements these are is told by their meaning, so in whatever way they are written; what they say is read from
 * each text itself, as texts that differ in nothing but the class have one meaning.
 */
import { BackendType, FrameWriter, FrontendType } from '@sallyport/postgres-wire';
import { type MaybePromise, whenReady } from '../../lib/async.ts';
import type { DenialCode, Evaluation, Meaning, Refusal, Tape } from '../protocol.ts';
import type { Conversation } from './conversation.ts';
import type { StatementMeaning } from './statement/index.ts';
import { skipped, Unit } from './unit.ts';

const SETTING = 'sallyport.reveal';
/** Longest text of such a statement, and most classes in it (L10). */
const TEXT_CHARACTERS = 2_000;
const CLASSES = 50;

export type RevealCommand =
  | { readonly kind: 'ask'; readonly classes: readonly string[] }
  | { readonly kind: 'end' | 'show' };

/** Form, code, reason and hint for one that is not written as it must be. */
export const NOT_BY_ITSELF: readonly [string, DenialCode, string, string] = [
  `a statement with ${SETTING}`,
  'forbidden',
  `${SETTING} is set for the session, by a statement with nothing else in it, and shown by a simple query`,
  `SET ${SETTING} = 'email', RESET ${SETTING} or SHOW ${SETTING}`,
];

/** What is sent to the target in place of the statement. */
export const EMPTY_QUERY = new FrameWriter(16).begin(FrontendType.Query).string('').end().take();

/** The same as a prepared statement. */
export function parseEmpty(name: string): Buffer {
  return new FrameWriter(64).begin(FrontendType.Parse).string(name).string('').int16(0).end().take();
}

type Use = 'none' | 'names' | 'resets';
const uses = new WeakMap<StatementMeaning, Use>();

/** Whether the statement sets or shows it, alone or among others. */
export function namesReveal(statement: StatementMeaning): boolean {
  return useOf(statement) === 'names';
}

/** Whether the statement puts every setting of the session back. */
export function resetsEverything(statement: StatementMeaning): boolean {
  return useOf(statement) === 'resets';
}

function useOf(statement: StatementMeaning): Use {
  let use = uses.get(statement);
  if (use === undefined) {
    const { evaluations, form } = statement;
    const named = evaluations.some(
      ({ resource: { type, path } }) => type === 'Setting' && path[0] === SETTING,
    );
    use = named ? 'names' : /\b(?:discard|reset)\s+all\b/i.test(form) ? 'resets' : 'none';
    uses.set(statement, use);
  }
  return use;
}

/** Reads a statement that does nothing else; null when it is written in another way. */
export function readReveal(text: string): RevealCommand | null {
  if (text.length > TEXT_CHARACTERS) return null;
  let rest = text.trim();
  if (rest.endsWith(';')) rest = rest.slice(0, -1).trimEnd();
  if (/^reset\s+sallyport\.reveal$/i.test(rest)) return { kind: 'end' };
  if (/^show\s+sallyport\.reveal$/i.test(rest)) return { kind: 'show' };
  const value = /^set\s+(?:session\s+)?sallyport\.reveal\s*(?:=|\bto\b)/i.exec(rest)?.[0];
  if (value === undefined) return null;
  rest = rest.slice(value.length).trimStart();
  if (/^default$/i.test(rest)) return { kind: 'end' };
  const classes = readClasses(rest);
  if (classes === null) return null;
  return classes.length === 0 ? { kind: 'end' } : { kind: 'ask', classes };
}

/** What the statement is judged as, for tools that only ask: what it asks to see. */
export function judgedAs(text: string, statement: StatementMeaning): Meaning {
  if (!namesReveal(statement)) return statement;
  const command = readReveal(text);
  if (command === null) return { ...statement, undetermined: NOT_BY_ITSELF[2] };
  // Whoever ends it or looks at it is not asked anything.
  if (command.kind !== 'ask') return statement;
  const { classes } = command;
  const evaluations = classes.map((name): Evaluation => {
    return { action: 'reveal', resource: { type: 'DataClass', path: [name] } };
  });
  return { form: statement.form, evaluations, undetermined: null, changesState: true };
}

/** Whether it can be prepared: SHOW would have to be described, and what it shows is not known before it runs. */
export function mayBePrepared(text: string): boolean {
  const command = readReveal(text);
  return command !== null && command.kind !== 'show';
}

/** `'email'`, `'email, phone'`, `email, 'phone'`. */
function readClasses(list: string): readonly string[] | null {
  const found = new Set<string>();
  for (let rest = list; ; ) {
    const [item = '', quoted, word = ''] = /^(?:'([^'\\]*)'|([a-z_][a-z0-9_$]*))\s*/i.exec(rest) ?? [];
    if (item === '') return null;
    for (const name of (quoted ?? word).split(',')) if (name.trim() !== '') found.add(name.trim());
    rest = rest.slice(item.length);
    if (rest === '') return found.size > CLASSES ? null : [...found].sort();
    if (!rest.startsWith(',')) return null;
    rest = rest.slice(1).trimStart();
  }
}

/** Carries one out: a unit with the answer, for the empty query in its place; or why not. */
export function carryOutReveal(
  talk: Conversation,
  text: string,
): MaybePromise<{ readonly unit: Unit } | { readonly refusal: Refusal }> {
  const { line } = talk;
  const command = readReveal(text);
  switch (command?.kind) {
    case undefined:
      return { refusal: line.refuse(...NOT_BY_ITSELF) };
    case 'show':
      return { unit: ownUnit(talk, settingShown(SETTING, line.revealed().join(', '))) };
    case 'end':
      return whenReady(line.endReveal(), () => ({ unit: ownUnit(talk, tag(SET)) }));
    case 'ask':
      return whenReady(talk.reveal({ classes: command.classes, text }), (outcome) => {
        if (outcome.effect === 'deny') return { refusal: outcome.refusal };
        if (talk.exchange.skipping || talk.over) {
          // The client is never told, so it does not have it either.
          skipped(outcome);
          void line.endReveal();
        }
        const unit = new Unit(ANSWERED_HERE, outcome, null);
        unit.answer = tag(SET);
        return { unit };
      });
  }
}

const SET = 'SET';

/** One that nobody is asked about: it shows what the session has, or takes it away. */
export function ownUnit(talk: Conversation, answer: Buffer): Unit {
  const { standing } = talk.line;
  const outcome = {
    effect: 'permit',
    permit: standing,
    mask: talk.line.mask(),
    tape: UNRECORDED,
    limit: null,
  } as const;
  const unit = new Unit(ANSWERED_HERE, outcome, null);
  unit.answer = answer;
  return unit;
}

const UNRECORDED: Tape = { reply: () => undefined, end: () => undefined };

/** What the target carries out in place of one: nothing. A prepared statement that is one of these is told by it. */
export const ANSWERED_HERE: StatementMeaning = Object.freeze({
  form: '',
  evaluations: [],
  undetermined: null,
  changesState: false,
  relations: [],
  columnNames: new Set<string>(),
  anyColumn: false,
  copy: null,
  statements: 0,
  effects: [],
  serial: -1,
});

export function tag(name: string): Buffer {
  return new FrameWriter(16).begin(BackendType.CommandComplete).string(name).end().take();
}

/** The reply to SHOW: one column of text (type 25), one row. */
export function settingShown(name: string, text: string): Buffer {
  const value = Buffer.from(text);
  const writer = new FrameWriter(256).begin(BackendType.RowDescription).int16(1).string(name);
  writer.int32(0).int16(0).int32(25).int16(-1).int32(-1).int16(0).end();
  writer.begin(BackendType.DataRow).int16(1).int32(value.length).bytes(value).end();
  return writer.begin(BackendType.CommandComplete).string('SHOW').end().take();
}
