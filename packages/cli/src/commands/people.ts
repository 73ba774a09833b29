import { asking, type ControlPlaneOptions } from '../control-plane.ts';
import { oneLine, type Terminal } from '../terminal.ts';
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
