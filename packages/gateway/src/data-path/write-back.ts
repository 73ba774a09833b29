import { type Mark, markIn, markInBytes } from '../lib/marks.ts';
import type { Operation } from '../protocols/protocol.ts';
import type { Probing } from './probes.ts';
import type { Refusing } from './record.ts';

const NOTHING_REVEALED: readonly string[] = [];

/**
 * Why an operation must not run because it would write what stands for a hidden value over a value, or null. A value that
 * only holds three asterisks is a mark where it goes to a classified column, and may be anything elsewhere.
 */
export function writesBack(asking: Probing, operation: Operation): Refusing | null {
  if (!operation.meaning.changesState) return null;
  const mark = markOf(operation);
  if (mark === null || (mark === 'part' && !writesHidden(asking, operation))) return null;
  return WRITES_BACK;
}

const WRITES_BACK: Refusing = {
  code: 'forbidden',
  reason: 'it writes a masked value: what is there would be lost',
  policies: [],
  hint: 'write only the columns you change, with values you know; leave the masked ones out',
};

function markOf({ meaning, text, parameters }: Operation): Mark | null {
  let part = false;
  const written = meaning.mark === undefined ? markIn(text) : meaning.mark;
  // Three asterisks in a text of which nobody knows where its values are may be a comment.
  if (written === 'whole') return written;
  if (written === 'part') part = meaning.mark !== undefined;
  for (const value of parameters) {
    const mark = value === null ? null : markInBytes(value);
    if (mark === 'whole') return mark;
    part ||= mark === 'part';
  }
  return part ? 'part' : null;
}

function writesHidden({ target, house }: Probing, { meaning }: Operation): boolean {
  const mask = house.masking.compile(target, NOTHING_REVEALED);
  return (meaning.fields ?? []).some(
    ({ kind, field, declared }) => kind === 'write' && mask.fieldClasses(field, declared).length > 0,
  );
}
