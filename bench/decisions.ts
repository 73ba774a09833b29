/**
 * What deciding costs, without a network: from a statement's text to its decision, by the binder over a real catalog and
 * the decision point, with the starter policies and with a hundred. The anchor is PostgreSQL's parser alone, on the same
 * texts, in the same run.
 */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadModule, parseSync } from 'libpg-query';
import { type Asking, createDecisionMemo, decide } from '../packages/gateway/src/data-path/decide.ts';
import { Uses } from '../packages/gateway/src/data-path/risk.ts';
import { createMasking, maskingSection } from '../packages/gateway/src/masking/index.ts';
import { createDecisionPoint, policySection } from '../packages/gateway/src/policy/index.ts';
import {
  createParser,
  createStatementBinder,
  initialSessionState,
  keepCatalog,
  type SessionState,
  type StatementBinder,
} from '../packages/gateway/src/protocols/postgres/statement/index.ts';
import { BENIGN_SCHEMA } from '../test/benign/schema.ts';
import { startPostgres } from '../test/fixtures/postgres-server.ts';
import { callerOf } from '../test/oracle/judged.ts';
import { median, printTable } from './table.ts';

const CACHED = 200_000;
const DISTINCT = 400;
const AT_ONCE = 16;

interface Stage {
  /** Text to decision, as the data path has it. */
  run(text: string): unknown;
  close(): Promise<void>;
}

export async function benchDecisions(rounds: number): Promise<void> {
  await loadModule();
  const server = await startPostgres({ auth: 'trust', initSql: BENIGN_SCHEMA });
  try {
    const rows: (readonly string[])[] = [];
    for (const policies of [null, 100]) {
      const measured: Measured[] = [];
      for (let round = 0; round < rounds; round += 1) {
        const stage = await startStage((sql) => server.query(sql), policies);
        try {
          measured.push(await measure(stage, round));
        } finally {
          await stage.close();
        }
      }
      const of = (pick: (one: Measured) => number): number => median(measured.map(pick));
      rows.push([
        policies === null ? 'starter' : `starter and ${policies}`,
        of(({ sameText }) => sameText).toFixed(2),
        of(({ otherLiterals }) => otherLiterals).toFixed(2),
        of(({ p50 }) => p50).toFixed(0),
        of(({ p99 }) => p99).toFixed(0),
        of(({ parse }) => parse).toFixed(0),
        of(({ p50, parse }) => p50 / parse).toFixed(1),
        of(({ perSecond }) => perSecond).toFixed(0),
      ]);
    }
    printTable(
      `a decision, from the text on (medians of ${rounds} rounds; 1 KB statements, ${AT_ONCE} at once for the last column)`,
      [
        'policies',
        'known text, CPU µs',
        'other literals, CPU µs',
        'new text p50 µs',
        'p99 µs',
        'parser alone µs',
        '× parser',
        'new texts/s',
      ],
      rows,
    );
  } finally {
    await server.stop();
  }
}

interface Measured {
  readonly sameText: number;
  readonly otherLiterals: number;
  readonly p50: number;
  readonly p99: number;
  readonly parse: number;
  readonly perSecond: number;
}

async function measure(stage: Stage, round: number): Promise<Measured> {
  const known =
    "SELECT id, total FROM public.orders WHERE customer_id = 7 AND status = 'paid' ORDER BY placed_at DESC";
  const literals = Array.from({ length: 64 }, (_, at) =>
    known.replace('7', String(at)).replace('paid', `p${at}`),
  );
  await stage.run(known);
  const sameText = await cpuMicros(() => stage.run(known));
  let at = 0;
  const otherLiterals = await cpuMicros(() => stage.run(literals[at++ & 63] as string));
  const texts = Array.from({ length: DISTINCT }, (_, index) => oneKilobyte(`r${round}_${index}`));
  const parse = median(texts.map((text) => micros(() => parseSync(text))));
  const took: number[] = [];
  for (const text of texts) {
    const started = performance.now();
    await stage.run(text);
    took.push((performance.now() - started) * 1000);
  }
  took.sort((a, b) => a - b);
  const more = Array.from({ length: DISTINCT * 2 }, (_, index) => oneKilobyte(`m${round}_${index}`));
  const started = performance.now();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async (_, lane) => {
      for (let index = lane; index < more.length; index += AT_ONCE) await stage.run(more[index] as string);
    }),
  );
  const perSecond = more.length / ((performance.now() - started) / 1000);
  const share = (part: number): number => took[Math.floor(took.length * part)] ?? Number.NaN;
  return { sameText, otherLiterals, p50: share(0.5), p99: share(0.99), parse, perSecond };
}

