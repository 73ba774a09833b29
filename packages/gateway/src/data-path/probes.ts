import { fieldText, type Masking } from '../masking/index.ts';
import type { Question } from '../policy/index.ts';
import type { FieldUse, Mask, Meaning } from '../protocols/protocol.ts';

/** What policy is asked about a field, by what is done with it; a field that is given a value tells nothing. */
const ACTIONS: Readonly<Record<FieldUse['kind'], string | null>> = {
  probe: 'probe',
  declassify: 'declassify',
  write: null,
};

const NOTHING: readonly Question[] = [];
const NOTHING_GRANTED: readonly string[] = [];

interface Known {
  readonly mask: Mask;
  readonly questions: readonly Question[];
}

/** Worked out once for each meaning, under the mask it was last asked about with. */
const known = new WeakMap<Meaning, Known>();

/** Where an operation is asked about: what is hidden there is what its masking says. */
export interface Probing {
  readonly target: string;
  /** Classes that are shown because the session asked. */
  readonly granted?: readonly string[];
  readonly house: { readonly masking: Pick<Masking, 'compile'> };
}

/**
 * What an operation does with hidden columns, as questions to policy: one for each class, and each way they are used.
 * Which columns those are is the mask's to say; a binding only says what is done with them. Which classes may be seen
 * is the decision point's to know, and about those it asks nothing: so they are all asked about here.
 */
export function hiddenUses(
  { target, house, granted = NOTHING_GRANTED }: Probing,
  meaning: Meaning,
): readonly Question[] {
  if (meaning.fields === undefined) return NOTHING;
  const mask = house.masking.compile(target, granted);
  if (!(mask.hidesColumns || mask.hidesDeclared)) return NOTHING;
  const before = known.get(meaning);
  if (before?.mask === mask) return before.questions;
  const questions = questionsAbout(meaning.fields, mask);
  known.set(meaning, { mask, questions });
  return questions;
}

interface Gathered {
  readonly action: string;
  readonly dataClass: string;
  readonly roles: readonly string[];
  readonly columns: Set<string>;
}

function questionsAbout(fields: readonly FieldUse[], mask: Mask): readonly Question[] {
  const gathered = new Map<string, Gathered>();
  for (const { kind, field, declared, roles } of fields) {
    const action = ACTIONS[kind];
    if (action === null) continue;
    for (const dataClass of mask.fieldClasses(field, declared)) {
      const key = JSON.stringify([action, dataClass, roles]);
      const so = gathered.get(key) ?? { action, dataClass, roles, columns: new Set<string>() };
      so.columns.add(fieldText(field));
      gathered.set(key, so);
    }
  }
  return [...gathered.values()].map(({ action, dataClass, roles, columns }) =>
    Object.freeze({
      action,
      resource: { type: 'DataClass' as const, path: [dataClass] },
      facts: { columns: [...columns].sort(), roles },
    }),
  );
}
