import { BodyReader } from '@sallyport/postgres-wire';
import type { Mask } from '../../protocol.ts';
import { type HiddenForm, type ScanForm, scanForm } from './column-types.ts';
import { type Field, fieldClasses } from './field-class.ts';
import type { ColumnOrigins } from './hidden-columns.ts';
import { hidingOf, type Rewrite } from './hiding.ts';
import type { ReplyScope } from './reply-scope.ts';

/** What is done to each row of one result: the mask obligation, compiled for its columns. Immutable; shared. */
export interface RowPlan {
  readonly mask: Mask;
  readonly columns: number;
  /** For each column: the value's length and bytes that replace it, or null when it is shown. */
  readonly replacements: readonly (Uint8Array | null)[];
  /** For each column: what is shown instead of a value, where its class has more than a replacement; null when no column has. */
  readonly rewrites: readonly (Rewrite | null)[] | null;
  /** For each column that is shown: how detectors look through it. */
  readonly scans: readonly ScanForm[];
  /** The last column that is hidden, and the last that is scanned; −1 when there is none. */
  readonly lastHidden: number;
  readonly lastScanned: number;
  /** Whether any column may hold JSON with escapes, which hide what is looked for from a look at the bytes. */
  readonly scansJson: boolean;
  /** Most bytes a row can grow by, rewrites aside. */
  readonly growth: number;
  /** Nothing to hide and nothing to look through: rows pass untouched. */
  readonly idle: boolean;
  /** A column comes from a table the catalog does not know: reading it anew may tell. Hidden as long as it is unknown. */
  readonly unknownOid: boolean;
}

interface Known {
  readonly description: Buffer;
  readonly mask: Mask;
  readonly maskVersion: number;
  readonly origins: ColumnOrigins;
  readonly originsVersion: number;
  readonly plan: RowPlan;
}

/** Results of different shape one statement is known to have at a time (L10): text, binary, and mixes. */
const PLANS_PER_SCOPE = 4;
/** Plans by the operation they were compiled for; gone when it is. Compared by bytes, so that no two results share one wrongly. */
const known = new WeakMap<ReplyScope, Known[]>();

/**
 * Compiles what is done to the rows that follow a RowDescription, whose body is bytes [start, end).
 * Throws WireError when the message is malformed: what it describes is then withheld (L4).
 */
export function compileRowPlan(
  bytes: Buffer,
  start: number,
  end: number,
  scope: ReplyScope,
  mask: Mask,
  origins: ColumnOrigins,
): RowPlan {
  const plans = known.get(scope) ?? [];
  for (const entry of plans) {
    if (entry.mask !== mask || entry.maskVersion !== mask.version) continue;
    if (entry.origins !== origins || entry.originsVersion !== origins.version) continue;
    if (entry.description.compare(bytes, start, end) === 0) return entry.plan;
  }
  const plan = compile(readFields(bytes, start, end), scope, mask, origins);
  plans.unshift({
    description: Buffer.from(bytes.subarray(start, end)),
    mask,
    maskVersion: mask.version,
    origins,
    originsVersion: origins.version,
    plan,
  });
  plans.length = Math.min(plans.length, PLANS_PER_SCOPE);
  known.set(scope, plans);
  return plan;
}

function readFields(bytes: Buffer, start: number, end: number): readonly Field[] {
  const body = new BodyReader(bytes, start, end);
  const count = body.count();
  const fields: Field[] = [];
  for (let i = 0; i < count; i += 1) {
    body.string();
    const table = body.uint32();
    const attribute = body.int16();
    const type = body.uint32();
    body.int16();
    body.int32();
    fields.push({ table, attribute, type, binary: body.int16() !== 0 });
  }
  body.finish();
  return fields;
}

function compile(fields: readonly Field[], scope: ReplyScope, mask: Mask, origins: ColumnOrigins): RowPlan {
  const classes = fieldClasses(fields, scope, mask, origins);
  const hidings = fields.map(({ type, binary }, i) => {
    const hidden = classes[i] ?? null;
    return hidden === null ? null : hidingOf(hidden, type, binary, mask);
  });
  const replacements = hidings.map((hiding) =>
    hiding === null ? null : replacement(hiding.form, mask.placeholder),
  );
  const rewrites = hidings.map((hiding) => hiding?.rewrite ?? null);
  const scans = fields.map(
    ({ type, binary }, i): ScanForm => (replacements[i] ? 'none' : scanForm(type, binary)),
  );
  const lastHidden = replacements.findLastIndex((value) => value !== null);
  const lastScanned = scans.findLastIndex((form) => form !== 'none');
  return {
    mask,
    columns: fields.length,
    replacements,
    rewrites: rewrites.some((rewrite) => rewrite !== null) ? rewrites : null,
    scans,
    lastHidden,
    lastScanned,
    scansJson: scans.includes('json'),
    growth: replacements.reduce((sum, value) => sum + (value?.length ?? 0), 0),
    idle: lastHidden < 0 && lastScanned < 0,
    unknownOid: fields.some(({ table }) => table !== 0 && origins.relation(table) === undefined),
  };
}

/** A field of a DataRow that stands for a hidden value: its length, then its bytes; −1 and nothing for NULL. */
export function replacement(form: HiddenForm, placeholder: Uint8Array): Uint8Array {
  if (form === 'null') return Buffer.from([0xff, 0xff, 0xff, 0xff]);
  const quoted = Buffer.from(JSON.stringify(Buffer.from(placeholder).toString()));
  const value =
    form === 'text' ? placeholder : form === 'json' ? quoted : Buffer.concat([Buffer.from([1]), quoted]);
  const field = Buffer.alloc(4 + value.length);
  field.writeInt32BE(value.length);
  field.set(value, 4);
  return field;
}
