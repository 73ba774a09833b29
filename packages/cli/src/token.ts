import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_URL } from './address.ts';
import { exitCode, Failure } from './failure.ts';
import { savedToken } from './sign-in/saved-token.ts';
import type { Terminal } from './terminal.ts';

/** Where the access token of the person at the keyboard may be. Never an argument: those are for every process to see. */
export interface TokenPlaces {
  /** `--token-file`; `-` is standard input. */
  readonly option: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** `--url`: a saved login is for one gateway. */
  readonly url?: string | undefined;
}

const LARGEST_TOKEN = 65_536;

/** The access token for the control plane. */
export async function readToken(places: TokenPlaces, terminal: Terminal): Promise<string> {
  const { option, environment } = places;
  if (option === '-') return checked(await terminal.readInput(), 'standard input');
  const named = option ?? environment.SALLYPORT_TOKEN_FILE;
  if (named === undefined) {
    const saved = await savedToken(places.url ?? environment.SALLYPORT_URL ?? DEFAULT_URL, environment);
    if (saved !== null) return checked(saved, 'the saved login');
  }
  const file = named ?? ownFile(environment);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new Failure(
      exitCode.usage,
      `Cannot read an access token from ${file} (${why}). Sign in with "sallyport login", put one there, or name its file with --token-file FILE or SALLYPORT_TOKEN_FILE, or give it on standard input with --token-file -.`,
      { cause },
    );
  }
  const { mode } = statSync(file);
  if ((mode & 0o077) !== 0) terminal.err(`Others can read ${file}: run "chmod 600 ${file}".`);
  return checked(text, file);
}

function ownFile(environment: TokenPlaces['environment']): string {
  const base = environment.XDG_CONFIG_HOME ?? join(environment.HOME ?? homedir(), '.config');
  return join(base, 'sallyport', 'token');
}

function checked(text: string, place: string): string {
  const token = text.trim();
  if (/^[A-Za-z0-9._~+/=-]+$/.test(token) && token.length <= LARGEST_TOKEN) return token;
  throw new Failure(
    exitCode.usage,
    `What ${place} holds is not an access token: it must be one line, and nothing else.`,
  );
}
