import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { withControlPlane } from './control-plane.ts';
import { exitCode, Failure } from './failure.ts';
import { addApprovals } from './program-approvals.ts';
import { addAudit } from './program-audit.ts';
import { addContainment } from './program-containment.ts';
import { addPeople } from './program-people.ts';
import { addPolicy } from './program-policy.ts';
import { addRecordings } from './program-recordings.ts';
import { withFilters, withFolders } from './program-search.ts';
import { addSignIn } from './program-sign-in.ts';
import { addTaskToken } from './program-task-token.ts';
import { oneLine, someLines, type Terminal } from './terminal.ts';

const EXAMPLES = `
Examples:
  sallyport init                             write a commented sallyport.yaml and the starter policies
  sallyport start --config sallyport.yaml    run the gateway
  sallyport login                            sign in, for the commands that follow
  sallyport requests                         what waits for approval
  sallyport approve ar-1f0c… --reason "ok"   approve one
  sallyport grants                           what was approved for a time
  sallyport reviews                          what was done without waiting, to be reviewed
  sallyport sessions --open                  who is connected
  sallyport sessions kill 3f9a… --reason "…"  end one now
  sallyport revoke actor report-agent --reason "…"  end all it has, and let it in no more
  sallyport quarantine report-agent --reason "…"    the same, until it is lifted
  sallyport replay 3f9a… --speed 4           play a recording, four times as fast
  sallyport recordings export 3f9a… --format csv   a recording as a file of another kind
  sallyport audit verify --data ./data       check the record, offline
  sallyport audit prove 1234 --out p.json    proof of one entry, for somebody without the log
  sallyport audit export --format ocsf       the audit log for other tools
  sallyport audit search --table customers   who touched a table
  sallyport policy explain --help            what a statement does, and what policy says to it

Signing in:
  "sallyport login" keeps a login for the commands that follow. Otherwise the access token of whoever asks comes from
  --token-file FILE, SALLYPORT_TOKEN_FILE, ~/.config/sallyport/token, or standard input with --token-file -. It is never an argument: every process could read it there.

Exit codes:
  0 done   1 tried and failed   2 not tried: arguments or configuration   3 the gateway said no`;

/** Every command and option. Commands are loaded when they run, so that help is quick. */
export function createProgram(terminal: Terminal): Command {
  const program = new Command('sallyport')
    .description('A guarded door between AI agents and the infrastructure they reach.')
    .version('0.1.0')
    .addHelpText('after', EXAMPLES)
    .showHelpAfterError('(try --help)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text.replace(/\n$/, '')),
      writeErr: (text) => terminal.err(text.replace(/\n$/, '')),
    });
  addGateway(program, terminal);
  addSignIn(program, terminal);
  addApprovals(program, terminal);
  addRecord(program, terminal);
  addContainment(program, terminal);
  addAudit(program, terminal);
  addRecordings(program, terminal);
  addPeople(program, terminal);
  addPolicy(program, terminal);
  addClassify(program, terminal);
  addTaskToken(program, terminal);
  return program;
}

const CLASSIFYING = `
Reads at most --sample rows of each table with the connector's own credential, in read-only transactions, and looks at
values, column names and comments. No value is ever shown. Columns that are classified already are left out.

Examples:
  sallyport classify warehouse -c sallyport.yaml                 what to add, as a table and a diff
  sallyport classify warehouse -c sallyport.yaml --schema shop   of one schema
  sallyport classify warehouse -c sallyport.yaml --write         add it

Exit codes: 0 done, also when there is nothing to add; 1 the target cannot be read; 2 arguments or configuration`;

