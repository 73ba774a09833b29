/** The login of the person at the keyboard, one file for each gateway, for nobody else to read. */
import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { exitCode, Failure } from '../failure.ts';

const savedSchema = z.object({
  version: z.literal(1),
  /** The gateway it is for; it is shown to no other. */
  gateway: z.string(),
  /** What the gateway calls the issuer or identity provider. */
  name: z.string(),
  subject: z.string(),
  /** How it is renewed and revoked; null for a session of the gateway, which is neither. */
  client: z
    .object({
      issuer: z.string(),
      id: z.string(),
      resource: z.string().nullable(),
    })
    .nullable(),
  accessToken: z.string(),
  refreshToken: z.string().nullable(),
  /** Milliseconds since the epoch. */
  expiresAt: z.number(),
});

export type SavedLogin = z.output<typeof savedSchema>;

type Environment = Readonly<Record<string, string | undefined>>;

/** Where logins are kept (XDG Base Directory: state is what is worth keeping and not worth moving). */
export function loginFolder(environment: Environment): string {
  const base = environment.XDG_STATE_HOME || join(environment.HOME ?? homedir(), '.local', 'state');
  return join(base, 'sallyport', 'logins');
}

export function loginFile(gateway: string, environment: Environment): string {
  const name = createHash('sha256').update(originOf(gateway)).digest('hex').slice(0, 32);
  return join(loginFolder(environment), `${name}.json`);
}

/** The same gateway however its address was typed. */
export function originOf(gateway: string): string {
  return URL.canParse(gateway) ? new URL(gateway).origin : gateway;
}

/** Null when there is none. Refuses a file that others could have read or written. */
export function readLogin(gateway: string, environment: Environment): SavedLogin | null {
  const file = loginFile(gateway, environment);
  let descriptor: number;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    throw new Failure(exitCode.usage, `Cannot read your login ${file} (${code ?? String(cause)}).`, {
      cause,
    });
  }
  try {
    checkOwn(fstatSync(descriptor), file, 'chmod 600');
    checkOwn(statSync(loginFolder(environment)), loginFolder(environment), 'chmod 700');
    const saved = savedSchema.parse(JSON.parse(readFileSync(descriptor, 'utf8')));
    return saved.gateway === originOf(gateway) ? saved : null;
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    throw new Failure(exitCode.usage, `${file} is damaged: run "sallyport login" again.`, { cause });
  } finally {
    closeSync(descriptor);
  }
}

/** Writes it in one step: whoever reads meanwhile has the old one or the new one. */
export function writeLogin(saved: SavedLogin, environment: Environment): string {
  const file = loginFile(saved.gateway, environment);
  makeFolder(environment);
  const temporary = `${file}.${randomBytes(8).toString('hex')}`;
  const descriptor = openSync(temporary, 'wx', 0o600);
  try {
    writeSync(descriptor, `${JSON.stringify(saved, null, 2)}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, file);
  return file;
}

/** The folder, made for its owner only, or refused. */
export function makeFolder(environment: Environment): string {
  const folder = loginFolder(environment);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  checkOwn(statSync(folder), folder, 'chmod 700');
  return folder;
}

export function removeLogin(gateway: string, environment: Environment): void {
  rmSync(loginFile(gateway, environment), { force: true });
}

function checkOwn(
  { mode, uid }: { readonly mode: number; readonly uid: number },
  path: string,
  remedy: string,
): void {
  const mine = process.getuid === undefined || uid === process.getuid();
  if (mine && (mode & 0o077) === 0) return;
  const why = mine ? `others have access to it: run "${remedy} ${path}"` : 'it belongs to somebody else';
  throw new Failure(exitCode.usage, `Your login in ${path} is not used, because ${why}.`);
}
