/** Runs policy cases on a workbench, and says what no case looks at. */
import { readFile, stat } from 'node:fs/promises';
import { Fault } from '../../lib/fault.ts';
import { createMasking, type MaskingConfig } from '../../masking/index.ts';
import type { ApprovalRequirement } from '../../policy/index.ts';
import { loadPolicyDirectory } from '../../policy/index.ts';
import type { Evaluation, Meaning, Resource, ResourceType, StudySource } from '../../protocols/protocol.ts';
import { partsWithout } from '../parts.ts';
import { fullyApproved, personOf } from '../person.ts';
import { type Judgement, limitOf, openWorkbench, type Workbench, type WorkbenchParts } from '../workbench.ts';
import { type PolicyCase, readCases, tablesOf } from './case-file.ts';

export interface CaseResult {
  readonly file: string;
  readonly line: number;
  readonly name: string;
  /** What differs from what is expected; empty when it passed. */
  readonly differences: readonly string[];
  readonly effect: Judgement['effect'];
  readonly policies: readonly string[];
  readonly reason: string | null;
}

export interface CaseReport {
  readonly results: readonly CaseResult[];
  /** Policies that decided nothing in any case. */
  readonly unexercised: readonly { readonly id: string; readonly file: string; readonly line: number }[];
}

const DEFAULT_TARGET = 'target';

/** Most different `masking` keys in all cases: each is judged by a workbench of its own. */
const CLASSIFICATIONS = 16;

/**
 * Runs every case beside the policies of a directory. `told` hears of each result. Faults: `policy-invalid`, and
 * `config-invalid` for cases that cannot be read.
 */
export async function runCases(directory: string, told: (result: CaseResult) => void): Promise<CaseReport> {
  const cases = await readCases(directory);
  const { policies, errors } = await loadPolicyDirectory(directory);
  const targets = targetsOf(cases);
  // Opening it says what is wrong with the policies, so it comes first.
  const parts = partsWithout(directory, targets, { kind: 'assumed' });
  const benches = new Benches(parts, await openWorkbench(parts));
  try {
    const runner = new CaseRunner(benches);
    const results: CaseResult[] = [];
    for (const one of cases) {
      const result = await runner.run(one);
      results.push(result);
      told(result);
    }
    const unexercised = errors.length > 0 ? [] : policies.filter(({ id }) => !runner.exercised.has(id));
    return { results, unexercised: unexercised.map(({ id, file, line }) => ({ id, file, line })) };
  } finally {
    await benches.close();
  }
}

/** One workbench for each way to classify things that the cases have. */
class Benches {
  readonly #parts: WorkbenchParts;
  readonly #open: Map<string, Workbench>;

  constructor(parts: WorkbenchParts, plain: Workbench) {
    this.#parts = parts;
    this.#open = new Map([['', plain]]);
  }

  async with(masking: MaskingConfig | undefined): Promise<Workbench> {
    const key = masking === undefined ? '' : JSON.stringify(masking);
    const known = this.#open.get(key);
    if (known !== undefined) return known;
    if (this.#open.size > CLASSIFICATIONS)
      throw new Fault('limit-exceeded', `more than ${CLASSIFICATIONS} cases differ in what is classified`);
    const parts = masking === undefined ? this.#parts : { ...this.#parts, masking: createMasking(masking) };
    const opened = await openWorkbench(parts);
    this.#open.set(key, opened);
    return opened;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((one) => one.close()));
  }
}

function targetsOf(cases: readonly PolicyCase[]): readonly { name: string; protocol: string }[] {
  const targets = new Map<string, string>();
  for (const { target = DEFAULT_TARGET, protocol = 'postgres', file, line } of cases) {
    const known = targets.get(target);
    if (known !== undefined && known !== protocol)
      throw new Fault('config-invalid', `${file}:${line}: target ${target} is ${known} in another case`);
    targets.set(target, protocol);
  }
  return [...targets].map(([name, protocol]) => ({ name, protocol }));
}

class CaseRunner {
  readonly exercised = new Set<string>();
  readonly #benches: Benches;
  readonly #sources = new Map<string, StudySource>();

  constructor(benches: Benches) {
    this.#benches = benches;
  }

  async run(one: PolicyCase): Promise<CaseResult> {
    const { target = DEFAULT_TARGET, database = '', file, line, name } = one;
    const workbench = await this.#benches.with(one.masking);
    const desk = await workbench.desk(target, database, await this.#sourceOf(one));
    const { subject = 'somebody', groups, actor, task, person, secure } = one;
    const given = Object.entries({ groups, actor, task, person, secure }).filter(
      ([, value]) => value !== undefined,
    );
    const asking = await workbench.asking(personOf({ subject, ...Object.fromEntries(given) }), desk);
    const session = desk.begin();
    const differences: string[] = [];
    for (const earlier of one.before ?? []) {
      const meaning = await session.understand(earlier);
      const { effect, reason } = await workbench.judge(asking, meaning);
      if (effect !== 'permit')
        differences.push(`what comes before it is not permitted: ${effect}, ${reason}`);
      session.forwarded(meaning);
      session.succeeded(meaning);
    }
    const meaning =
      one.evaluations === undefined ? await session.understand(one.statement ?? '') : rawMeaning(target, one);
    const approved = (one.approved ?? []).map((group) =>
      typeof group === 'string' ? fullyApproved(group) : group,
    );
    const judgement = await workbench.judge(asking, meaning, approved);
    for (const { policies } of await workbench.explain(asking, meaning))
      for (const id of policies) this.exercised.add(id);
    differences.push(...differencesOf(one, meaning, judgement));
    const { effect, policies, reason } = judgement;
    return { file, line, name, differences, effect, policies, reason };
  }

  async #sourceOf({ catalog, tables }: PolicyCase): Promise<StudySource> {
    const key = catalog ?? JSON.stringify(tables ?? null);
    const known = this.#sources.get(key);
    if (known !== undefined) return known;
    const source = catalog !== undefined ? await savedSource(catalog) : listedSource(tables);
    this.#sources.set(key, source);
    return source;
  }
}

