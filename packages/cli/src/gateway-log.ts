import { oneLine } from './terminal.ts';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type Level = (typeof LEVELS)[number];

/** The gateway's own log: one JSON object a line, for whatever collects standard error. */
export interface GatewayLog {
  readonly write: (level: Level, message: string, fields?: Readonly<Record<string, string | number>>) => void;
  /** A fault nobody waits for. */
  readonly report: (fault: unknown) => void;
}

export function createGatewayLog(least: Level, line: (text: string) => void, now: () => number): GatewayLog {
  const write: GatewayLog['write'] = (level, message, fields = {}) => {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(least)) return;
    line(
      JSON.stringify({ time: new Date(now()).toISOString(), level, message: oneLine(message), ...fields }),
    );
  };
  return {
    write,
    report: (fault) => {
      const { code = 'internal', message = String(fault) } =
        fault instanceof Error ? (fault as Error & { code?: unknown }) : {};
      write('error', message, { code: String(code) });
      // Where it happened is for whoever debugs it: a fault has words of its own, anything else may not.
      if (fault instanceof Error && fault.stack !== undefined)
        write('debug', fault.stack, { code: String(code) });
    },
  };
}
