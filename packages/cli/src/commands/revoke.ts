import { createHash } from 'node:crypto';
import {
  LIST_LIMIT,
  type Revocation,
  type RevocationKind,
  type RevokeBody,
  rowsOf,
} from '@sallyport/contract';
import { z } from 'zod';
import { asking, type ControlPlaneOptions } from '../control-plane.ts';
import { exitCode, Failure } from '../failure.ts';
import { table } from '../table.ts';
import { jsonText, oneLine, type Terminal } from '../terminal.ts';
import { moment } from '../time.ts';
import { readToken } from '../token.ts';

export interface RevokeOptions extends ControlPlaneOptions {
  readonly reason: string;
  readonly json?: boolean;
}

/** Options of a command that has others below it: what one of them needs, the parser cannot ask for. */
type Unreasoned = Omit<RevokeOptions, 'reason'> & { readonly reason?: string };

function reasonOf({ reason }: Unreasoned): string {
  if (reason === undefined) throw new Failure(exitCode.usage, 'Say why: --reason "…".');
  return reason;
}

/** Revokes something by its name, or a token that is in a file. */
export async function revoke(
  kind: RevocationKind,
  value: string | undefined,
  options: RevokeOptions & { readonly from?: string },
  terminal: Terminal,
): Promise<void> {
  const named = await nameOf(kind, value, options, terminal);
  return add({ kind, value: named, reason: options.reason }, options, terminal);
}

/** Quarantines somebody or something; the gateway tells what it is the name of, where that is not said. */
export async function quarantine(
  value: string,
  options: Unreasoned & { readonly kind?: RevocationKind },
  terminal: Terminal,
): Promise<void> {
  const { kind } = options;
  const reason = reasonOf(options);
  const body: RevokeBody = { value, reason, quarantine: true, ...(kind === undefined ? {} : { kind }) };
  return add(body, options, terminal);
}

export async function listRevocations(
  options: ControlPlaneOptions & { readonly json?: boolean },
  terminal: Terminal,
): Promise<void> {
  const found = await asking(options, terminal, (client) =>
    rowsOf(
      (at) => client.listRevocations({ ...at, limit: LIST_LIMIT }),
      (page) => page.revocations,
      Number.POSITIVE_INFINITY,
    ),
  );
  if (options.json === true) return terminal.out(jsonText(found, 2));
  if (found.length === 0) return terminal.err('Nothing is revoked.');
  const headings = ['ID', 'SINCE (UTC)', 'UNTIL (UTC)', 'HOW', 'WHAT', 'BY', 'WHY'];
  for (const line of table(terminal, headings, found.map(row))) terminal.out(line);
}

export async function liftRevocation(id: string, options: Unreasoned, terminal: Terminal): Promise<void> {
  const reason = reasonOf(options);
  const one = await asking(options, terminal, (client) => client.liftRevocation({ id, reason }));
  if (options.json === true) return terminal.out(jsonText(one, 2));
  terminal.out(`lifted ${oneLine(one.id)}: ${whatOf(one)} may be used again`);
}

async function add(body: RevokeBody, options: Unreasoned, terminal: Terminal): Promise<void> {
  const { revocation, ended, problems } = await asking(options, terminal, (client) => client.revoke(body));
  if (options.json === true) terminal.out(jsonText({ revocation, ended, problems }, 2));
  else {
    const verb = revocation.quarantine ? 'quarantined' : 'revoked';
    terminal.out(`${verb} ${whatOf(revocation)} (${oneLine(revocation.id)}): ${sessionsEnded(ended)}`);
  }
  if (problems.length === 0) return;
  const why = problems.map(oneLine).join(', and ');
  throw new Failure(
    exitCode.failed,
    `It is in force, but ${why}: a restart may forget it. See to the disks of the gateway, then give the command again.`,
  );
}

export function sessionsEnded(count: number): string {
  return `${count} ${count === 1 ? 'session' : 'sessions'} ended`;
}

async function nameOf(
  kind: RevocationKind,
  value: string | undefined,
  { from, tokenFile }: { readonly from?: string; readonly tokenFile?: string },
  terminal: Terminal,
): Promise<string> {
  if (from === undefined) {
    if (value === undefined) throw new Failure(exitCode.usage, `Name the ${kind} to revoke.`);
    // It is on the screen and in the history already; but it must not reach any log as well.
    if (kind === 'token' && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(value)) {
      throw new Failure(
        exitCode.usage,
        'That looks like a token itself, which every process can read in arguments. Put it in a file and give --from FILE, or --from - for standard input.',
      );
    }
    return value;
  }
  if (kind !== 'token' || value !== undefined)
    throw new Failure(exitCode.usage, '--from FILE holds a token: it goes with "revoke token" and no name.');
  if (from === '-' && tokenFile === '-')
    throw new Failure(exitCode.usage, 'Only one of --from and --token-file can be standard input.');
  return tokenIdOf(await readToken({ option: from, environment: {} }, terminal));
}

/** The gateway's id of a token: of what is signed, since a signature can be written in more than one way. */
function tokenIdOf(token: string): string {
  const taskTokenId = taskTokenIdIn(token);
  if (taskTokenId !== null) return taskTokenId;
  return createHash('sha256')
    .update(token.slice(0, token.lastIndexOf('.')))
    .digest('base64url');
}

/** Of what the gateway issues itself the id is the `jti`. Nothing is verified: who revokes what is no token revokes nothing. */
function taskTokenIdIn(token: string): string | null {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    return taskTokenClaims.parse(claims).jti;
  } catch {
    return null;
  }
}

const taskTokenClaims = z.object({
  jti: z.string(),
  authorization_details: z.tuple([z.object({ type: z.literal('sallyport_task') })]),
});

function row(one: Revocation): readonly string[] {
  return [
    oneLine(one.id),
    moment(one.at),
    one.until === null ? 'it is lifted' : moment(one.until),
    one.quarantine ? 'quarantine' : 'revoked',
    whatOf(one),
    oneLine(one.by.displayName),
    oneLine(one.reason),
  ];
}

function whatOf({ kind, value }: Revocation): string {
  return `${kind} ${oneLine(value)}`;
}
