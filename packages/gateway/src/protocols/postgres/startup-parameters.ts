/**
 * Which start-up parameters a client may set. Start-up is an attack surface: `options=-c …` sets any setting,
 * `replication` changes the language, `role` changes who runs. What is not listed is refused, never ignored.
 */

import type { Wishes } from '../protocol.ts';
import { isWishName, wishOf } from './wish-setting.ts';

/** Settings that change how values look or how long things take, and nothing about what a statement means. */
const HARMLESS_SETTINGS: ReadonlySet<string> = new Set([
  'application_name',
  'datestyle',
  'extra_float_digits',
  'geqo',
  'idle_in_transaction_session_timeout',
  'intervalstyle',
  'lock_timeout',
  'statement_timeout',
  'timezone',
]);

export type StartupRequest =
  | {
      readonly effect: 'accept';
      readonly user: string;
      readonly database: string;
      readonly applicationName: string;
      readonly settings: Readonly<Record<string, string>>;
      /** How the client wants people to be asked. Not for the target. */
      readonly wishes: Wishes;
      /** Protocol options (`_pq_.…`) that are not known here: the client is told so. */
      readonly unknownOptions: readonly string[];
    }
  | { readonly effect: 'refuse'; readonly reason: string; readonly hint: string };

/** Longest value of one parameter, in characters. */
const VALUE_CHARACTERS = 1_000;

/** Sorts the client's parameters into what the gateway uses, what the target may be told, and what is refused. */
export function readStartupParameters(parameters: ReadonlyMap<string, string>): StartupRequest {
  const settings: Record<string, string> = {};
  let wishes: Wishes = {};
  const read = (name: string, value: string): StartupRequest | null => {
    const key = name.toLowerCase();
    if (!isWishName(key)) return readSetting(name, value, settings);
    const wish = wishOf(key, value);
    if (typeof wish === 'string') return refuse(wish);
    wishes = { ...wishes, ...wish };
    return null;
  };
  const unknownOptions: string[] = [];
  for (const [name, value] of parameters) {
    if (value.length > VALUE_CHARACTERS) return refuse(`the start-up parameter "${name}" is too long`);
    if (name === 'user' || name === 'database') continue;
    if (name.startsWith('_pq_.')) {
      unknownOptions.push(name);
      continue;
    }
    const problem = name === 'options' ? readOptions(value, read) : read(name, value);
    if (problem !== null) return problem;
  }
  const user = parameters.get('user') ?? '';
  if (user === '') return refuse('no user name was given: it names the target');
  return {
    effect: 'accept',
    user,
    database: parameters.get('database') ?? user,
    applicationName: settings.application_name ?? '',
    settings,
    wishes,
    unknownOptions,
  };
}

function readSetting(name: string, value: string, settings: Record<string, string>): StartupRequest | null {
  const key = name.toLowerCase();
  if (key === 'client_encoding') {
    return /^'?utf-?8'?$/i.test(value)
      ? null
      : refuse(`client_encoding "${value}" is not supported; use UTF8`);
  }
  if (key === 'replication') {
    return /^(false|off|no|0)$/i.test(value) ? null : refuse('replication connections are not carried');
  }
  if (!HARMLESS_SETTINGS.has(key))
    return refuse(`the start-up parameter "${name}" may not be set through the gateway`);
  settings[key] = value;
  return null;
}

/** `options` as PostgreSQL splits it: by spaces, a backslash keeps the next character. Only `-c name=value` is known. */
function readOptions(
  options: string,
  read: (name: string, value: string) => StartupRequest | null,
): StartupRequest | null {
  const words = (options.match(/(?:\\[\s\S]|[^\s\\])+/g) ?? []).map((word) =>
    word.replace(/\\([\s\S])/g, '$1'),
  );
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] as string;
    const assignment =
      word === '-c' ? words[++at] : word.startsWith('-c') ? word.slice(2) : word.match(/^--(.*)$/s)?.[1];
    const parts = assignment?.match(/^([A-Za-z_][\w.-]*)=(.*)$/s);
    if (!parts) return refuse(`the start-up option "${word}" is not understood; use -c name=value`);
    const problem = read((parts[1] as string).replaceAll('-', '_'), parts[2] as string);
    if (problem !== null) return problem;
  }
  return null;
}

function refuse(reason: string): StartupRequest {
  return { effect: 'refuse', reason, hint: 'leave it out, or SET it once connected, where policy decides' };
}
