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
  addPasskeys(program, terminal);
}

const REMOVING = `
Removing one takes one of yours, so that a stolen token is not enough. A terminal has none: --challenge prints what a passkey is
used with (WebAuthn, PublicKeyCredentialRequestOptionsJSON; good once, for two minutes), and --assertion takes what it answered.
Whoever has none any more asks an administrator, who runs "sallyport passkeys reset".

Examples:
  sallyport passkeys remove 1f0c2d3e --challenge
  sallyport passkeys remove 1f0c2d3e --assertion answer.json

Exit codes: 0 done; 1 it could not be done; 2 arguments; 3 the gateway said no, or you have no such passkey`;

const RESETTING = `
For somebody who lost theirs: their next one is a first one again. Only administrators may, and nobody their own.

Example:
  sallyport passkeys reset 'company|7d0f…' --reason "lost the laptop"`;

function addPasskeys(program: Command, terminal: Terminal): void {
  const passkeys = program.command('passkeys').description('what you approve with where policy wants it');
  withControlPlane(passkeys.command('list').description('your passkeys'))
    .option('--json', 'as JSON')
    .action(async (options) => (await import('./commands/passkeys.ts')).list(options, terminal));
  withControlPlane(
    passkeys
      .command('remove')
      .description('remove one of your passkeys, proven with one of yours')
      .argument('<id>', 'its id as listed, or the beginning of it'),
  )
    .option('--challenge', 'print what to use a passkey with')
    .option('--assertion <file>', 'what the passkey answered, as JSON; "-" for standard input')
    .option('--json', 'as JSON')
    .addHelpText('after', REMOVING)
    .action(async (id, options) => (await import('./commands/passkeys.ts')).remove(id, options, terminal));
  withControlPlane(
    passkeys
      .command('reset')
      .description('remove every passkey of somebody else, for administrators')
      .argument('<subject>', 'whose, as access requests name them'),
  )
    .requiredOption('--reason <text>', 'why; kept in the audit log')
    .option('--json', 'as JSON')
    .addHelpText('after', RESETTING)
    .action(async (subject, options) =>
      (await import('./commands/passkeys.ts')).reset(subject, options, terminal),
    );
}
