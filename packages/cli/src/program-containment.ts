import { Argument, type Command, Option } from 'commander';
import { withControlPlane } from './control-plane.ts';
import type { Terminal } from './terminal.ts';

const KINDS = ['subject', 'actor', 'task', 'token', 'target', 'connector', 'session'];

const REVOKING = `
What has it is ended within a second, and nothing is let in with it again, also after a restart.

Examples:
  sallyport revoke subject alice@corp.example --reason "left"     a person, by any of their names, with all their agents
  sallyport revoke actor report-agent --reason "compromised"      an agent, whoever it acts for
  sallyport revoke task TICKET-17 --reason "done"                 what was given for one task
  sallyport revoke token --from leaked.txt --reason "leaked"      a token that is in a file; "-" for standard input
  sallyport revoke token 'company|7d0f…' --reason "leaked"        a token by its issuer and jti
  sallyport revoke target warehouse --reason "being restored"     a target, for everyone

Exit codes: 0 done; 1 in force but not written down everywhere, or not reached; 2 arguments; 3 the gateway said no`;

const QUARANTINING = `
A quarantine is a revocation that is meant to be lifted. What the name is of is told from who was here and which targets there
are; say --kind where it could be several.

Examples:
  sallyport quarantine report-agent --reason "odd queries at night"
  sallyport quarantine list
  sallyport quarantine lift rv-5f0c1a2b3c4d5e6f --reason "was a test"`;

/** The commands that let nothing in any more. */
export function addContainment(program: Command, terminal: Terminal): void {
  withControlPlane(
    program
      .command('revoke')
      .description(
        'let nothing in with a subject, actor, task, token or target any more, and end what has it',
      )
      .addArgument(new Argument('<kind>', 'what it is').choices(KINDS))
      .argument('[value]', 'its name; of a token its id'),
  )
    .option('--from <file>', 'a file with the token itself, "-" for standard input')
    .requiredOption('--reason <text>', 'why; kept in the audit log and told to those it ends')
    .option('--json', 'as JSON')
    .addHelpText('after', REVOKING)
    .action(async (kind, value, options) =>
      (await import('./commands/revoke.ts')).revoke(kind, value, options, terminal),
    );
  const quarantine = withControlPlane(
    program
      .command('quarantine')
      .description(
        'let nothing in with a subject, an actor, a target or another name until that is lifted; list what is revoked; lift it',
      )
      .argument('<value>', 'the name'),
  )
    .addOption(new Option('--kind <kind>', 'what it is the name of').choices(KINDS))
    .option('--reason <text>', 'why; required, kept in the audit log and told to those it ends')
    .option('--json', 'as JSON')
    .addHelpText('after', QUARANTINING)
    .action(async (value, options) =>
      (await import('./commands/revoke.ts')).quarantine(value, options, terminal),
    );
  withControlPlane(
    quarantine
      .command('list')
      .description('what is revoked now, quarantines and others')
      .option('--json', 'as JSON'),
  ).action(async (_own, command) =>
    (await import('./commands/revoke.ts')).listRevocations(command.optsWithGlobals(), terminal),
  );
  withControlPlane(
    quarantine
      .command('lift')
      .description('let it in again')
      .argument('<id>', 'the revocation')
      .option('--reason <text>', 'why; required, kept in the audit log')
      .option('--json', 'as JSON'),
  ).action(async (id, _own, command) =>
    (await import('./commands/revoke.ts')).liftRevocation(id, command.optsWithGlobals(), terminal),
  );
}
