import type { DenialCode } from '../protocol.ts';
import type { Prepared } from './portal.ts';
import type { StatementMeaning } from './statement/index.ts';

/** Form, code, reason and hint for the fast-path call: it runs any function by number, with no text to judge. */
export const UNKNOWN_FUNCTION_CALL: readonly [string, DenialCode, string, string] = [
  'fast-path function call',
  'undetermined',
  'the fast-path function call is not carried',
  'call the function with SELECT',
];

/** A name that was given to too many statements to remember. */
export const UNTRACKED: StatementMeaning = Object.freeze({
  form: '(a statement that is no longer tracked)',
  evaluations: [],
  undetermined: 'too many statements were prepared under this name',
  changesState: true,
  relations: [],
  columnNames: new Set<string>(),
  anyColumn: true,
  copy: null,
  statements: 1,
  effects: [],
  serial: -1,
});

/** What a name may stand for, as one statement: permitted only if every candidate is. */
export function combine(candidates: readonly Prepared[]): Prepared {
  const [first, ...others] = candidates;
  if (first === undefined) throw new TypeError('nothing to combine');
  const different = others.filter(({ statement }) => statement !== first.statement);
  if (different.length === 0) return first;
  const all: readonly StatementMeaning[] = [first.statement, ...different.map(({ statement }) => statement)];
  return {
    text: [...new Set(candidates.map(({ text }) => text))].join('; or: '),
    statement: {
      ...first.statement,
      form: [...new Set(all.map(({ form }) => form))].join('; or: '),
      evaluations: all.flatMap(({ evaluations }) => evaluations),
      ...undeterminedIn(all),
      changesState: all.some(({ changesState }) => changesState),
      relations: all.flatMap(({ relations }) => relations),
      ...fieldsOf(all),
      columnNames: new Set(all.flatMap(({ columnNames }) => [...columnNames])),
      anyColumn: all.some(({ anyColumn }) => anyColumn),
      copy: null,
      effects: all.flatMap(({ effects }) => effects),
    },
  };
}

/** What any of them does with fields; absent where none is known of. */
function fieldsOf(all: readonly StatementMeaning[]): Pick<StatementMeaning, 'fields'> {
  const fields = all.flatMap((one) => one.fields ?? []);
  return fields.length === 0 ? {} : { fields };
}

/** What cannot be told of all of them: of one that says no more it is the target as a whole. */
function undeterminedIn(
  all: readonly StatementMeaning[],
): Pick<StatementMeaning, 'undetermined' | 'undeterminedOn'> {
  const untold = all.filter(({ undetermined }) => undetermined !== null);
  return {
    undetermined: untold[0]?.undetermined ?? null,
    undeterminedOn: untold.flatMap(({ undeterminedOn }) => undeterminedOn ?? [TARGET]),
  };
}

const TARGET = { type: 'Target', path: [] } as const;

/** A statement whose text the target may read differently: nobody can say what would run. */
export function readOtherwise(statement: StatementMeaning, why: string): StatementMeaning {
  return { ...statement, undetermined: statement.undetermined ?? why, undeterminedOn: [TARGET] };
}

/** Code, reason and hint for COPY among other statements, or in EXECUTE: what the rows belong to cannot be told. */
export const COPY_AMONG_OTHERS: readonly [DenialCode, string, string] = [
  'undetermined',
  'COPY to or from the client must be a statement, and a text, of its own',
  'send COPY by itself',
];
