/** What hangs on relations: definitions, rules, triggers, defaults, constraints, indexes, policies. */
import type {
  CatalogOrigin,
  FunctionRef,
  ReferentialAction,
  RelationBehaviour,
  RelationEvent,
} from './catalog.ts';
import { array, body, type Row, string, strings } from './catalog-rows.ts';
import { quotedName } from './quoted-name.ts';

/** A relation while the rows are read. */
export interface RelationDraft {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: string;
  readonly rows: number | null;
  readonly columns: (string | null)[];
  /** Types of its columns that are the server's own, where it is not; 0 for any other. */
  readonly types: number[];
  readonly parents: number[];
  readonly children: number[];
  readonly reads: { readonly oid: number; readonly attribute: number }[];
  origins: readonly CatalogOrigin[] | null;
  table?: number;
  defaultPartition?: number;
  /** The type of its rows; 0 when it is the server's own. */
  readonly rowType: number;
  /** Classes declared by comments, by attribute number. */
  readonly declared: Map<number, string>;
  behaviour?: RelationBehaviour;
}

function behaviourOf(relation: RelationDraft): RelationBehaviour {
  relation.behaviour ??= {
    definition: null,
    checked: false,
    rules: [],
    triggers: [],
    defaults: [],
    stored: [],
    virtual: [],
    generated: [],
    identities: [],
    sequences: [],
    checks: [],
    indexes: [],
    statistics: [],
    indexRoutines: [],
    references: [],
    referencedBy: [],
    policies: [],
    rowSecurity: false,
    server: null,
    types: [],
  };
  return relation.behaviour;
}

type Reader = (
  own: RelationBehaviour,
  row: readonly unknown[],
  relations: ReadonlyMap<number, RelationDraft>,
) => void;

/** How each kind of row is read; the first value of a row is the relation. */
const READERS: Readonly<Record<string, Reader>> = {
  V: (own, [, text, checked]) => {
    own.definition = body('statements', text);
    own.checked = checked === true;
  },
  R: (own, [, event, instead, text, disabled]) => {
    const rule = body('rule', text);
    const on = { '2': 'update', '3': 'insert', '4': 'delete' } as const;
    const named = on[string(event) as keyof typeof on];
    if (rule !== null && named !== undefined)
      own.rules.push({ event: named, instead: instead === true, body: rule, disabled: disabled === true });
  },
  T: (own, [, routine, type, text, disabled]) => {
    const condition = body('trigger', text);
    own.triggers.push({
      routine: Number(routine),
      ...triggerType(Number(type)),
      condition,
      disabled: disabled === true,
    });
  },
  D: (own, [relation, generated, text, column], relations) => {
    const expression = body('expression', text);
    if (expression === null) return;
    if (generated !== 's' && generated !== 'v') {
      own.defaults.push(expression);
      return;
    }
    (generated === 's' ? own.stored : own.virtual).push(expression);
    const { schema, name } = relations.get(Number(relation)) ?? { schema: '', name: '' };
    const query = `SELECT ${expression.text} FROM ${quotedName(schema)}.${quotedName(name)}`;
    own.generated.push({ column: string(column), query: { kind: 'statements', text: query } });
  },
  Q: (own, [, sequence, dependency]) => {
    own.sequences.push(Number(sequence));
    if (dependency === 'i') own.identities.push(Number(sequence));
  },
  C: (own, [, , text]) => {
    const check = body('expression', text);
    if (check !== null) own.checks.push(check);
  },
  K: (own, [referencing, referenced, onDelete, onUpdate, key, name, ownKey], relations) => {
    own.references.push({ oid: Number(referenced), name: string(name), key: strings(ownKey) });
    const other = relations.get(Number(referenced));
    if (other === undefined) return;
    behaviourOf(other).referencedBy.push({
      oid: Number(referencing),
      key: strings(key),
      onDelete: referential(string(onDelete)),
      // ON UPDATE CASCADE changes the referencing rows, it deletes none.
      onUpdate: onUpdate === 'c' ? 'update' : referential(string(onUpdate)),
    });
  },
  W: (own, [, text]) => {
    const statistics = body('statistics', text);
    if (statistics !== null) own.statistics.push(statistics);
  },
  X: (own, [, expressions, predicate]) => {
    for (const text of [expressions, predicate]) {
      const expression = body('expression', text);
      if (expression !== null) own.indexes.push(expression);
    }
  },
  P: (own, [, command, ...texts]) => {
    const events = { r: 'select', a: 'insert', w: 'update', d: 'delete' } as const;
    const event = events[string(command) as keyof typeof events] ?? 'all';
    for (const text of texts) {
      const expression = body('expression', text);
      if (expression !== null) own.policies.push({ event, body: expression });
    }
  },
  S: (own, [, server]) => {
    own.server = string(server);
  },
};

/** Fills in the behaviour of every relation that has one. `runs` says which functions do more than compute. */
export function readBehaviour(
  rows: readonly Row[],
  relations: ReadonlyMap<number, RelationDraft>,
  runs: (routine: FunctionRef) => boolean,
): void {
  for (const [what = '', a = '', , , d = '', , f = ''] of rows) {
    if (what === 'r' && f.startsWith('x')) withRelation(relations, a, (own) => (own.rowSecurity = true));
    else if (what === 'a' && d !== '') withRelation(relations, a, (own) => own.types.push(Number(d)));
    else if (what === 'H') {
      const [relation, routine] = array(a);
      if (runs(Number(routine)))
        withRelation(relations, relation, (own) => own.indexRoutines.push(Number(routine)));
    } else {
      const read = READERS[what === 'G' ? 'X' : what];
      if (read === undefined) continue;
      const row = array(a);
      withRelation(relations, row[0], (own) => read(own, row, relations));
    }
  }
}

function withRelation(
  relations: ReadonlyMap<number, RelationDraft>,
  oid: unknown,
  use: (own: RelationBehaviour) => void,
): void {
  const relation = relations.get(Number(oid));
  if (relation !== undefined) use(behaviourOf(relation));
}

/** pg_constraint.confdeltype and confupdtype. */
function referential(code: string): ReferentialAction {
  if (code === 'c') return 'delete';
  if (code === 'd') return 'default';
  return code === 'n' ? 'update' : 'none';
}

/** pg_trigger.tgtype: bits 4, 8, 16, 32 are the events, 64 is INSTEAD OF (catalog/pg_trigger.h). */
function triggerType(type: number): { events: readonly RelationEvent[]; instead: boolean } {
  const bits = [
    ['insert', 4],
    ['delete', 8],
    ['update', 16],
    ['truncate', 32],
  ] as const;
  return {
    events: bits.filter(([, bit]) => (type & bit) !== 0).map(([event]) => event),
    instead: (type & 64) !== 0,
  };
}
