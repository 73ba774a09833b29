/** Named things with the SHA-256 of each, as entries list them; and what changed from one such list to the next. */
import type { EntryFields } from '@sallyport/audit-log';

/** Most names in one list of an entry, and most characters of them: an entry has a largest size. */
export const LISTED_NAMES = 512;
const LISTED_CHARACTERS = 65_536;

export interface Named {
  readonly name: string;
  /** Lower-case hex, or null for what could not be read. */
  readonly sha256: string | null;
}

/** As it stands in an entry: `<sha256> <name>` each, in the order of their names. */
export interface Listing {
  readonly lines: readonly string[];
  /** How many more there are: the last by name. */
  readonly leftOut: number;
}

/** What an entry says of the difference. */
export interface Changes {
  readonly added: readonly string[];
  /** `<sha256 before> <sha256 now> <name>` each. */
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** What stands in the place of a digest for what could not be read. */
const UNREAD = 'unread';

export function listingOf(things: readonly Named[]): Listing {
  const sorted = [...things].sort((a, b) => byCodeUnit(a.name, b.name));
  const lines: string[] = [];
  let characters = 0;
  for (const { name, sha256 } of sorted) {
    characters += name.length;
    if (lines.length === LISTED_NAMES || characters > LISTED_CHARACTERS) break;
    lines.push(`${sha256 ?? UNREAD} ${name}`);
  }
  return { lines, leftOut: sorted.length - lines.length };
}

/** The list under `name` in the facts of an entry, `<name>LeftOut` beside it; null where there is none. */
export function listingIn(entry: EntryFields | null, name: string): Listing | null {
  const facts = entry?.facts;
  if (typeof facts !== 'object' || facts === null || Array.isArray(facts)) return null;
  const { [name]: lines, [`${name}LeftOut`]: leftOut } = facts as EntryFields;
  // Entries from before digests were in them list bare names.
  if (!Array.isArray(lines) || !lines.every((line) => typeof line === 'string' && LINE.test(line)))
    return null;
  return { lines: lines as readonly string[], leftOut: typeof leftOut === 'number' ? leftOut : 0 };
}

const LINE = /^(?:[0-9a-f]{64}|unread) ./s;

/** The facts that list these under `name`. */
export function listedFacts(
  name: string,
  { lines, leftOut }: Listing,
): Record<string, readonly string[] | number> {
  return { [name]: lines, ...(leftOut === 0 ? {} : { [`${name}LeftOut`]: leftOut }) };
}

/** What changed, told from two lists alone, so that anyone who has the log comes to the same. */
export function changesOf(before: Listing, now: Listing): Changes {
  const end = [horizonOf(before), horizonOf(now)].reduce(earlier);
  const old = byName(before, end);
  const fresh = byName(now, end);
  const added: string[] = [];
  const changed: string[] = [];
  for (const [name, digest] of fresh) {
    const was = old.get(name);
    if (was === undefined) added.push(`${digest} ${name}`);
    else if (was !== digest) changed.push(`${was} ${digest} ${name}`);
  }
  const removed = [...old].flatMap(([name, digest]) => (fresh.has(name) ? [] : [`${digest} ${name}`]));
  return { added, changed, removed };
}

/** The name after which a list says nothing, or null where it says everything. */
function horizonOf({ lines, leftOut }: Listing): string | null {
  return leftOut === 0 ? null : nameOf(lines.at(-1) ?? ' ');
}

function earlier(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b;
  return a < b ? a : b;
}

function byName({ lines }: Listing, end: string | null): Map<string, string> {
  const known = new Map<string, string>();
  for (const line of lines) {
    const name = nameOf(line);
    if (end === null || name <= end) known.set(name, line.slice(0, line.indexOf(' ')));
  }
  return known;
}

function nameOf(line: string): string {
  return line.slice(line.indexOf(' ') + 1);
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