function addClassify(program: Command, terminal: Terminal): void {
  program
    .command('classify')
    .description('look for columns of a database that should be classified, and propose a class for each')
    .argument('<target>', 'the target, as in the configuration')
    .requiredOption('-c, --config <file>', 'the configuration')
    .option('-d, --database <name>', 'the database (default: the one a client gets that names none)')
    .option('--schema <name>', 'only tables of this schema')
    .option('--sample <rows>', 'most rows read of each table, up to 10000', sampleRows, 200)
    .option('--json', 'as JSON')
    .option('--write', 'add what is proposed to the configuration file')
    .addHelpText('after', CLASSIFYING)
    .action(async (target, options) =>
      (await import('./commands/classify.ts')).classify(target, options, terminal),
    );
}

function sampleRows(text: string): number {
  const rows = Number(text);
  if (Number.isInteger(rows) && rows >= 1 && rows <= 10_000) return rows;
  throw new InvalidArgumentError('It is a number of rows from 1 to 10000.');
}

function addGateway(program: Command, terminal: Terminal): void {
  program
    .command('start')
    .description('run the gateway; SIGTERM and SIGINT stop it, SIGHUP reads the policies again')
    .requiredOption('-c, --config <file>', 'the configuration (docs/configuration.md)')
    .action(async (options) => (await import('./commands/start.ts')).start(options, terminal));
  program
    .command('init')
    .description('write a commented configuration and the starter policies; never overwrites')
    .argument('[file]', 'where', 'sallyport.yaml')
    .option('--pack <name...>', 'these packs instead of the starter policies (docs/policy-tools.md)')
    .action(async (file, options) => (await import('./commands/init.ts')).init(file, options, terminal));
  program
    .command('demo')
    .description(
      'a real PostgreSQL, a real OIDC provider, the gateway, and an agent that explores through it',
    )
    .option('--tour', 'run the tour unattended; exit 0 only if every step had the expected outcome')
    .option('--keep', 'keep the temporary folder: configuration, policies, audit log, recordings')
    .action(async (options) => (await import('./commands/demo.ts')).demo(options, terminal));
}

function addRecord(program: Command, terminal: Terminal): void {
  const sessions = program
    .command('sessions')
    .description(
      'list sessions, newest first; for auditors, with --all or a filter, those of the whole audit log',
    )
    .option('--open', 'only those that are open')
    .option('--all', 'every session in the audit log that has what is asked for somewhere in it')
    .option('--json', 'as JSON');
  withFilters(withFolders(withControlPlane(sessions), 'ask the gateway')).action(async (options) =>
    (await import('./commands/sessions.ts')).sessions(options, terminal),
  );
  withControlPlane(
    sessions
      .command('kill')
      .description(
        'end one open session now, or all that have every name given, on whichever gateway; what is under way is cancelled',
      )
      .argument('[id]', 'the session, as "sallyport sessions" has it'),
  )
    .option('--subject <name>', 'those of this person or service')
    .option('--actor <name>', 'those of this agent')
    .option('--task <name>', 'those for this task')
    .option('--target <name>', 'those at this target')
    .option('--all', 'every one')
    .requiredOption('--reason <text>', 'why; kept in the audit log and told to the client')
    .action(async (id, _own, command) =>
      (await import('./commands/sessions.ts')).kill(id, command.optsWithGlobals(), terminal),
    );
}

/** Runs one command line; gives the exit code. Never rejects, and never shows a stack. */
export async function runProgram(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    await createProgram(terminal).parseAsync([...args], { from: 'user' });
    return exitCode.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage;
    const { message, code } = wordsOf(error);
    for (const line of message) terminal.err(terminal.paint.bad(line));
    return code;
  }
}

function wordsOf(error: unknown): { readonly message: readonly string[]; readonly code: number } {
  if (error instanceof Failure) return { message: someLines(error.message), code: error.code };
  if (error instanceof Error && 'code' in error) {
    const usage = error.code === 'config-invalid' || error.code === 'policy-invalid';
    return { message: someLines(error.message), code: usage ? exitCode.usage : exitCode.failed };
  }
  return {
    message: [oneLine(error instanceof Error ? error.message : String(error))],
    code: exitCode.failed,
  };
}
