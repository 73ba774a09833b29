import { hash } from 'node:crypto';
import { BoundedMap } from '../lib/bounded-map.ts';
import {
  type DecisionPoint,
  outsideHours,
  type Risk,
  type RiskMaterial,
  scoreRisk,
} from '../policy/index.ts';
import type { Evaluation, Mask, Meaning } from '../protocols/protocol.ts';
import type { Asking } from './decide.ts';
import { hiddenUses } from './probes.ts';

/** Most things remembered that actors have touched (L10); what is forgotten is new to its actor again. */
const REMEMBERED_USES = 100_000;

/** What is put in the place of a column that could not be told. */
const ANY_COLUMN = '*';

/** How dangerous this operation is now, of this session. Worked out only while a policy asks for it. */
export function riskOf(session: Asking, meaning: Meaning): Risk {
  const { house } = session;
  const { evaluations, undetermined, traits } = meaning;
  const material: RiskMaterial = {
    groups: new Set(evaluations.flatMap(({ action }) => classOf(house.decisionPoint, action) ?? [])),
    rows: traits?.rows ?? (evaluations.some(isAboutRows) ? null : undefined),
    unfiltered: traits?.unfiltered ?? false,
    classified:
      touchesClassified(house.masking.compile(session.target, []), evaluations) ||
      hiddenUses(session, meaning).length > 0,
    undetermined: undetermined !== null,
    outsideHours: house.workingHours !== null && outsideHours(house.workingHours, house.clock.now()),
    firstUse: usesOf(session, meaning).some((use) => !house.uses.has(use)),
  };
  return scoreRisk(material);
}

/** Remembers what an operation touches, once it is permitted: a denied attempt makes nothing familiar. */
export function rememberUses(session: Asking, meaning: Meaning): void {
  for (const use of usesOf(session, meaning)) session.house.uses.add(use);
}

/**
 * What an action counts as. A database calls functions in nearly every statement, and what a function does is evaluated
 * beside the call, or cannot be told: the call by itself is no program that somebody runs.
 */
function classOf(decisionPoint: Pick<DecisionPoint, 'groupOf'>, action: string): string | null {
  return action === 'call' ? action : decisionPoint.groupOf(action);
}

function isAboutRows({ resource }: Evaluation): boolean {
  return resource.type === 'Table';
}

/** Whether a column that is used is classified, or could be. */
function touchesClassified(mask: Mask, evaluations: readonly Evaluation[]): boolean {
  if (!mask.hidesColumns) return false;
  return evaluations.some(({ resource, facts }) => {
    if (resource.type !== 'Table') return false;
    const [, schema = '', table = ''] = resource.path;
    return (facts?.columns ?? [ANY_COLUMN]).some(
      (column) => column === ANY_COLUMN || mask.columnClass(schema, table, column) !== null,
    );
  });
}

/** What this operation makes of an actor's experience. What only concerns the session itself is none. */
function usesOf({ identity, target, house }: Asking, { evaluations }: Meaning): readonly string[] {
  const { subject, actor } = identity;
  return evaluations.flatMap(({ action, resource: { type, path } }) =>
    house.decisionPoint.groupOf(action) === 'session'
      ? []
      : [hash('sha256', JSON.stringify([subject, actor, target, type, path]), 'base64url')],
  );
}

/** Bounded: what was longest not used is forgotten. In this process alone: at its start everything is new. */
export class Uses {
  readonly #known: BoundedMap<string, true>;

  constructor(limit: number = REMEMBERED_USES) {
    this.#known = new BoundedMap(limit);
  }

  has(use: string): boolean {
    return this.#known.has(use);
  }

  add(use: string): void {
    this.#known.set(use, true);
  }
}
