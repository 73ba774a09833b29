import type { Command } from 'commander';
import { withControlPlane } from './control-plane.ts';
import type { Terminal } from './terminal.ts';

/** The commands about how people are told, and what they prove with. */
export function addPeople(program: Command, terminal: Terminal): void {
  const notify = program.command('notify').description('channels that tell people what waits for them');
  withControlPlane(
    notify
      .command('test')
      .description('send one message that asks for nothing')
      .argument('<channel>', 'its name in the configuration'),
  ).action(async (channel, options) =>
    (await import('./commands/people.ts')).testChannel(channel, options, terminal),
  );
  const slack = program.command('slack').description('decide in Slack as yourself');
  withControlPlane(
    slack
      .command('link')
      .description('link the Slack user that was shown this code to you; never a code somebody gave you')
      .argument('<code>', 'what Slack showed'),
  ).action(async (code, options) =>
    (await import('./commands/people.ts')).linkSlack(code, options, terminal),
  );
  withControlPlane(slack.command('unlink').description('end every link of a Slack user to you')).action(
    async (options) => (await import('./commands/people.ts')).unlinkSlack(options, terminal),
  );
  const passkeys = program.command('passkeys').description('what you approve with where policy wants it');
  withControlPlane(passkeys.command('list').description('your passkeys'))
    .option('--json', 'as JSON')
    .action(async (options) => (await import('./commands/people.ts')).listPasskeys(options, terminal));
}
