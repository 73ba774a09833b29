import { type Command, InvalidArgumentError, Option } from 'commander';
import { withControlPlane } from './control-plane.ts';
import { addAuditSearch, withFolders } from './program-search.ts';
import type { Terminal } from './terminal.ts';

const EXAMPLES = `
Examples:
  sallyport audit verify --data ./data                     check the whole record, offline
  sallyport audit status --data ./data                     how many entries, how old the newest checkpoint is
  sallyport audit prove 1234 --out proof.json              proof of entry 1234, for somebody without the log
  sallyport audit prove 9f3c2a41d0e7b865.3 --from kept     by evaluation id, and that the log only grew since "kept"
  sallyport audit verify-proof proof.json --key log.pub    check it with the public key alone
  sallyport audit search --table shop.customers            who touched a table, newest first
  sallyport audit export --format ocsf --since 1000        entries for other tools, from the files
  sallyport audit exports                                  how far behind each configured export is
  sallyport audit rotate-key --data ./data                 give the log a new key; the gateway must be stopped

Exit codes: 0 sound or proven; 1 changed, damaged or not proven; 2 arguments that cannot be used.
The form of the log and of proofs is in docs/audit-log-format.md.`;

/** The commands about the audit log. */
export function addAudit(program: Command, terminal: Terminal): void {
  const audit = program
    .command('audit')
    .description('verify, prove, search and look at the audit log')
    .addHelpText('after', EXAMPLES);
  withLog(
    audit
      .command('verify')
      .description('check the audit log and every recording, offline, with the public key alone'),
  )
    .option(
      '--checkpoint <file>',
      'checkpoints kept elsewhere: proves that nothing under them was cut off or replaced',
    )
    .action(async (options) => (await import('./commands/audit.ts')).verify(options, terminal));
  withLog(
    audit.command('status').description('how the log stands: size, newest checkpoint, key, segments'),
  ).action(async (options) => (await import('./commands/audit-status.ts')).status(options, terminal));
  withLog(
    audit
      .command('prove')
      .description('make a proof of one entry, to be checked without the log')
      .argument('<entry>', 'its number (seq), or an evaluation id'),
  )
    .option('--from <file>', 'a checkpoint kept elsewhere: prove as well that the log only grew since')
    .option('--checkpoint <file>', 'prove under this checkpoint, such as a cosigned one, not the newest')
    .option('-o, --out <file>', 'write the proof there (default: standard output)')
    .action(async (entry, options) =>
      (await import('./commands/audit-prove.ts')).prove(entry, options, terminal),
    );
  addVerifyProof(audit, terminal);
  addExport(audit, terminal);
  addAuditSearch(audit, terminal);
  const rotate = audit
    .command('rotate-key')
    .description('give the log a new signing key, named by the old one; the gateway must be stopped');
  withFolders(rotate, './data')
    .option('--json', 'as JSON')
    .action(async (options) => (await import('./commands/audit-status.ts')).rotateKey(options, terminal));
}

function addExport(audit: Command, terminal: Terminal): void {
  const entries = audit
    .command('export')
    .description('print entries, one JSON object a line, from the files of the log');
  withFolders(entries, './data')
    .addOption(
      new Option('--format <format>', 'as in the log, or as OCSF events (docs/export.md)')
        .choices(['ndjson', 'ocsf'])
        .default('ndjson'),
    )
    .option('--since <seq>', 'the first entry (default: the first there is)', sequence)
    .option('--until <seq>', 'the last entry (default: the last there is)', sequence)
    .action(async (options) => (await import('./commands/audit-export.ts')).exportEntries(options, terminal));
  withControlPlane(
    audit
      .command('exports')
      .description('how the exports of the log are doing; exits 1 when one is further behind than it may be'),
  )
    .option('--json', 'as JSON')
    .action(async (options) => (await import('./commands/audit-export.ts')).status(options, terminal));
}

function sequence(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is the number of an entry, from 0.');
}

function addVerifyProof(audit: Command, terminal: Terminal): void {
  audit
    .command('verify-proof')
    .description('check a proof with the public key alone: no log, no network')
    .argument('<file>', 'the proof; - for standard input')
    .requiredOption('--key <key>', 'the public key of the log, or a file with it')
    .option('--from <file>', 'a checkpoint you kept: the proof must show that the log only grew since')
    .option('--witness <key...>', 'public keys of witnesses, or files with one on each line')
    .option('--quorum <n>', 'how many of the witnesses must have signed (default: all)', count)
    .option('--json', 'as JSON')
    .action(async (file, options) =>
      (await import('./commands/audit-verify-proof.ts')).checkProof(file, options, terminal),
    );
}

function withLog(command: Command): Command {
  return withFolders(command, './data')
    .option('--public-key <file>', 'the public key of the log (default: the one beside the log)')
    .option('--json', 'as JSON');
}

function count(text: string): number {
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a number of witnesses.');
}
