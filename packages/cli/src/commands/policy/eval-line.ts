/** One line of `policy eval`, read strictly: whoever writes it may write anything. */
import type { Person } from '@sallyport/gateway';

/** People taken to have approved: `seats` of them, or as many as any policy wants. */
export interface GivenApproval {
  readonly group: string;
  readonly seats: number;
}

export interface EvalLine {
  readonly id: unknown;
  readonly person: Person;
  readonly target: string;
  /** Undefined: the one a client gets that names none. */
  readonly database: string | undefined;
  readonly statement: string;
  readonly approvals: readonly GivenApproval[];
  /** Lines of one session share its state, in order. */
  readonly session: string | null;
}

/** A line that cannot be judged. */
export interface MalformedLine {
  readonly id: unknown;
  readonly why: string;
}

/** Most groups, and most approvals, in one line. */
const LIST = 1_000;

export function readEvalLine(text: string): EvalLine | MalformedLine {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    // V8 quotes what it could not read, and that is a statement.
    const why = cause instanceof SyntaxError ? 'the line is not JSON' : 'the line nests too deep';
    return { id: idAtStart(text), why };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { id: null, why: 'the line is JSON, but no object' };
  const given = value as Record<string, unknown>;
  const id = given.id ?? null;
  try {
    return { id, ...fieldsOf(given) };
  } catch (cause) {
    if (cause instanceof WrongField) return { id, why: cause.message };
    throw cause;
  }
}

/** The id of a line that is not JSON or too long, where it is the first member. */
export function idAtStart(text: string): unknown {
  const found = /^\s*\{\s*"id"\s*:\s*("(?:[^"\\]|\\.){0,256}"|-?\d{1,15})\s*[,}]/.exec(
    text.slice(0, 512),
  )?.[1];
  if (found === undefined) return null;
  try {
    return JSON.parse(found);
  } catch {
    return null;
  }
}

class WrongField extends Error {}

function fieldsOf(given: Record<string, unknown>): Omit<EvalLine, 'id'> {
  const person = given.person;
  const secure = given.secure;
  if (person !== undefined && person !== null && typeof person !== 'boolean')
    throw new WrongField('"person" is not true or false');
  if (secure !== undefined && secure !== null && typeof secure !== 'boolean')
    throw new WrongField('"secure" is not true or false');
  return {
    person: {
      subject: text(given, 'subject'),
      groups: groups(given.groups),
      actor: optionalText(given, 'actor'),
      task: optionalText(given, 'task'),
      person: person ?? false,
      secure: secure ?? true,
    },
    target: text(given, 'target'),
    database: optionalText(given, 'database') ?? undefined,
    statement: text(given, 'statement'),
    approvals: approvals(given.approvals),
    session: optionalText(given, 'session'),
  };
}

function text(given: Record<string, unknown>, name: string): string {
  const value = given[name];
  if (typeof value === 'string') return value;
  throw new WrongField(value === undefined ? `"${name}" is missing` : `"${name}" is not a text`);
}

function optionalText(given: Record<string, unknown>, name: string): string | null {
  const value = given[name];
  if (value === undefined || value === null) return null;
  if (typeof value === 'string') return value;
  throw new WrongField(`"${name}" is not a text`);
}

function list(value: unknown, name: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new WrongField(`"${name}" is not a list`);
  if (value.length > LIST) throw new WrongField(`"${name}" has more than ${LIST} entries`);
  return value;
}

function groups(value: unknown): readonly string[] {
  return list(value, 'groups').map((group) => {
    if (typeof group === 'string') return group;
    throw new WrongField('"groups" is not a list of texts');
  });
}

function approvals(value: unknown): readonly GivenApproval[] {
  return list(value, 'approvals').map((one) => {
    if (typeof one === 'string') return { group: one, seats: Number.MAX_SAFE_INTEGER };
    const { group, seats = Number.MAX_SAFE_INTEGER } = (one ?? {}) as Record<string, unknown>;
    if (typeof group === 'string' && Number.isSafeInteger(seats) && Number(seats) >= 1)
      return { group, seats: Number(seats) };
    throw new WrongField('"approvals" is not a list of group names, or of {"group", "seats"}');
  });
}
