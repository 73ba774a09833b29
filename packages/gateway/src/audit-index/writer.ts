import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { LogPlace, PlacedEntry } from '@sallyport/audit-log';
import { BLOCK, bytesWith } from './bits.ts';
import { postingKey } from './database.ts';
import { Dictionary, termKey } from './dictionary.ts';
import { EVERYTHING, type Fields, isOperation, PARTS, termsOf, textOf } from './terms.ts';

/** Remembered between entries: terms of parts of entries, and the sessions seen last. */
const KNOWN_SHAPES = 20_000;
const SHAPE_CHARACTERS = 8_192;
const KNOWN_SESSIONS = 5_000;
/** Terms remembered of one session; past it they are only added again. */
const SEEN_TERMS = 20_000;

/** The terms of a part of an entry by number. One object for those that are alike. */
type Shape = readonly number[];

interface KnownSession {
  readonly number: number;
  /** What it is indexed under already. */
  readonly seen: Set<Shape | number>;
  permitted: number;
  denied: number;
}

/** Things of one kind that wait to be written, by term. */
type Waiting = Map<number, number[]>;

/** Writes entries into the index. `add` gathers, `flush` writes; both belong to one transaction. */
export class Writer {
  readonly dictionary: Dictionary;
  readonly #sql: ReturnType<typeof prepare>;
  readonly #shapes = PARTS.map(() => new Map<string, Shape>());
  readonly #sessions = new Map<string, KnownSession>();
  readonly #counted = new Set<KnownSession>();
  readonly #operations: Waiting = new Map();
  readonly #sessionTerms: Waiting = new Map();
  #postings = 0;

  constructor(database: DatabaseSync) {
    this.dictionary = new Dictionary(database);
    this.#sql = prepare(database);
  }

  /** Postings that wait to be written: what they take in memory is in proportion. */
  get waiting(): number {
    return this.#postings;
  }

  add({ seq, time, place, fields }: PlacedEntry): void {
    const { type } = fields;
    const found = isOperation(fields);
    if (!found && type !== 'session-started' && type !== 'session-ended') return;
    const shapes = type === 'session-ended' ? [] : this.#shapesOf(fields);
    if (found) {
      this.#sql.insertOperation.run(seq, time, place.segment, place.offset);
      for (const shape of shapes) this.#post(this.#operations, seq, shape);
    }
    // Who came in names a session that may never be one: it begins with what is decided.
    if (found && type !== 'decision') return;
    const id = textOf(fields.sessionId);
    if (id === null) return;
    const session = this.#sessionOf(id, time, place);
    if (type === 'session-started') this.#sql.startSession.run(place.segment, place.offset, session.number);
    else if (type === 'session-ended') this.#sql.endSession.run(place.segment, place.offset, session.number);
    else if (type === 'decision') this.#count(session, fields.effect);
    for (const shape of shapes) this.#postSession(session, shape);
  }

  /** Writes what was gathered. */
  flush(): void {
    for (const session of this.#counted) {
      this.#sql.countSession.run(session.permitted, session.denied, session.number);
      session.permitted = 0;
      session.denied = 0;
    }
    this.#counted.clear();
    writePostings(this.#operations, this.#sql.operationPosting, this.#sql.setOperationPosting);
    writePostings(this.#sessionTerms, this.#sql.sessionPosting, this.#sql.setSessionPosting);
    this.#postings = 0;
  }

  /** Forgets everything in memory: the transaction failed, or another process began anew. */
  forget(): void {
    this.dictionary.forget();
    for (const shapes of this.#shapes) shapes.clear();
    this.#sessions.clear();
    this.#counted.clear();
    this.#operations.clear();
    this.#sessionTerms.clear();
    this.#postings = 0;
  }

  #shapesOf(fields: Fields): readonly Shape[] {
    return PARTS.map((part, at) => this.#shapeOf(fields, part, at));
  }

  #shapeOf(fields: Fields, part: readonly string[], at: number): Shape {
    const shapes = this.#shapes[at] as Map<string, Shape>;
    const kind = kindOf(fields, part);
    const known = shapes.get(kind);
    if (known !== undefined) return known;
    const shape = termsOf(fields, part).map((term) => this.dictionary.numberOf(term));
    if (at === 0) shape.push(this.dictionary.numberOf(EVERYTHING));
    if (kind.length > SHAPE_CHARACTERS) return shape;
    if (shapes.size >= KNOWN_SHAPES) shapes.clear();
    shapes.set(kind, shape);
    return shape;
  }

  #sessionOf(id: string, time: number, { segment, offset }: LogPlace): KnownSession {
    const known = this.#sessions.get(id);
    if (known !== undefined) return known;
    const key = termKey(id);
    const number =
      this.#sql.findSession.get(key)?.number ??
      this.#sql.insertSession.run(key, time, segment, offset).lastInsertRowid;
    const session = { number: Number(number), seen: new Set<Shape | number>(), permitted: 0, denied: 0 };
    if (this.#sessions.size >= KNOWN_SESSIONS) this.#forgetOldSessions();
    this.#sessions.set(id, session);
    return session;
  }

  /** The half that was met first. What they are counted with stays in `#counted` until it is written. */
  #forgetOldSessions(): void {
    let left = KNOWN_SESSIONS / 2;
    for (const id of this.#sessions.keys()) {
      if (left-- <= 0) return;
      this.#sessions.delete(id);
    }
  }

  #count(session: KnownSession, effect: Fields[string]): void {
    if (effect === 'permit') session.permitted += 1;
    else session.denied += 1;
    this.#counted.add(session);
  }

