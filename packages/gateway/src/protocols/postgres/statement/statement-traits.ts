/** Parts of a meaning beside what is touched: names it runs, the COPY it is, its size. */
import type { OperationTraits } from '../../protocol.ts';
import type { CatalogRelation } from './catalog.ts';
import type { Findings } from './findings.ts';
import type { BodyText, CopyMeaning, Draft, StatementMeaning } from './meaning.ts';
import type { Names } from './names.ts';
import type { Resolution } from './resolve.ts';
import type { SessionState } from './session-state.ts';

export interface RunNames {
  readonly draft: Draft;
  readonly state: SessionState;
  /** The server plans a prepared statement anew when the search path changed: its meaning in this session, now. */
  readonly again: (meaning: StatementMeaning, paths: readonly (readonly string[])[]) => Resolution | null;
  readonly paths?: readonly (readonly string[])[];
}

export interface Ran {
  /** Whether EXECUTE may run a COPY between client and server. */
  readonly runsCopy: boolean;
  readonly unknownName: boolean;
  readonly needs: readonly BodyText[];
  /** What the statements under the names mean. */
  readonly meanings: readonly StatementMeaning[];
}

/** EXECUTE and FETCH do what the statement under the name does; all there may be under it. */
export function runNames(input: RunNames, findings: Findings, columnNames: Set<string>): Ran {
  const { draft, state } = input;
  let runsCopy = false;
  let unknownName = false;
  const needs: BodyText[] = [];
  const meanings: StatementMeaning[] = [];
  for (const { kind, name } of draft.runs) {
    const known = kind === 'prepared' ? state.preparedUnder(name) : state.cursorsUnder(name);
    const effect = kind === 'prepared' ? 'prepare' : 'cursor';
    const unknown = `${kind === 'prepared' ? 'prepared statement' : 'cursor'} ${name} is not one this session made`;
    // What this very text put under the name is in it already.
    const own = draft.effects.some((one) => one.kind === effect && one.name === name);
    if (known.length === 0 && !own) findings.cannotTell(unknown, null);
    for (const prepared of known) {
      const resolution = input.again(prepared, pathsSet(input));
      if (kind === 'prepared' && resolution === null) findings.cannotTell(unknown, null);
      // A cursor's query was planned when it was opened, but the functions it calls are those of now.
      const meaning = kind === 'prepared' ? (resolution?.meaning ?? prepared) : prepared;
      if (kind === 'cursor' && resolution !== null) include(resolution.meaning, findings, columnNames);
      unknownName ||= resolution?.unknownName === true;
      needs.push(...(resolution?.needs ?? []));
      // FETCH reads rows of a query and CLOSE reads nothing: neither can start a COPY that a portal holds.
      runsCopy ||= kind === 'prepared' && (meaning.copy !== null || meaning.mixedCopy === true);
      include(meaning, findings, columnNames);
      meanings.push(meaning);
    }
  }
  return { runsCopy, unknownName, needs, meanings };
}

function include(meaning: StatementMeaning, findings: Findings, columnNames: Set<string>): void {
  for (const evaluation of meaning.evaluations) findings.add(evaluation);
  for (const relation of meaning.relations) findings.addRelation(relation);
  for (const column of meaning.columnNames) columnNames.add(column);
  findings.anyColumn ||= meaning.anyColumn;
  if (meaning.basis !== undefined) findings.restsOn(meaning.basis);
  if (meaning.undetermined === null) return;
  for (const resource of meaning.undeterminedOn ?? [null])
    findings.cannotTell(meaning.undetermined, resource);
}

/** The search paths the text that runs a name sets, and those it is run under. */
function pathsSet({ draft, paths = [] }: RunNames): readonly (readonly string[])[] {
  const own = draft.effects.flatMap((effect) => (effect.kind === 'search-path' ? [effect.schemas] : []));
  // `$user` may be what a role it becomes is called.
  const roles = draft.effects.flatMap((effect) =>
    effect.kind === 'role' && effect.name !== null ? [[effect.name]] : [],
  );
  return [...own, ...roles, ...paths];
}

/** The COPY between client and server a text is. */
export function copyOf({ copy }: Draft, names: Names, state: SessionState): CopyMeaning | null {
  if (copy === null) return null;
  const { relation } = copy;
  const places = relation === null ? [] : names.places('relation', relation);
  const temporary = relation !== null && state.temporary(relation.name) !== undefined;
  const [schema, ...others] = temporary ? [] : places;
  const known = relation !== null && schema !== undefined && others.length === 0;
  return Object.freeze({ ...copy, relation: known ? { schema, table: relation.name } : null });
}

/** How much it may touch, by the target's own statistics; null where one of its relations was never counted. */
export function traitsOf(drafts: readonly Draft[], relations: Iterable<CatalogRelation>): OperationTraits {
  let rows: number | null = 0;
  for (const { kind, rows: own } of relations) {
    // The rows of a view are those of its tables, of a partitioned table those of its partitions.
    if (kind === 'v' || kind === 'p') continue;
    rows = rows === null || own === null ? null : rows + own;
  }
  return Object.freeze({ rows, unfiltered: drafts.some(({ unfiltered }) => unfiltered) });
}
