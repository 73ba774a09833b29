import { asking, type ControlPlaneOptions } from '../control-plane.ts';
import { table } from '../table.ts';
import { jsonText, oneLine, type Terminal } from '../terminal.ts';
import { moment } from '../time.ts';

/** Sends one message that asks for nothing. */
export async function testChannel(
  channel: string,
  options: ControlPlaneOptions,
  terminal: Terminal,
): Promise<void> {
  await asking(options, terminal, (client) => client.testChannel({ channel }));
  terminal.out(`${terminal.paint.good('sent')} a test to ${oneLine(channel)}`);
}

/** Links the Slack user who was shown this code to whoever runs it. */
export async function linkSlack(
  code: string,
  options: ControlPlaneOptions,
  terminal: Terminal,
): Promise<void> {
  const { slackUser, slackName, expiresAt } = await asking(options, terminal, (client) =>
    client.linkSlack({ code }),
  );
  const who = `${oneLine(slackName)} (${oneLine(slackUser)})`;
  terminal.out(`${terminal.paint.good('linked')} ${who} to you until ${moment(expiresAt)} UTC`);
}

export async function unlinkSlack(options: ControlPlaneOptions, terminal: Terminal): Promise<void> {
  const { removed } = await asking(options, terminal, (client) => client.unlinkSlack({}));
  terminal.out(removed === 0 ? 'No Slack user was linked to you.' : `ended ${removed} of your links`);
}

export async function listPasskeys(
  options: ControlPlaneOptions & { readonly json?: boolean },
  terminal: Terminal,
): Promise<void> {
  const { passkeys } = await asking(options, terminal, (client) => client.listPasskeys());
  if (options.json === true) return terminal.out(jsonText(passkeys, 2));
  if (passkeys.length === 0) return terminal.err('You have no passkey: register one in the console.');
  const rows = passkeys.map(({ id, name, createdAt, usedAt }) => [
    id.slice(0, 16),
    oneLine(name),
    moment(createdAt),
    usedAt === null ? '-' : moment(usedAt),
  ]);
  for (const line of table(terminal, ['ID', 'NAME', 'ADDED', 'LAST USED'], rows)) terminal.out(line);
}
