import type { ControlPlaneClient, Passkey } from '@sallyport/contract';
import { asking, type ControlPlaneOptions } from '../control-plane.ts';
import { exitCode, Failure } from '../failure.ts';
import { table } from '../table.ts';
import { jsonText, oneLine, type Terminal } from '../terminal.ts';
import { moment } from '../time.ts';
import { readWhole } from './audit-log.ts';

type PasskeyOptions = ControlPlaneOptions & { readonly json?: boolean };

/** As many characters of an id as are listed. */
const SHOWN = 16;

export async function list(options: PasskeyOptions, terminal: Terminal): Promise<void> {
  const { passkeys } = await asking(options, terminal, (client) => client.listPasskeys());
  if (options.json === true) return terminal.out(jsonText(passkeys, 2));
  if (passkeys.length === 0) return terminal.err('You have no passkey: register one in the console.');
  const rows = passkeys.map(({ id, name, createdAt, usedAt }) => [
    id.slice(0, SHOWN),
    oneLine(name),
    moment(createdAt),
    usedAt === null ? '-' : moment(usedAt),
  ]);
  for (const line of table(terminal, ['ID', 'NAME', 'ADDED', 'LAST USED'], rows)) terminal.out(line);
}

export interface RemoveOptions extends PasskeyOptions {
  readonly challenge?: boolean;
  readonly assertion?: string;
}

/** Prints what to use a passkey with, or removes one with what it answered. */
export async function remove(given: string, options: RemoveOptions, terminal: Terminal): Promise<void> {
  const { challenge, assertion: file } = options;
  if ((challenge === true) === (file !== undefined))
    throw new Failure(
      exitCode.usage,
      'Removing a passkey takes one: get what to use it with by --challenge, then give what it answered with --assertion (see --help).',
    );
  if (file === undefined) {
    const asked = await asking(options, terminal, async (client) => {
      const { id } = await named(given, client);
      return client.passkeyChallenge({ purpose: 'remove-passkey', passkey: id });
    });
    return terminal.out(jsonText(asked, 2));
  }
  const assertion = answerOf(
    file === '-' ? await terminal.readInput() : readWhole(file, 'answer of the passkey', '--assertion'),
  );
  const { passkey, removed } = await asking(options, terminal, async (client) => {
    const one = await named(given, client);
    return { passkey: one, ...(await client.removePasskey({ id: one.id, assertion })) };
  });
  if (options.json === true) return terminal.out(jsonText({ id: passkey.id, removed }, 2));
  terminal.out(
    `${terminal.paint.bad('removed')} ${oneLine(passkey.name)} (${passkey.id.slice(0, SHOWN)}) of your passkeys`,
  );
}

/** Removes every passkey of somebody else. */
export async function reset(
  subject: string,
  options: PasskeyOptions & { readonly reason: string },
  terminal: Terminal,
): Promise<void> {
  const { reason } = options;
  const { removed } = await asking(options, terminal, (client) => client.resetPasskeys({ subject, reason }));
  if (options.json === true) return terminal.out(jsonText({ subject, removed }, 2));
  terminal.out(`${terminal.paint.bad('removed')} ${removed} of the passkeys of ${oneLine(subject)}`);
}

/** The one whose id is this, or begins with it. */
async function named(given: string, client: ControlPlaneClient): Promise<Passkey> {
  const { passkeys } = await client.listPasskeys();
  const found = given === '' ? [] : passkeys.filter(({ id }) => id.startsWith(given));
  const [one] = found;
  if (one !== undefined && found.length === 1) return one;
  throw new Failure(
    exitCode.refused,
    one === undefined
      ? `You have no passkey ${oneLine(given)}: see "sallyport passkeys list".`
      : `You have ${found.length} passkeys that begin with ${oneLine(given)}: give more of its id.`,
  );
}

/** The gateway looks at what is in it. */
function answerOf(text: string): Parameters<ControlPlaneClient['removePasskey']>[0]['assertion'] {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Failure(exitCode.usage, 'What --assertion names is not JSON.', { cause });
  }
}
