/** What becomes of the session's tracked state once a statement has run, the bodies it sets off included. */
import type { Evaluation } from '../../protocol.ts';
import type { Findings } from './findings.ts';
import type { Draft, DraftEffect, SessionEffect } from './meaning.ts';
import type { Names } from './names.ts';

export function notedEffects(drafts: readonly Draft[], names: Names, findings: Findings): SessionEffect[] {
  const effects: SessionEffect[] = [];
  const sources = findings.relations.filter((one) => one.schema !== 'pg_temp');
  for (const draft of drafts) {
    for (const effect of draft.effects) {
      if (effect.kind === 'view') effects.push(...viewEffects(effect, names, findings));
      else if (effect.kind === 'child') effects.push(...childEffects(effect, names));
      else if (effect.kind !== 'created') effects.push(effect);
      else {
        effects.push(...created(effect, names, sources));
        effects.push(...renamed(effect, findings, sources));
      }
    }
  }
  const views = drafts.flatMap(({ effects: all }) => all.filter(({ kind }) => kind === 'view'));
  const isView = (name: string) => views.some((view) => 'name' in view && view.name === name);
  // A foreign key does things to the other table, and that may have triggers.
  const hasKey = drafts.some(({ relations }) => relations.some(({ action }) => action === 'refer'));
  const runsCode = hasKey || findings.evaluations.some(setsOff);
  // Rows written to a temporary relation come from whatever else the statement reads.
  for (const { action, resource } of findings.evaluations) {
    const [, schema, name = ''] = resource.path;
    if (resource.type !== 'Table' || schema === undefined) continue;
    const writes = action === 'insert' || action === 'update';
    if (writes && schema === 'pg_temp' && sources.length > 0)
      effects.push({ kind: 'temporary', name, sources });
    const changes = action === 'create' || action === 'alter';
    if (changes && (isView(name) || runsCode)) effects.push({ kind: 'active', schema, name });
  }
  return effects;
}

/** Whether making something of a relation put more on it than columns and rows: a trigger, a rule, a default. */
function setsOff({ action, resource }: Evaluation): boolean {
  if (['select', 'transact', 'create', 'alter'].includes(action)) return false;
  return !(action === 'call' && resource.path[1] === 'pg_catalog');
}

/** What reading a view does is what making it did, but for the making. */
function viewEffects(
  { schema, name }: Extract<DraftEffect, { kind: 'view' }>,
  names: Names,
  findings: Findings,
): SessionEffect[] {
  const evaluations = findings.evaluations.filter(({ action }) => action !== 'create');
  const places = schema === null ? names.creatable() : [schema];
  return places.map((place) => ({ kind: 'view', schema: place, name, evaluations }));
}

/** A temporary relation is one under its new name, too; what hangs on it stays. */
function renamed(
  { name, renames }: Extract<DraftEffect, { kind: 'created' }>,
  findings: Findings,
  sources: Findings['relations'],
): SessionEffect[] {
  const temporary = findings.evaluations.some(
    ({ action, resource: { path } }) => action === 'alter' && path[1] === 'pg_temp' && path[2] === renames,
  );
  if (renames === undefined || !temporary) return [];
  return [
    { kind: 'temporary', name, sources },
    { kind: 'active', schema: 'pg_temp', name },
  ];
}

/** Whatever either name may stand for. */
export function childEffects(
  { parent, child, partition }: Extract<DraftEffect, { kind: 'child' }>,
  names: Names,
): Extract<SessionEffect, { kind: 'child' }>[] {
  return names
    .relations(parent)
    .flatMap((above) =>
      names
        .relations(child)
        .map((below) => ({ kind: 'child', parent: above, child: below, partition }) as const),
    );
}

function created(
  effect: Extract<DraftEffect, { kind: 'created' }>,
  names: Names,
  sources: Findings['relations'],
): SessionEffect[] {
  const { renames: _, ...plain } = effect;
  const { what, name } = plain;
  if (what === 'relation' && effect.schema !== null && /^pg_temp/.test(effect.schema))
    return [{ kind: 'temporary', name, sources }];
  return (effect.schema === null ? names.creatable() : [effect.schema]).map((schema) =>
    schema === 'pg_temp' && what === 'relation' ? { kind: 'temporary', name, sources } : { ...plain, schema },
  );
}