/** A statement of about 1 KB that differs from any other in more than literals. */
function oneKilobyte(name: string): string {
  const columns = Array.from({ length: 12 }, (_, at) => `coalesce(o.note, c.name, 'none') AS ${name}_${at}`);
  const head = `SELECT o.id, o.total, c.name, ${columns.join(', ')} FROM public.orders AS o`;
  const tail =
    ' JOIN public.customers AS c ON c.id = o.customer_id LEFT JOIN public.order_items AS i ON i.order_id = o.id' +
    " WHERE o.status = 'paid' AND c.active AND o.total BETWEEN 10 AND 1000 AND EXISTS (SELECT FROM public.products p" +
    ' WHERE p.id = i.product_id AND p.price > 5) ORDER BY o.placed_at DESC, c.name LIMIT 100';
  return head + tail;
}

function micros(work: () => unknown): number {
  const started = performance.now();
  work();
  return (performance.now() - started) * 1000;
}

/** CPU of one call in microseconds, of the whole process. */
async function cpuMicros(work: () => unknown): Promise<number> {
  for (let warm = 0; warm < CACHED / 10; warm += 1) await work();
  const before = process.cpuUsage();
  for (let turn = 0; turn < CACHED; turn += 1) {
    const answer = work();
    if (answer instanceof Promise) await answer;
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / CACHED;
}

async function startStage(
  query: (sql: string) => Promise<readonly Record<string, unknown>[]>,
  policies: number | null,
): Promise<Stage> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  cpSync('policies/starter', directory, { recursive: true });
  writeFileSync(join(directory, 'bench.cedar'), policiesFor(policies));
  const point = await createDecisionPoint(policySection.parse({ directory, watch: false }), {
    audit: { append: () => undefined },
    classes: [],
  });
  const clock = { now: () => Date.now(), elapsed: () => performance.now() };
  const catalog = keepCatalog(async (sql) => {
    const rows = await query(sql);
    return rows.map((row) => Object.values(row).map((value) => (typeof value === 'string' ? value : '')));
  }, clock);
  const parser = createParser();
  const binder = createStatementBinder({ database: 'postgres', parser, catalog });
  await catalog.refresh();
  const context = callerOf(['agents'], false);
  const masking = createMasking(maskingSection.parse({}));
  const session: Asking = {
    context,
    identity: context.identity,
    target: context.target,
    house: { decisionPoint: point, masking, workingHours: null, clock, uses: new Uses() },
    decisions: createDecisionMemo(point).of('agents'),
  };
  const state = initialSessionState({ session_authorization: 'postgres' });
  return {
    run: (text) => decided(binder, session, state, text),
    async close() {
      await parser.close();
      await point.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function decided(binder: StatementBinder, session: Asking, state: SessionState, text: string): unknown {
  const meaning = binder.bind(text, state);
  if (meaning instanceof Promise) return meaning.then((one) => decide(session, { meaning: one }));
  return decide(session, { meaning });
}

/** Reading the tables of the bench, and so many policies more that speak of other things. */
function policiesFor(count: number | null): string {
  const own =
    'permit (principal in Group::"agents", action == Action::"select", resource) when { resource.schema == "public" };';
  const others = Array.from(
    { length: count ?? 0 },
    (_, at) =>
      `@id("bench-${at}") permit (principal in Group::"team-${at}", action in Action::"read", resource) ` +
      `when { resource.target == "other-${at}" };`,
  );
  return [own, ...others].join('\n');
}
