import type { Position, StoredAccessRequest } from '../storage/index.ts';
import type { AccessRequestFilter, AccessRequestPage, AccessRequestView } from './approval.ts';
import { viewOfStored } from './stored-view.ts';

/** Rows read from the store at a time: which of them the viewer may see is known only after. */
const WINDOW = 500;
/** Most windows read for one page; a page may then be short, and still have a next. */
const WINDOWS = 8;
const DEFAULT_LIMIT = 100;

interface Sources {
  /** What is held, as the viewer sees it. */
  readonly pending: readonly AccessRequestView[];
  sees(view: AccessRequestView): boolean;
  past(window: {
    readonly limit: number;
    readonly state: string | undefined;
    readonly before: Position | undefined;
  }): Promise<readonly StoredAccessRequest[]>;
}

/** One page of access requests, newest first: those held in memory and those in the store as one list. */
export async function readPage(
  { state, limit = DEFAULT_LIMIT, before }: AccessRequestFilter,
  { pending, sees, past }: Sources,
): Promise<AccessRequestPage> {
  const held = (state ?? 'pending') === 'pending' ? pending : [];
  const found = held.filter((one) => before === undefined || isAfter(one, before));
  let reached: Position | undefined = before;
  let isEnd = state === 'pending';
  const seen = () => found.filter(sees).sort(newestFirst);
  for (let windows = 0; !isEnd && windows < WINDOWS; windows += 1) {
    const rows = await past({ limit: WINDOW, state, before: reached });
    // What is pending in the store is held, or was lost with the gateway that held it.
    found.push(...rows.filter((one) => one.request.state !== 'pending').map(viewOfStored));
    const last = rows.at(-1)?.request;
    if (last !== undefined) reached = { at: last.created_at, id: last.id };
    isEnd = rows.length < WINDOW;
    // Only what is newer than where the store was read to is known to be complete.
    if (seen().filter((one) => isEnd || !isAfter(one, reached)).length > limit) break;
  }
  const complete = seen().filter((one) => isEnd || reached === undefined || !isAfter(one, reached));
  const page = complete.slice(0, limit);
  const last = page.at(-1);
  if (complete.length > limit && last !== undefined) return { found: page, next: positionOf(last) };
  return { found: page, next: isEnd ? null : (reached ?? null) };
}

function positionOf({ createdAt, id }: AccessRequestView): Position {
  return { at: createdAt, id };
}

/** Whether a view comes after this position in the listing. */
function isAfter(view: AccessRequestView, position: Position | undefined): boolean {
  if (position === undefined) return true;
  return view.createdAt < position.at || (view.createdAt === position.at && view.id < position.id);
}

function newestFirst(a: AccessRequestView, b: AccessRequestView): number {
  return b.createdAt - a.createdAt || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
}
