import type { CatalogRelation, CatalogSnapshot } from '../statement/index.ts';

/** Schemas whose content is known: nothing is taken to be in them. */
const OF_THE_SERVER = /^(?:pg_catalog|information_schema|pg_toast.*|pg_temp.*)$/;
/** OIDs that no server gives out: the last ones there are, counted down. */
const LAST_OID = 0xffffffff;
/** Tables made up before the first are forgotten: a statement may name any number. */
const KEPT = 100_000;

/**
 * What every database has, and any table a statement names: in the schema it writes, or in `public` when it writes none.
 * For looking at policies where the target cannot be reached; a guess, and said to be one by whoever uses it.
 */
export function assumedSnapshot(builtIn: CatalogSnapshot): CatalogSnapshot {
  const madeUp = new Map<string, CatalogRelation>();
  const relation = (schema: string, name: string): CatalogRelation | undefined => {
    const known = builtIn.relation(schema, name);
    if (known !== undefined || schema === '' || OF_THE_SERVER.test(schema)) return known;
    // Without this `SELECT … FROM pg_class` would touch public.pg_class as well.
    if (schema === 'public' && builtIn.relation('pg_catalog', name) !== undefined) return undefined;
    const key = JSON.stringify([schema, name]);
    const made = madeUp.get(key) ?? tableOf(schema, name, LAST_OID - madeUp.size);
    if (madeUp.size >= KEPT) madeUp.clear();
    madeUp.set(key, made);
    return made;
  };
  return { ...builtIn, relation };
}

function tableOf(schema: string, name: string, oid: number): CatalogRelation {
  const none = { columns: [], parents: [], children: [], origins: [], rows: null };
  return { oid, schema, name, kind: 'r', assumed: true, ...none };
}
