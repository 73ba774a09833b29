import { type Command, InvalidArgumentError } from 'commander';
import { withControlPlane } from './control-plane.ts';
import type { Terminal } from './terminal.ts';

/** Task tokens (docs/identity.md). */
export function addTaskToken(program: Command, terminal: Terminal): void {
  const token = program
    .command('task-token')
    .description('task tokens: good for the targets and actions they name');
  withControlPlane(
    token
      .command('exchange')
      .description('exchange an access token, or a task token, for a task token, and print that')
      .requiredOption('--target <name...>', 'the targets it is for')
      .requiredOption('--action <name...>', 'the actions it is for, or groups such as read'),
  )
    .option('--task <name>', 'the task (default: the one of the token)')
    .option('--operations <count>', 'most operations', whole)
    .option('--rows <count>', 'most rows', whole)
    .option('--approvals <count>', 'most access requests', whole)
    .option('--lifetime <seconds>', 'how long it is good', whole)
    .option('--instance <name>', 'what this instance of the agent is called, for the record')
    .option('--key-file <file>', 'bind it to this key, which is made when it is not there')
    .option('--json', 'the whole answer, as JSON')
    .action(async (options) => (await import('./commands/task-token.ts')).exchange(options, terminal));
  withControlPlane(
    token
      .command('proof')
      .description('print the password of one connection to PostgreSQL with a bound token')
      .requiredOption('--key-file <file>', 'the key the token is bound to')
      .requiredOption('--target <name>', 'the target')
      .requiredOption('--address <host:port>', 'where the client connects to'),
  ).action(async (options) => (await import('./commands/task-token.ts')).proof(options, terminal));
  withControlPlane(
    token
      .command('revoke')
      .description('end a task token you hold, and every token made from it; what is open with them ends'),
  )
    .option('--key-file <file>', 'the key the token is bound to')
    .action(async (options) => (await import('./commands/task-token.ts')).revoke(options, terminal));
  withControlPlane(
    token
      .command('rotate-key')
      .description(
        'have the gateway sign with a new key; tokens of the old one stay good until they are over',
      )
      .requiredOption('--reason <text>', 'why; kept in the audit log'),
  )
    .option('--json', 'the answer, as JSON')
    .action(async (options) => (await import('./commands/task-token.ts')).rotateKey(options, terminal));
  withControlPlane(token.command('inspect').description('show what a token says it is for; verifies nothing'))
    .option('--json', 'all claims, as JSON')
    .action(async (options) => (await import('./commands/task-token.ts')).inspect(options, terminal));
}

function whole(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a whole number.');
}
