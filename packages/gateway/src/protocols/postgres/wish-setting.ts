/**
 * `sallyport.approval`, `sallyport.reason`, `sallyport.break_glass`: settings of the gateway's own, by which a client says how
 * people are to be asked about what it sends from here on. Like `sallyport.reveal` their statements are carried out here and
 * never sent; nothing about them is judged, as they permit nothing.
 */
import type { DenialCode, Refusal, Wishes } from '../protocol.ts';
import type { Conversation } from './conversation.ts';
import { ownUnit, settingShown, tag } from './reveal-setting.ts';
import type { StatementMeaning } from './statement/index.ts';
import type { Unit } from './unit.ts';

/** Longest text of such a statement (L10). */
const TEXT_CHARACTERS = 4_000;

const NAMES = ['sallyport.approval', 'sallyport.reason', 'sallyport.break_glass'] as const;
export type WishName = (typeof NAMES)[number];

export type WishCommand =
  | { readonly kind: 'set'; readonly name: WishName; readonly value: string }
  | { readonly kind: 'reset'; readonly name: WishName }
  | { readonly kind: 'show'; readonly name: WishName };

const NOT_BY_ITSELF: readonly [string, DenialCode, string, string] = [
  'a statement with a sallyport setting',
  'forbidden',
  'settings of the gateway are set for the session, by a statement with nothing else in it',
  `SET sallyport.reason = 'why you need it', SET sallyport.approval = 'return', SET sallyport.break_glass = on, RESET or SHOW them`,
];

/** Whether the statement sets or shows one of these, alone or among others. */
export function namesWish({ evaluations }: StatementMeaning): boolean {
  return evaluations.some(({ resource: { type, path } }) => type === 'Setting' && isWishName(path[0] ?? ''));
}

export function isWishName(name: string): name is WishName {
  return (NAMES as readonly string[]).includes(name);
}

/** Reads a statement that does nothing else; null when it is written in another way. */
export function readWish(text: string): WishCommand | null {
  if (text.length > TEXT_CHARACTERS) return null;
  let rest = text.trim();
  if (rest.endsWith(';')) rest = rest.slice(0, -1).trimEnd();
  const [head = '', verb = '', key = '', assigned] =
    /^(set(?:\s+session)?|reset|show)\s+(sallyport\.[a-z_]+)(\s*(?:=|\bto\b)\s*)?/i.exec(rest) ?? [];
  const name = key.toLowerCase();
  if (!isWishName(name)) return null;
  const value = rest.slice(head.length);
  if (!/^set/i.test(verb)) {
    if (value !== '' || assigned !== undefined) return null;
    return { kind: /^reset$/i.test(verb) ? 'reset' : 'show', name };
  }
  if (assigned === undefined) return null;
  if (/^default$/i.test(value)) return { kind: 'reset', name };
  const [, quoted, word] = /^(?:'((?:[^'\\]|'')*)'|([a-z0-9_]+))$/i.exec(value) ?? [];
  if (quoted === undefined && word === undefined) return null;
  return { kind: 'set', name, value: quoted?.replaceAll("''", "'") ?? word ?? '' };
}

/** What the client wishes once this is set; a sentence when it is no value of it. */
export function wishOf(name: WishName, value: string): Wishes | string {
  switch (name) {
    case 'sallyport.reason':
      return { reason: value };
    case 'sallyport.approval':
      return value === 'hold' || value === 'return' ? { mode: value } : `${name} is "hold" or "return"`;
    case 'sallyport.break_glass':
      if (/^(on|true|yes|1)$/i.test(value)) return { breakGlass: true };
      return /^(off|false|no|0)$/i.test(value) ? { breakGlass: false } : `${name} is "on" or "off"`;
  }
}

/** Carries one out: a unit with the answer, for the empty query in its place; or why not. */
export function carryOutWish(
  talk: Conversation,
  text: string,
): { readonly unit: Unit } | { readonly refusal: Refusal } {
  const command = readWish(text);
  if (command === null) return { refusal: talk.line.refuse(...NOT_BY_ITSELF) };
  const { name } = command;
  if (command.kind === 'show')
    return { unit: ownUnit(talk, settingShown(name, shownValue(talk.wishes, name))) };
  if (command.kind === 'reset') {
    talk.resetWish(FIELDS[name]);
    return { unit: ownUnit(talk, tag('RESET')) };
  }
  const wish = wishOf(name, command.value);
  if (typeof wish === 'string')
    return { refusal: talk.line.refuse(`set ${name}`, 'forbidden', wish, NOT_BY_ITSELF[3]) };
  talk.wish(wish);
  return { unit: ownUnit(talk, tag('SET')) };
}

const FIELDS: Readonly<Record<WishName, keyof Wishes>> = {
  'sallyport.approval': 'mode',
  'sallyport.reason': 'reason',
  'sallyport.break_glass': 'breakGlass',
};

function shownValue(wishes: Wishes, name: WishName): string {
  if (name === 'sallyport.break_glass') return wishes.breakGlass === true ? 'on' : 'off';
  return (name === 'sallyport.reason' ? wishes.reason : wishes.mode) ?? '';
}
