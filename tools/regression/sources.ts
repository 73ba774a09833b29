/** Gets PostgreSQL's own regression files from the distribution's source package, through the machine's own apt. */
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Where fetched sources are kept between runs; git ignores it. */
export const CACHE = resolve(import.meta.dirname, '../../.cache/regression');
/** Where Debian and its relatives put each major version of PostgreSQL. */
const INSTALLED = '/usr/lib/postgresql';
const INSTALL = 'install PostgreSQL with its client: apt-get install postgresql';

export interface RegressionSources {
  /** Major version, of the server and of the files. */
  readonly major: string;
  /** Folder with `psql` and `postgres`. */
  readonly binaries: string;
  /** The folder `src/test/regress` of the source package, with `lib/regress.so` where it could be built. */
  readonly folder: string;
  /** The time zone the files expect; it changed in a minor version. */
  readonly timeZone: string;
  /** Every file, in the order in which they build on each other. */
  readonly schedule: readonly string[];
}

/** The regression files that belong to the newest installed PostgreSQL; fetched when they are not there yet. */
export async function regressionSources(): Promise<RegressionSources> {
  const majors = existsSync(INSTALLED) ? readdirSync(INSTALLED) : [];
  const major = majors
    .filter(
      (name) =>
        existsSync(join(INSTALLED, name, 'bin/psql')) && existsSync(join(INSTALLED, name, 'bin/postgres')),
    )
    .toSorted((a, b) => Number(b) - Number(a))[0];
  if (major === undefined) throw new Error(`no psql and postgres below ${INSTALLED}; ${INSTALL}`);
  const folder = join(CACHE, `postgresql-${major}`);
  if (!existsSync(folder)) await fetchSources(major, folder);
  const lines = readFileSync(join(folder, 'parallel_schedule'), 'utf8').matchAll(/^test:(.*)$/gm);
  const schedule = [...lines].flatMap(([, names = '']) => names.trim().split(/\s+/));
  const driver = readFileSync(join(folder, 'pg_regress.c'), 'utf8');
  const timeZone = /setenv\("PGTZ", "([^"]+)"/.exec(driver)?.[1];
  if (timeZone === undefined) throw new Error(`${folder}/pg_regress.c does not set PGTZ`);
  return { major, binaries: join(INSTALLED, major, 'bin'), folder, timeZone, schedule };
}

/** Downloads the source package and keeps its regression files; the finished folder appears at once or not at all. */
async function fetchSources(major: string, folder: string): Promise<void> {
  mkdirSync(CACHE, { recursive: true });
  const work = mkdtempSync(join(CACHE, 'fetch-'));
  try {
    const env = { ...process.env, APT_CONFIG: privateApt(work) };
    // Fails when any of several repositories does; whether the one that matters was read shows in the next step.
    await run('apt-get', ['update', '-qq'], { env, cwd: work }).catch(() => undefined);
    const version = await installedVersion(major);
    const download = (source: string) =>
      run('apt-get', ['source', '-qq', '--download-only', source], { env, cwd: work });
    const name = `postgresql-${major}`;
    // A mirror keeps the newest version only; the files of one nearby are as good for a comparison.
    await download(`${name}=${version?.source ?? ''}`).catch(() => download(name));
    const archive = readdirSync(work).find((name) => /\.orig\.tar\.[a-z0-9]+$/.test(name));
    if (archive === undefined) throw new Error('the source package has no .orig.tar');
    mkdirSync(join(work, 'unpacked'));
    const unpack = ['-C', 'unpacked', '--strip-components=1', '--wildcards', '*/src/test/regress/*'];
    await run('tar', ['-xf', archive, ...unpack], { cwd: work });
    if (version !== null) await buildLibrary(major, version.binary, work, env);
    renameSync(join(work, 'unpacked/src/test/regress'), folder);
  } catch (cause) {
    // Another process may have been faster.
    if (existsSync(folder)) return;
    const how = `run "apt-get source --download-only postgresql-${major}" and unpack src/test/regress to ${folder}`;
    throw new Error(`cannot fetch PostgreSQL's regression files; ${how}`, { cause });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * Builds the functions in C that some of the files use, where there is a compiler: the result is `lib/regress.so`.
 * Without one, what needs them fails in the same way on both sides.
 */
async function buildLibrary(
  major: string,
  version: string,
  work: string,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const regress = join(work, 'unpacked/src/test/regress');
  try {
    // The headers of another minor version may promise what this server does not have.
    const headersPackage = `postgresql-server-dev-${major}=${version}`;
    await run('apt-get', ['download', '-qq', headersPackage], { env, cwd: work });
    const headers = readdirSync(work).find((name) => name.endsWith('.deb')) ?? '';
    await run('dpkg-deb', ['-x', headers, 'headers'], { cwd: work });
    mkdirSync(join(regress, 'lib'));
    const include = join(work, `headers/usr/include/postgresql/${major}/server`);
    const flags = ['-shared', '-fPIC', '-w', `-I${include}`, '-o', 'lib/regress.so'];
    await run('cc', [...flags, 'regress.c'], { cwd: regress });
  } catch {
    rmSync(join(regress, 'lib'), { recursive: true, force: true });
  }
}

/** Versions of the source and of the binary package that is installed, or null when it did not come as a package. */
async function installedVersion(major: string): Promise<{ source: string; binary: string } | null> {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the language of dpkg-query
  const format = '${source:Version} ${Version}';
  const { stdout } = await run('dpkg-query', ['-W', '-f', format, `postgresql-${major}`]).catch(() => ({
    stdout: '',
  }));
  const [source, binary] = stdout.split(' ');
  return source === undefined || binary === undefined ? null : { source, binary };
}

/** An apt state of its own that knows the source side of the machine's repositories. Returns its configuration file. */
function privateApt(work: string): string {
  for (const part of ['lists/partial', 'cache/archives/partial', 'sources']) {
    mkdirSync(join(work, part), { recursive: true });
  }
  const configured = ['/etc/apt/sources.list', ...listed('/etc/apt/sources.list.d')];
  // Apt passes over files with another ending, too.
  const read = configured.filter((file) => /\.(list|sources)$/.test(file) && existsSync(file));
  for (const [index, file] of read.entries()) {
    const modern = file.endsWith('.sources');
    const text = readFileSync(file, 'utf8');
    const sources = modern
      ? text.replace(/^Types:.*$/gm, 'Types: deb deb-src')
      : text.replace(/^deb(\s.*)$/gm, 'deb$1\ndeb-src$1');
    writeFileSync(join(work, 'sources', `${index}.${modern ? 'sources' : 'list'}`), sources);
  }
  const config = join(work, 'apt.conf');
  writeFileSync(
    config,
    [
      `Dir::State::lists "${work}/lists";`,
      `Dir::Cache "${work}/cache";`,
      'Dir::Etc::sourcelist "/dev/null";',
      `Dir::Etc::sourceparts "${work}/sources";`,
      'Debug::NoLocking "1";',
      'APT::Sandbox::User "";',
      '',
    ].join('\n'),
  );
  return config;
}

function listed(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
}
