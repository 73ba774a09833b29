/** What views read, followed down to what is no view. */
import type { CatalogOrigin } from './catalog.ts';
import type { RelationDraft } from './catalog-behaviour.ts';

/** Views over views, followed to the end. The server allows no cycle; a torn catalog is cut. */
export function originsOf(
  draft: RelationDraft,
  relations: ReadonlyMap<number, RelationDraft>,
  path: Set<number>,
): readonly CatalogOrigin[] {
  if (draft.origins !== null) return draft.origins;
  if (path.has(draft.oid)) return [];
  path.add(draft.oid);
  const found = new Map<string, CatalogOrigin>();
  for (const { oid, attribute } of draft.reads) {
    const read = relations.get(oid);
    if (read === undefined) continue;
    const own = { oid, column: attribute === 0 ? null : (read.columns[attribute - 1] ?? null) };
    const further = read.kind === 'v' || read.kind === 'm' ? originsOf(read, relations, path) : [];
    for (const origin of [own, ...further]) found.set(`${origin.oid}.${origin.column}`, origin);
  }
  path.delete(draft.oid);
  draft.origins = [...found.values()];
  return draft.origins;
}
