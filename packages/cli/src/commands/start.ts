import { showAddress } from '../address.ts';
import { createGatewayLog, type GatewayLog } from '../gateway-log.ts';
import { oneLine, type Terminal } from '../terminal.ts';

export interface StartOptions {
  readonly config: string;
}

/** Runs the gateway until it is told to stop. */
export async function start(options: StartOptions, terminal: Terminal): Promise<void> {
  const { createGateway, loadConfig } = await import('@sallyport/gateway');
  const config = loadConfig(options.config);
  terminal.err(`configuration ${config.file} is good; starting`);
  const log = createGatewayLog(config.log.level, terminal.err, Date.now);
  const stopping = nextSignal(['SIGTERM', 'SIGINT']);
  const gateway = await createGateway(config, { report: log.report });
  for (const { protocol, host, port } of gateway.listeners) {
    terminal.out(`listening: ${protocol} at ${showAddress(host, port)}`);
  }
  terminal.out(`listening: control plane at ${gateway.controlPlane}`);
  // Before anyone can know that it runs: unheard, the signal would end the process.
  const reload = () => void reloadPolicies(gateway, log);
  process.on('SIGHUP', reload);
  terminal.out('ready');
  const signal = await stopping;
  terminal.err(`${signal}: ending every session, then stopping; once more stops at once`);
  process.once(signal, () => process.exit(1));
  process.off('SIGHUP', reload);
  await gateway.close();
  terminal.err('stopped');
}

/** Resolves with the first of these signals. */
export function nextSignal(names: readonly NodeJS.Signals[]): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const heard = (name: NodeJS.Signals) => {
      for (const one of names) process.off(one, heard);
      resolve(name);
    };
    for (const name of names) process.on(name, heard);
  });
}

interface Reloading {
  reloadPolicies(): Promise<{
    readonly inForce: boolean;
    readonly version: string;
    readonly errors: readonly { readonly file: string; readonly line: number; readonly message: string }[];
  }>;
}

async function reloadPolicies(gateway: Reloading, log: GatewayLog): Promise<void> {
  const { inForce, version, errors } = await gateway.reloadPolicies();
  if (inForce) log.write('info', 'policies reloaded', { version });
  for (const { file, line, message } of errors) {
    log.write('error', `policies not reloaded: ${oneLine(file)}:${line}: ${message}`, { version });
  }
}
