/** The settings of the gateway's own, whichever they are: what a client sets with them is carried out here. */
import type { MaybePromise } from '../../lib/async.ts';
import type { Refusal } from '../protocol.ts';
import type { Conversation } from './conversation.ts';
import { carryOutReveal, mayBePrepared, namesReveal } from './reveal-setting.ts';
import type { StatementMeaning } from './statement/index.ts';
import type { Unit } from './unit.ts';
import { carryOutWish, namesWish, readWish } from './wish-setting.ts';

/** Whether the statement sets or shows one of them, alone or among others. */
export function namesOwnSetting(statement: StatementMeaning): boolean {
  return namesReveal(statement) || namesWish(statement);
}

/** SHOW would have to be described, and what it shows is not known before it runs. */
export function mayPrepareOwnSetting(text: string): boolean {
  const wish = readWish(text);
  return wish === null ? mayBePrepared(text) : wish.kind !== 'show';
}

/** Carries one out: a unit with the answer, for the empty query in its place; or why not. */
export function carryOutOwnSetting(
  talk: Conversation,
  text: string,
): MaybePromise<{ readonly unit: Unit } | { readonly refusal: Refusal }> {
  return /sallyport\.(?:approval|reason|break_glass)/i.test(text)
    ? carryOutWish(talk, text)
    : carryOutReveal(talk, text);
}
