/** Policy cases as they are written: YAML or lines of JSON beside the policies. See docs/policy-tools.md. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { Fault } from '../../lib/fault.ts';
import { maskingSection } from '../../masking/index.ts';
import type { ListedTable } from '../../protocols/protocol.ts';

/** Largest file of cases, and most cases in it. */
const FILE_BYTES = 4 * 1024 * 1024;
const CASES = 20_000;

const approval = z.union([
  z.string().min(1),
  z.strictObject({ group: z.string().min(1), seats: z.int().min(1).default(1) }),
]);

const evaluation = z.union([
  z
    .string()
    .regex(
      /^[a-z0-9_]+ [A-Za-z]+::".*"$/,
      'must be an action and a resource: select Table::"prod/shop/public/orders"',
    ),
  z.strictObject({
    action: z.string().min(1),
    resource: z.string().regex(/^[A-Za-z]+::".*"$/, 'must be a resource: Table::"prod/shop/public/orders"'),
    columns: z.array(z.string()).optional(),
    via: z.array(z.string()).optional(),
    roles: z.array(z.string()).optional(),
  }),
]);

/** What every case of a file may share, and each may have for itself. */
const setting = {
  subject: z.string().min(1).optional(),
  groups: z.array(z.string()).optional(),
  actor: z.string().optional(),
  task: z.string().optional(),
  person: z.boolean().optional(),
  secure: z.boolean().optional(),
  target: z.string().min(1).optional(),
  protocol: z.string().min(1).optional(),
  database: z.string().optional(),
  catalog: z.string().min(1).optional(),
  tables: z.record(z.string(), z.array(z.string()).nullable()).optional(),
  /** What is classified, as in the configuration. */
  masking: maskingSection.optional(),
  /** Groups taken to have approved. */
  approved: z.array(approval).optional(),
};

const oneCase = z.strictObject({
  ...setting,
  name: z.string().min(1).optional(),
  /** Statements of the same session before it; each must be permitted. */
  before: z.array(z.string()).optional(),
  statement: z.string().optional(),
  evaluations: z.array(evaluation).min(1).optional(),
  expect: z.enum(['permit', 'deny', 'hold']),
  policies: z.array(z.string()).optional(),
  reason: z.string().optional(),
  approvals: z.array(approval).optional(),
  undetermined: z.boolean().optional(),
  limits: z
    .strictObject({
      rows: z.number().optional(),
      bytes: z.number().optional(),
      timeoutMs: z.number().optional(),
      perMinute: z.number().optional(),
    })
    .nullable()
    .optional(),
});

const caseFile = z.strictObject({ ...setting, cases: z.array(oneCase).min(1).max(CASES) });

/** One case with what its file says filled in. */
export interface PolicyCase extends z.infer<typeof oneCase> {
  readonly file: string;
  readonly line: number;
  readonly name: string;
  /** Absolute. */
  readonly catalog: string | undefined;
}

/** Every case of a directory, by file. Throws Fault `config-invalid` that lists what is wrong: file, line, words. */
export async function readCases(directory: string): Promise<readonly PolicyCase[]> {
  const names = (await readdir(directory))
    .filter((name) => /(?:^|\.)cases\.(?:ya?ml|ndjson)$/.test(name))
    .sort();
  const problems: string[] = [];
  const cases: PolicyCase[] = [];
  for (const name of names) {
    const path = join(directory, name);
    const { size } = await stat(path);
    if (size > FILE_BYTES) problems.push(`${path}: is over ${FILE_BYTES} bytes`);
    else {
      const text = await readFile(path, 'utf8');
      cases.push(...(name.endsWith('.ndjson') ? fromLines : fromYaml)(path, text, problems));
    }
  }
  if (problems.length > 0) throw new Fault('config-invalid', problems.slice(0, 50).join('\n'));
  return cases;
}

function fromYaml(path: string, text: string, problems: string[]): readonly PolicyCase[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  for (const { message } of document.errors) problems.push(`${path}: ${message.split('\n')[0]}`);
  if (document.errors.length > 0) return [];
  const lineOf = (at: readonly PropertyKey[]): number => {
    for (let length = at.length; length > 0; length--) {
      const node = document.getIn(at.slice(0, length).map(String), true);
      const range = (node as { range?: readonly number[] } | undefined)?.range;
      if (range !== undefined) return lines.linePos(range[0] ?? 0).line;
    }
    return 1;
  };
  const parsed = caseFile.safeParse(document.toJS());
  if (!parsed.success) {
    for (const { path: at, message } of parsed.error.issues)
      problems.push(`${path}:${lineOf(at)}: ${at.join('.')}: ${message}`);
    return [];
  }
  const { cases, ...shared } = parsed.data;
  return cases.map((one, at) => filled(path, lineOf(['cases', at]), { ...shared, ...one }));
}

function fromLines(path: string, text: string, problems: string[]): readonly PolicyCase[] {
  return text.split('\n').flatMap((line, at) => {
    if (line.trim() === '') return [];
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      problems.push(`${path}:${at + 1}: is not JSON`);
      return [];
    }
    const parsed = oneCase.safeParse(value);
    if (parsed.success) return [filled(path, at + 1, parsed.data)];
    for (const issue of parsed.error.issues)
      problems.push(`${path}:${at + 1}: ${issue.path.join('.')}: ${issue.message}`);
    return [];
  });
}

function filled(file: string, line: number, given: z.infer<typeof oneCase>): PolicyCase {
  const name = given.name ?? given.statement?.replace(/\s+/g, ' ').trim() ?? `case at line ${line}`;
  const catalog = given.catalog === undefined ? undefined : resolve(dirname(file), given.catalog);
  return { ...given, file, line, name, catalog };
}

/** `shop.orders: [id, total]`; a name without a schema is in public. */
export function tablesOf(tables: Readonly<Record<string, readonly string[] | null>>): readonly ListedTable[] {
  return Object.entries(tables).map(([path, columns]) => {
    const dot = path.indexOf('.');
    const [schema, name] = dot < 0 ? ['public', path] : [path.slice(0, dot), path.slice(dot + 1)];
    return { schema, name, columns: columns ?? [] };
  });
}