function listedSource(tables: PolicyCase['tables']): StudySource {
  return tables === undefined ? { kind: 'assumed' } : { kind: 'listed', tables: tablesOf(tables) };
}

/** Largest saved catalog, in bytes. */
const CATALOG_BYTES = 256 * 1024 * 1024;

async function savedSource(file: string): Promise<StudySource> {
  try {
    if ((await stat(file)).size > CATALOG_BYTES) throw new RangeError(`it is over ${CATALOG_BYTES} bytes`);
    const saved: unknown = JSON.parse(await readFile(file, 'utf8'));
    return { kind: 'saved', catalog: (saved as { catalog?: unknown } | null)?.catalog };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Fault('config-invalid', `the catalog ${file} cannot be read: ${why}`, { cause });
  }
}

/** A case that says what is touched instead of a statement that touches it. */
function rawMeaning(target: string, { evaluations = [], file, line }: PolicyCase): Meaning {
  const asked = evaluations.map((given): Evaluation => {
    const one: Extract<typeof given, object> = typeof given === 'string' ? splitEvaluation(given) : given;
    const resource = resourceOf(target, one.resource);
    if (resource === null)
      throw new Fault(
        'config-invalid',
        `${file}:${line}: ${one.resource} is not of target ${target}: its id begins with the target`,
      );
    const { columns, via, roles } = one;
    const facts = { ...(columns && { columns }), ...(via && { via }), ...(roles && { roles }) };
    return { action: one.action, resource, ...(columns || via || roles ? { facts } : {}) };
  });
  return { form: '', evaluations: asked, undetermined: null, changesState: false };
}

function splitEvaluation(text: string): { readonly action: string; readonly resource: string } {
  const space = text.indexOf(' ');
  return { action: text.slice(0, space), resource: text.slice(space + 1) };
}

/** `Table::"prod/shop/public/orders"`, as policies write it. The decision point refuses a type it does not know. */
function resourceOf(target: string, text: string): Resource | null {
  const [, type = '', id = ''] = /^([A-Za-z]+)::"(.*)"$/.exec(text) ?? [];
  const [first, ...path] = id.split('/').map(decoded);
  return first === target ? { type: type as ResourceType, path } : null;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function differencesOf(one: PolicyCase, meaning: Meaning, judgement: Judgement): readonly string[] {
  const { effect, policies, reason, approvals } = judgement;
  const found: string[] = [];
  if (effect !== one.expect)
    found.push(`expected ${one.expect}, got ${effect}${reason === null ? '' : `: ${reason}`}`);
  if (one.policies !== undefined && !sameNames(one.policies, policies))
    found.push(`expected policies ${namesOf(one.policies)}, got ${namesOf(policies)}`);
  if (one.reason !== undefined && !(reason ?? '').includes(one.reason))
    found.push(`expected a reason with "${one.reason}", got ${reason === null ? 'none' : `"${reason}"`}`);
  if (one.undetermined !== undefined && one.undetermined !== (meaning.undetermined !== null))
    found.push(
      one.undetermined ? 'expected it to be undetermined' : `it is undetermined: ${meaning.undetermined}`,
    );
  if (one.approvals !== undefined) {
    const [wanted, got] = [requirementsOf(one.approvals), approvals.map(seatsOf).sort()];
    if (JSON.stringify(wanted) !== JSON.stringify(got))
      found.push(
        `expected it to wait for ${wanted.join(' and ') || 'nobody'}, got ${got.join(' and ') || 'nobody'}`,
      );
  }
  found.push(...limitDifferences(one.limits, judgement));
  return found;
}

/** Null expects no limit at all; a limit that is not named may be any. */
function limitDifferences(expected: PolicyCase['limits'], judgement: Judgement): readonly string[] {
  if (expected === undefined) return [];
  const limit = limitOf(judgement);
  if (expected === null) return limit === null ? [] : ['expected no limit'];
  const perMinute = limit === null ? [] : limit.perMinute.map(({ most }) => most);
  const got = { ...limit, perMinute: perMinute.length === 0 ? null : Math.min(...perMinute) };
  return (Object.keys(expected) as (keyof typeof expected)[]).flatMap((name) => {
    const value = got[name] ?? null;
    return value === expected[name]
      ? []
      : [`expected ${name} to be limited to ${expected[name]}, got ${value ?? 'no limit'}`];
  });
}

function requirementsOf(given: NonNullable<PolicyCase['approvals']>): readonly string[] {
  return given.map((one) => seatsOf(typeof one === 'string' ? { group: one, seats: 1 } : one)).sort();
}

function seatsOf({ group, seats }: ApprovalRequirement): string {
  return `${seats} of ${group}`;
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return JSON.stringify([...a].sort()) === JSON.stringify([...b].sort());
}

function namesOf(names: readonly string[]): string {
  return names.length === 0 ? 'none' : [...names].sort().join(', ');
}
