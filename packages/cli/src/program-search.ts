import { type Command, InvalidArgumentError, Option } from 'commander';
import { withControlPlane } from './control-plane.ts';
import type { Terminal } from './terminal.ts';

const SEARCHING = `
Everything given has to be so. Asks the gateway, which answers auditors only; with --data or --config it reads the files
instead. What is found is read from the audit log; that nothing was changed in it is for "sallyport audit verify" to say.

Examples:
  sallyport audit search --table shop.customers --since 7d
  sallyport audit search --subject 'corp|nora' --effect deny --json
  sallyport audit search --text "delete orders" --data ./data`;

/** Searching the audit log, and making its index anew. */
export function addAuditSearch(audit: Command, terminal: Terminal): void {
  const search = audit
    .command('search')
    .description('find decisions and logins in the audit log, newest first');
  withFilters(withFolders(withControlPlane(search), 'ask the gateway'))
    .option('--json', 'as JSON')
    .addHelpText('after', SEARCHING)
    .action(async (options) =>
      (await import('./commands/audit-search.ts')).searchOperations(options, terminal),
    );
  const reindex = audit
    .command('reindex')
    .description('make the index for searching anew from the audit log; a gateway may go on running');
  withFolders(reindex, './data').action(async (options) =>
    (await import('./commands/search-files.ts')).reindex(options, terminal),
  );
}

/** Where the files of a gateway are, for commands that need no gateway. */
export function withFolders(command: Command, fallback: string): Command {
  return command
    .option('--data <dir>', `the data directory (default: ${fallback})`)
    .option('-c, --config <file>', 'a configuration to take the folders from instead');
}

/** What can be looked for, of operations and of sessions. */
export function withFilters(command: Command): Command {
  return command
    .option('--subject <name>', 'of this subject')
    .option('--actor <name>', 'of this agent')
    .option('--task <name>', 'for this task')
    .option('--target <name>', 'at this target')
    .option('--table <name>', 'that touch this table: table, schema.table or database.schema.table')
    .option('--action <name>', 'with this action, such as select')
    .addOption(new Option('--effect <effect>', 'permits only, or denies only').choices(['permit', 'deny']))
    .option('--policy <id>', 'that this policy decided')
    .option('--text <words>', 'whose form holds each of these words')
    .option('--since <time>', 'from then on: 2026-03-01, 2026-03-01T12:00:00Z, or 30m, 12h, 7d ago', timeOf)
    .option('--until <time>', 'before then', timeOf)
    .option('--limit <rows>', 'most rows, up to 500', rowsOf)
    .option('--cursor <cursor>', 'go on where the page before ended');
}

function rowsOf(text: string): number {
  const rows = Number(text);
  if (Number.isInteger(rows) && rows >= 1 && rows <= 500) return rows;
  throw new InvalidArgumentError('It is a number of rows from 1 to 500.');
}

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A time as ISO 8601 in UTC. A date is its beginning, in UTC. */
function timeOf(text: string): string {
  const ago = /^(\d{1,6})([mhd])$/.exec(text);
  if (ago !== null) return new Date(Date.now() - Number(ago[1]) * (UNITS[ago[2] ?? ''] ?? 0)).toISOString();
  const time = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?Z)?$/.test(text)
    ? Date.parse(text)
    : NaN;
  if (Number.isFinite(time)) return new Date(time).toISOString();
  throw new InvalidArgumentError(
    'Give 2026-03-01, 2026-03-01T12:00:00Z, or how long ago, such as 30m, 12h or 7d.',
  );
}