  #postSession(session: KnownSession, shape: Shape): void {
    const { seen, number } = session;
    if (seen.has(shape)) return;
    const fresh = shape.filter((term) => !seen.has(term));
    if (seen.size < SEEN_TERMS) {
      seen.add(shape);
      for (const term of fresh) seen.add(term);
    }
    this.#post(this.#sessionTerms, number, fresh);
  }

  #post(waiting: Waiting, thing: number, terms: Shape): void {
    for (let at = 0; at < terms.length; at += 1) {
      const term = terms[at] as number;
      const things = waiting.get(term);
      if (things === undefined) waiting.set(term, [thing]);
      else things.push(thing);
    }
    this.#postings += terms.length;
  }
}

/** What parts of entries are told apart by: the one text of a part that has no more, and else unambiguously all of it. */
function kindOf(fields: Fields, part: readonly string[]): string {
  const only = part.length === 1 ? fields[part[0] as string] : undefined;
  return typeof only === 'string' ? only : JSON.stringify(part.map((field) => fields[field]));
}

/** Block by block and in the order of terms, so that neighbours are written together. */
function writePostings(waiting: Waiting, find: StatementSync, set: StatementSync): void {
  const keys: number[] = [];
  const positions: number[][] = [];
  for (const [term, things] of waiting) {
    let block = -1;
    let list: number[] = [];
    for (let at = 0; at < things.length; at += 1) {
      const thing = things[at] as number;
      const position = thing % BLOCK;
      if ((thing - position) / BLOCK !== block) {
        block = (thing - position) / BLOCK;
        keys.push(postingKey(block, term));
        list = [];
        positions.push(list);
      }
      list.push(position);
    }
  }
  const order = keys.map((_, at) => at).sort((one, other) => (keys[one] as number) - (keys[other] as number));
  for (const at of order) {
    const key = keys[at] as number;
    const before = find.get(key)?.bits;
    set.run(key, bytesWith(before instanceof Uint8Array ? before : null, positions[at] as number[]));
  }
  waiting.clear();
}

function prepare(database: DatabaseSync) {
  const set = (table: string) =>
    database.prepare(
      `INSERT INTO ${table} (place, bits) VALUES (?, ?) ON CONFLICT DO UPDATE SET bits = excluded.bits`,
    );
  return {
    insertOperation: database.prepare('INSERT INTO operation VALUES (?, ?, ?, ?)'),
    findSession: database.prepare('SELECT number FROM session WHERE key = ?'),
    insertSession: database.prepare('INSERT INTO session (key, time, segment, offset) VALUES (?, ?, ?, ?)'),
    startSession: database.prepare('UPDATE session SET segment = ?, offset = ? WHERE number = ?'),
    endSession: database.prepare('UPDATE session SET end_segment = ?, end_offset = ? WHERE number = ?'),
    countSession: database.prepare(
      'UPDATE session SET permitted = permitted + ?, denied = denied + ? WHERE number = ?',
    ),
    operationPosting: database.prepare('SELECT bits FROM operation_posting WHERE place = ?'),
    setOperationPosting: set('operation_posting'),
    sessionPosting: database.prepare('SELECT bits FROM session_posting WHERE place = ?'),
    setSessionPosting: set('session_posting'),
  };
}
