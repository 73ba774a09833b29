/**
 * How dangerous one operation is, as a number from 0 to 100 and in words. Pure: the same material gives the same risk.
 *
 * Points are added up and capped. What could not be told counts as the worse of what it could be, so that knowing less
 * never makes an operation look harmless. docs/policies.md has the table.
 */
export interface Risk {
  readonly score: number;
  /** What it is made of, most points first: `changes data (25)`. Names nothing of the operation's own. */
  readonly reasons: readonly string[];
}

/** What is known of an operation. */
export interface RiskMaterial {
  /** The groups of its actions; one that stands alone is not there, and `call` is a group of its own. */
  readonly groups: ReadonlySet<string>;
  /** Most rows it reads or changes; null when nobody knows, undefined when it is about no rows. */
  readonly rows: number | null | undefined;
  /** Changes everything in what it changes. */
  readonly unfiltered: boolean;
  /** Touches columns that are classified, or that could be. */
  readonly classified: boolean;
  readonly undetermined: boolean;
  readonly outsideHours: boolean;
  /** Touches something this actor never touched before. */
  readonly firstUse: boolean;
}

/** By what it does; the strongest counts. */
const CLASSES: readonly (readonly [group: string, points: number, words: string])[] = [
  ['pivot', 60, 'reaches another system or the host'],
  ['administer', 50, 'administers'],
  ['destroy', 40, 'destroys'],
  ['define', 30, 'changes the shape of data'],
  ['execute', 30, 'runs a program of somebody’s'],
  ['write', 25, 'changes data'],
  ['call', 10, 'calls functions'],
  ['read', 5, 'reads'],
];

/** By how many rows; the first that is reached counts. */
const SIZES: readonly (readonly [rows: number, points: number, words: string])[] = [
  [10_000_000, 20, 'ten million rows or more'],
  [100_000, 15, 'a hundred thousand rows or more'],
  [1_000, 5, 'a thousand rows or more'],
];

const MOST = 100;

export function scoreRisk(material: RiskMaterial): Risk {
  const parts: (readonly [points: number, words: string])[] = [];
  const add = (applies: boolean, points: number, words: string): void => {
    if (applies) parts.push([points, words]);
  };
  const strongest = CLASSES.find(([group]) => material.groups.has(group));
  if (strongest !== undefined) parts.push([strongest[1], strongest[2]]);
  const { rows } = material;
  if (rows === null) parts.push([10, 'nobody knows how many rows']);
  else if (rows !== undefined) {
    // A count that is no number is one nobody knows.
    const size = Number.isNaN(rows) ? SIZES[0] : SIZES.find(([least]) => rows >= least);
    if (size !== undefined) parts.push([size[1], size[2]]);
  }
  add(material.unfiltered, 25, 'every row, without a condition');
  add(material.classified, 20, 'classified columns');
  add(material.undetermined, 40, 'its effect cannot be told');
  add(material.outsideHours, 15, 'outside working hours');
  add(material.firstUse, 10, 'new to this actor');
  parts.sort(([a], [b]) => b - a);
  const score = Math.min(
    MOST,
    parts.reduce((sum, [points]) => sum + points, 0),
  );
  return { score, reasons: parts.map(([points, words]) => `${words} (${points})`) };
}

/** When people are at work, where the policies mean them. */
export interface WorkingHours {
  /** Minutes since midnight; `to` may be before `from`, over midnight. */
  readonly from: number;
  readonly to: number;
  /** 0 is Sunday. Over midnight, the day on which they begin. */
  readonly days: readonly number[];
  readonly timeZone: string;
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** Whether a time, in milliseconds since the epoch, is outside the hours. */
export function outsideHours(hours: WorkingHours, now: number): boolean {
  const parts = new Map(
    formatOf(hours.timeZone)
      .formatToParts(now)
      .map(({ type, value }) => [type, value]),
  );
  const minute = Number(parts.get('hour')) * 60 + Number(parts.get('minute'));
  const day = DAYS.indexOf(parts.get('weekday') ?? '');
  const { from, to, days } = hours;
  if (from < to) return !(days.includes(day) && minute >= from && minute < to);
  const begunToday = days.includes(day) && minute >= from;
  const begunYesterday = days.includes((day + 6) % 7) && minute < to;
  return !(begunToday || begunYesterday);
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making one costs more than all else here. As many as configurations name. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (format === undefined) {
    const shown = { weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
    format = new Intl.DateTimeFormat('en-US', { ...shown, timeZone });
    formats.set(timeZone, format);
  }
  return format;
}
