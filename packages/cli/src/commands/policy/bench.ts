/** What every `policy` command that judges something has in common: a workbench made of its options. */
import type { GatewayConfig, Workbench, WorkbenchParts } from '@sallyport/gateway';
import { exitCode, Failure } from '../../failure.ts';
import { oneLine, type Terminal } from '../../terminal.ts';
import { readCatalogFile } from './catalog-file.ts';

export interface BenchOptions {
  readonly config: string;
  /** A policy directory instead of the one of the configuration. */
  readonly policies?: string;
  /** `live`, `assumed` or a file; absent: live where it can be. */
  readonly catalog?: string;
}

export interface Bench {
  readonly config: GatewayConfig;
  readonly parts: WorkbenchParts;
  readonly workbench: Workbench;
}

/** Opens the workbench, runs, and closes it however that ends. */
export async function withBench<T>(
  options: BenchOptions,
  terminal: Terminal,
  use: (bench: Bench) => Promise<T>,
): Promise<T> {
  const { loadConfig, openWorkbench, partsOf } = await import('@sallyport/gateway');
  const config = loadConfig(options.config);
  const parts = partsOf(config, await choiceOf(options.catalog, terminal), options.policies);
  const workbench = await openWorkbench(parts);
  try {
    return await use({ config, parts, workbench });
  } finally {
    await workbench.close();
  }
}

type CatalogChoice = Parameters<typeof import('@sallyport/gateway')['partsOf']>[1];

export async function choiceOf(given: string | undefined, terminal: Terminal): Promise<CatalogChoice> {
  if (given === 'live' || given === 'assumed') return { kind: given };
  if (given !== undefined) return { kind: 'saved', catalog: (await readCatalogFile(given)).catalog };
  return {
    kind: 'auto',
    assumed(why) {
      terminal.err(
        terminal.paint.wait(
          `${oneLine(why)}. So every table that is named is taken to exist: to be exact, give --catalog FILE ` +
            '(see "sallyport policy catalog --help").',
        ),
      );
    },
  };
}

const WITHOUT_TARGET = '. Without the target: --catalog assumed, or --catalog FILE.';

/** A desk, or words on what to do. */
export async function deskFor(
  workbench: Workbench,
  target: string,
  database: string,
  advice: string = WITHOUT_TARGET,
) {
  try {
    return await workbench.desk(target, database);
  } catch (cause) {
    throw new Failure(exitCode.failed, `${cause instanceof Error ? cause.message : String(cause)}${advice}`, {
      cause,
    });
  }
}

/** The database asked about where none is given. */
export function databaseOf(
  config: Pick<GatewayConfig, 'connector'>,
  target: string,
  given: string | undefined,
): string {
  if (given !== undefined) return given;
  const known = config.connector.targets.find(({ name }) => name === target);
  return known?.protocol === 'postgres' ? (known.database ?? known.credential.username) : '';
}

/** Says how far something is, once it has taken a second: on standard error, at most once a second. */
export function progress(terminal: Terminal, what: (done: number) => string): (done: number) => void {
  let next = performance.now() + 1000;
  return (done) => {
    const now = performance.now();
    if (now < next) return;
    next = now + 1000;
    terminal.err(terminal.paint.dim(what(done)));
  };
}
