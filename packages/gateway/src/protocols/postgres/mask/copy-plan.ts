import { WireError } from '@sallyport/postgres-wire';
import type { Mask } from '../../protocol.ts';
import { FIRST_USER_TYPE, type ScanForm, scanForm } from './column-types.ts';
import { BinaryRows } from './copy-binary.ts';
import type { CopyColumn, CopyRows } from './copy-rows.ts';
import { TextRows } from './copy-text.ts';
import { generatedClass, type HiddenClass, isGenerated, lineageClass, ownClass } from './field-class.ts';
import { type ColumnOrigins, computesFromHidden, mayHide, type OriginRelation } from './hidden-columns.ts';
import { type Hiding, hidingOf } from './hiding.ts';
import type { CopyScope, ReplyScope } from './reply-scope.ts';

/** What is done to the rows of one COPY TO STDOUT. For one run of it only: rows may span messages. */
export interface CopyPlan {
  /** Why the rows cannot be masked and none may be delivered (L4), or null. */
  readonly withhold: string | null;
  readonly rows: CopyRows;
}

/** Encodings in which no byte of ASCII is part of a longer character, so that delimiters can be told from data. */
const SAFE_ENCODINGS = /^(?:utf-?8|unicode|sql_ascii|latin[0-9]+|iso_?8859_?[0-9]+|win12[0-9]+|koi8.?)$/i;

export function compileCopyPlan(scope: ReplyScope, mask: Mask, origins: ColumnOrigins): CopyPlan {
  const { copy } = scope;
  const refused = (withhold: string): CopyPlan => ({ withhold, rows: noRows(mask) });
  if (copy === null) return refused('the target sends COPY rows for an operation that copies nothing');
  if (
    copy.format !== 'binary' &&
    copy.options.encoding !== null &&
    !SAFE_ENCODINGS.test(copy.options.encoding)
  ) {
    return refused(`COPY in encoding ${copy.options.encoding} cannot be masked: ask for UTF8`);
  }
  const collides = copy.format === 'binary' ? false : /[*]/.test(copy.options.delimiter + copy.options.quote);
  if (collides) return refused('COPY with * as delimiter or quote cannot be masked: choose another');
  const made = scope.outputs?.every(({ inputs }) => inputs !== null) === true ? scope.outputs : null;
  if (copy.relation === null && made !== null) {
    const hidden = made.map((output) => lineageClass(output, mask, origins));
    const columns = hidden.map((one) => ({
      hiding: hidingIn(copy, one, null, mask),
      scan: scanOf(copy, null),
    }));
    const hides = hidden.some((one) => one !== null);
    return { withhold: null, rows: rowsOf(copy, hides ? columns : null, mask) };
  }
  if (copy.relation === null) {
    // COPY sends no description of its columns: where each comes from cannot be told.
    if (computesFromHidden(scope, mask, origins))
      return refused(
        'COPY of a query over masked columns cannot be masked: use SELECT, or COPY of the table',
      );
    return { withhold: null, rows: rowsOf(copy, null, mask) };
  }
  const relation = origins.named(copy.relation.schema, copy.relation.table);
  if (relation === undefined) {
    if (mayHide(mask, origins)) return refused('COPY of a table the catalog does not know cannot be masked');
    return { withhold: null, rows: rowsOf(copy, null, mask) };
  }
  return { withhold: null, rows: rowsOf(copy, columnsOf(copy, relation, made, mask, origins), mask) };
}

/** The rows of a COPY that is withheld: none. */
function noRows(mask: Mask): CopyRows {
  const push = () => {
    throw new WireError('trailing-bytes', 'the rows of this COPY are withheld');
  };
  return { mask, readsAll: true, endsRow: () => false, hide: push, push, finish: () => undefined };
}

function columnsOf(
  copy: CopyScope,
  relation: OriginRelation,
  made: ReplyScope['outputs'],
  mask: Mask,
  origins: ColumnOrigins,
): readonly CopyColumn[] {
  // Without a list COPY leaves generated columns out, and with one it refuses them (COPY, column_name).
  const copied = relation.columns
    .filter((name) => name !== null)
    .filter((name) => !isGenerated(relation, name));
  const names = copy.columns ?? copied;
  return names.map((name, at) => {
    const known = relation.types?.[relation.columns.indexOf(name)] ?? 0;
    // A type of somebody's own may be a domain, whose values are those of any other type.
    const type = known > 0 && known < FIRST_USER_TYPE ? known : null;
    const output = made?.length === names.length ? made[at] : undefined;
    const hidden =
      ownClass(relation, name, mask, origins) ??
      (output === undefined
        ? generatedClass(relation, name, mask, origins)
        : lineageClass(output, mask, origins));
    return { hiding: hidingIn(copy, hidden, type, mask), scan: scanOf(copy, type) };
  });
}

function scanOf({ format }: CopyScope, type: number | null): ScanForm {
  const binary = format === 'binary';
  return type === null ? (binary ? 'opaque' : 'text') : scanForm(type, binary);
}

function hidingIn(
  copy: CopyScope,
  hidden: HiddenClass | null,
  type: number | null,
  mask: Mask,
): Hiding | null {
  if (hidden === null) return null;
  const { encoding } = copy.options;
  const readable = copy.format === 'binary' || encoding === null || /^utf-?8$/i.test(encoding);
  // What is not UTF-8 could show more characters than it seems to have.
  const derived = !readable || hidden.derived;
  return hidingOf({ ...hidden, derived }, type, copy.format === 'binary', mask);
}

function rowsOf(copy: CopyScope, columns: readonly CopyColumn[] | null, mask: Mask): CopyRows {
  return copy.format === 'binary' ? new BinaryRows(columns, mask) : new TextRows(copy, columns, mask);
}
