import { BackendType, WireError } from '@sallyport/postgres-wire';
import type { RowPlan } from './row-plan.ts';

/** Type, length and field count of a DataRow. */
export const ROW_HEADER = 7;

/** Checks a row's header; returns where the row ends. */
export function rowEnd(bytes: Buffer, view: DataView, at: number, end: number, plan: RowPlan): number {
  if (end - at < ROW_HEADER || bytes[at] !== BackendType.DataRow)
    throw malformed('no row where one must begin');
  const length = view.getInt32(at + 1);
  if (length < ROW_HEADER - 1 || length > end - at - 1) throw malformed('a row has an impossible length');
  if (view.getInt16(at + 5) !== plan.columns)
    throw malformed('a row has another number of columns than described');
  return at + 1 + length;
}

export function malformed(what: string): WireError {
  return new WireError('read-past-end', `${what}: the rows are withheld`);
}
