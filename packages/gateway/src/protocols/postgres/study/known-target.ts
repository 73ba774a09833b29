/** What is in a database, from wherever a tool has it. */
import { createHash } from 'node:crypto';
import type { Clock } from '../../../lib/clock.ts';
import type { ListedTable, SampledTable, StudyLink, StudySource } from '../../protocol.ts';
import { askQuery } from '../catalog-query.ts';
import {
  type CatalogQuery,
  type CatalogSource,
  keepCatalog,
  loadCatalog,
  type SessionLimits,
} from '../statement/index.ts';
import { assumedSnapshot } from './assumed.ts';
import { builtInCatalog } from './built-in.ts';
import { withBuiltIn, withoutBuiltIn } from './delta.ts';
import { listedRows } from './listed.ts';
import { sampleTables } from './sample.ts';
import { answersOf, readSavedCatalog, SAVED_FORMAT, type SavedAnswer, type SavedCatalog } from './saved.ts';

/** One database as it is known: what names mean in it, and how a fresh session begins. */
export interface KnownTarget {
  readonly catalog: CatalogSource;
  /** As at login: session_authorization and search_path. */
  readonly facts: Readonly<Record<string, string>>;
  readonly sessionLimits: SessionLimits;
  save(): Promise<SavedCatalog>;
  /** Of a live target only. */
  sampleTables?(rows: number, schema?: string): AsyncIterable<SampledTable>;
}

const SESSION_LIMITS: SessionLimits = { namedStatements: 10_000 };
/** Facts of a login that decide what names mean. Nothing else of it is saved. */
const KEPT_FACTS = ['session_authorization', 'search_path'] as const;

/** Rejects, in words for people, when the source cannot be read. */
export async function knowTarget(source: StudySource, clock: Clock): Promise<KnownTarget> {
  switch (source.kind) {
    case 'live':
      return live(source, clock);
    case 'saved':
      return fixed(withBuiltIn(readSavedCatalog(source.catalog), builtInCatalog()));
    case 'listed':
      return listed(source.tables);
    case 'assumed':
      return fixed(builtInCatalog(), 'assume');
  }
}

async function live(source: Extract<StudySource, { kind: 'live' }>, clock: Clock): Promise<KnownTarget> {
  const first = await source.open();
  const facts = await factsOf(first).finally(() => first.close());
  const query: CatalogQuery = async (sql) => {
    const link = await source.open();
    return askQuery(link, sql).finally(() => link.close());
  };
  const catalog = keepCatalog(query, clock);
  await catalog.refresh();
  return {
    catalog,
    facts,
    sessionLimits: SESSION_LIMITS,
    save: () => saveSmall(query, facts),
    sampleTables: (rows, schema) => sampleTables(query, catalog, rows, schema),
  };
}

async function factsOf(link: StudyLink): Promise<Readonly<Record<string, string>>> {
  const { session_authorization = '', search_path: reported } = link.facts;
  // Servers before PostgreSQL 18 do not report it, so they are asked.
  const [[shown] = []] = reported === undefined ? await askQuery(link, 'SHOW search_path') : [[reported]];
  if (shown === undefined) throw new Error('the target does not say its search_path');
  return { session_authorization, search_path: shown };
}

async function saveSmall(
  query: CatalogQuery,
  facts: Readonly<Record<string, string>>,
): Promise<SavedCatalog> {
  return withoutBuiltIn(await saveCatalog(query, facts), builtInCatalog());
}

/** Every question the catalog is loaded with, and the answer. */
export async function saveCatalog(
  query: CatalogQuery,
  facts: Readonly<Record<string, string>>,
): Promise<SavedCatalog> {
  const answers: SavedAnswer[] = [];
  await loadCatalog(async (sql) => {
    const rows = await query(sql);
    answers.push({ question: questionDigest(sql), rows });
    return rows;
  });
  const kept = Object.fromEntries(KEPT_FACTS.map((name) => [name, facts[name] ?? '']));
  return { format: SAVED_FORMAT, facts: kept, answers };
}

/** Names the question an answer was to: another version of the gateway may ask another one. */
export function questionDigest(sql: string): string {
  return createHash('sha256').update(sql).digest('hex').slice(0, 16);
}

/** A catalog that does not change. */
async function fixed(
  saved: SavedCatalog,
  unknown: 'assume' | 'is missing' = 'is missing',
): Promise<KnownTarget> {
  const answers = answersOf(saved);
  const loaded = await loadCatalog(async (sql) => {
    const rows = answers.get(questionDigest(sql));
    if (rows !== undefined) return rows;
    throw new Error('the catalog was saved by another version, which asked something else: save it again');
  });
  const snapshot = unknown === 'assume' ? assumedSnapshot(loaded) : loaded;
  return {
    catalog: { snapshot, stale: false, mayRefresh: () => false, refresh: async () => undefined },
    facts: saved.facts,
    sessionLimits: SESSION_LIMITS,
    save: async () => withoutBuiltIn(saved, builtInCatalog()),
  };
}

function listed(tables: readonly ListedTable[]): Promise<KnownTarget> {
  const builtIn = builtInCatalog();
  const [first, ...others] = builtIn.answers;
  if (first === undefined) throw new Error('the built-in catalog is empty');
  const answers = [{ ...first, rows: [...first.rows, ...listedRows(tables)] }, ...others];
  return fixed({ ...builtIn, answers });
}
