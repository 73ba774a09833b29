import type { Disguise, Mask } from '../../protocol.ts';
import { FIRST_USER_TYPE, type HiddenForm, hiddenForm } from './column-types.ts';
import type { HiddenClass } from './field-class.ts';
import { numberRewrite } from './rewrite-numbers.ts';
import { memberRewrite, textRewrite } from './rewrite-texts.ts';
import { timeRewrite } from './rewrite-times.ts';

/**
 * The bytes to show instead of the value [start, end), which the target sent and may be anything; null when the value
 * is hidden whole. What comes back is a valid value of the column's type and format.
 */
export type Rewrite = (bytes: Buffer, start: number, end: number) => Buffer | null;

/** How a classified column is hidden: what stands for every value, and what is shown instead of it where something is. */
export interface Hiding {
  readonly form: HiddenForm;
  readonly rewrite: Rewrite | null;
}

/** `type` is null when it is not known; a value is then hidden as text where everything is text, else as NULL. */
export function hidingOf(
  { dataClass, derived, members = null }: HiddenClass,
  type: number | null,
  binary: boolean,
  mask: Mask,
): Hiding {
  const form = type === null ? (binary ? 'null' : 'text') : hiddenForm(type, binary);
  // Only the column's own value may be shown in part: of what was made of it, the part that stays could be any part.
  if (members !== null && !derived)
    return { form, rewrite: type === null ? null : memberRewrite(type, binary, members) };
  const strategy = derived ? null : mask.strategy(dataClass);
  if (strategy?.kind === 'null') return { form: 'null', rewrite: null };
  if (strategy?.kind !== 'disguise' || type === null) return { form, rewrite: null };
  return { form, rewrite: rewriteOf(type, binary, strategy.disguise) };
}

function rewriteOf(type: number, binary: boolean, disguise: Disguise): Rewrite | null {
  // A type of somebody's own is a text to whoever does not know it, and in binary nothing anybody could write.
  if (type >= FIRST_USER_TYPE) return binary ? null : textRewrite('text', binary, disguise);
  return (
    numberRewrite(type, binary, disguise) ??
    timeRewrite(type, binary, disguise) ??
    textRewrite(type, binary, disguise)
  );
}
