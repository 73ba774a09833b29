import { join } from 'node:path';
import { DEFAULT_URL } from '../control-plane.ts';
import { DATABASE } from '../demo/data.ts';
import { tour } from '../demo/tour.ts';
import { type Role, startWorld, TARGET, type World } from '../demo/world.ts';
import { exitCode, Failure } from '../failure.ts';
import { createGatewayLog } from '../gateway-log.ts';
import type { Terminal } from '../terminal.ts';
import { nextSignal } from './start.ts';

export interface DemoOptions {
  readonly tour?: boolean;
  readonly keep?: boolean;
}

const PAUSE = 1_500;

/** Sets everything up, tours it, and without `--tour` stays up. Cleans up after itself however it ends. */
export async function demo(options: DemoOptions, terminal: Terminal): Promise<void> {
  const unattended = options.tour === true;
  const log = createGatewayLog('error', terminal.err, Date.now);
  const stop = nextSignal(['SIGINT', 'SIGTERM', 'SIGHUP']);
  const starting = startWorld({
    usualPorts: !unattended,
    keep: options.keep === true,
    progress: (what) => terminal.err(terminal.paint.dim(`… ${what}`)),
    report: log.report,
  });
  const started = await Promise.race([starting, stop]);
  const world = typeof started === 'string' ? await starting : started;
  try {
    if (typeof started === 'string') throw interrupted();
    for (const line of instructions(world, terminal)) terminal.out(line);
    const touring = tour(world, terminal, { pause: unattended ? 0 : PAUSE });
    const first = await Promise.race([touring, stop]);
    if (first !== undefined) {
      touring.catch(() => undefined);
      throw interrupted();
    }
    terminal.out('');
    terminal.out(terminal.paint.good('Every step came to what it should.'));
    if (unattended) return;
    for (const line of instructions(world, terminal)) terminal.out(line);
    terminal.out(terminal.paint.bold('Everything stays up until Ctrl-C.'));
    await stop;
  } finally {
    await world.close();
    if (options.keep === true) terminal.err(`kept ${world.directory}`);
  }
}

function interrupted(): Failure {
  return new Failure(exitCode.failed, 'Interrupted; everything was stopped and removed.');
}

function instructions(world: World, { paint }: Terminal): readonly string[] {
  const { port, gateway, provider, directory } = world;
  const tokens = join(directory, 'tokens');
  const url = gateway.controlPlane === DEFAULT_URL ? '' : ` SALLYPORT_URL=${gateway.controlPlane}`;
  const as = (role: Role) => `export SALLYPORT_TOKEN_FILE=${world.tokenFile(role)}${url}`;
  return [
    '',
    paint.bold('Try it yourself, from another terminal in this folder'),
    paint.dim('  as the agent: psql with an access token for its password, the target for its user'),
    `    PGPASSFILE=${join(tokens, 'agent.pgpass')} psql "host=127.0.0.1 port=${port} user=${TARGET} dbname=${DATABASE}"`,
    paint.dim('  a fresh access token, from the identity provider'),
    `    curl -s --data @${join(tokens, 'agent.request')} ${provider.tokenEndpoint}`,
    paint.dim('  as an approver: decide what the agent waits for'),
    `    ${as('approver')}`,
    '    npx sallyport requests',
    '    npx sallyport approve ID        or: npx sallyport deny ID --reason "..."',
    paint.dim('  as an auditor: see what happened'),
    `    ${as('auditor')}`,
    '    npx sallyport sessions',
    '    npx sallyport replay ID',
    `    npx sallyport audit verify --data ${world.config.dataDirectory}`,
    paint.dim('  how it is set up'),
    `    ${world.config.file}`,
    '',
  ];
}
