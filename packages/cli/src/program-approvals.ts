import { type Command, InvalidArgumentError, Option } from 'commander';
import { withControlPlane } from './control-plane.ts';
import type { Terminal } from './terminal.ts';

/** Access requests, grants and reviews. */
export function addApprovals(program: Command, terminal: Terminal): void {
  addRequests(program, terminal);
  addApprove(program, terminal);
  addDeny(program, terminal);
  addGrants(program, terminal);
  addReviews(program, terminal);
}

const REQUESTS = `
Examples:
  sallyport requests                                 what waits for you
  sallyport requests show ar-1f…                     exactly what would run, what it touches, who asks and why
  sallyport requests approve ar-1f… --reason "ok"    once
  sallyport requests approve ar-1f… --grant 30m      and again for 30 minutes, where policy permits that
  sallyport requests deny ar-1f… --reason "no"       the reason is told to whoever asked
  sallyport requests cancel ar-1f…                   it is not wanted any more

Exit codes: 0 done; 1 the gateway cannot be reached; 2 arguments; 3 the gateway said no`;

function addRequests(program: Command, terminal: Terminal): void {
  const requests = withControlPlane(
    program
      .command('requests')
      .description('list what waits for approval, or show one access request with exactly what would run')
      .argument('[id]', 'one access request'),
  )
    .option('--all', 'decided ones too')
    .option('--json', 'as JSON')
    .addHelpText('after', REQUESTS)
    .action(async (id, options) => (await import('./commands/requests.ts')).requests(id, options, terminal));
  requests
    .command('list')
    .description('list what waits for approval')
    .action(async (_own, command) =>
      (await import('./commands/requests.ts')).requests(undefined, command.optsWithGlobals(), terminal),
    );
  requests
    .command('show')
    .description('show one with exactly what would run')
    .argument('<id>', 'the access request')
    .action(async (id, _own, command) =>
      (await import('./commands/requests.ts')).requests(id, command.optsWithGlobals(), terminal),
    );
  addApprove(requests, terminal);
  addDeny(requests, terminal);
  requests
    .command('cancel')
    .description('cancel an access request of your own, or of your agent')
    .argument('<id>', 'the access request')
    .action(async (id, _own, command) =>
      (await import('./commands/decide.ts')).cancel(id, command.optsWithGlobals(), terminal),
    );
}

function addApprove(under: Command, terminal: Terminal): void {
  decision(under, 'approve', 'approve an access request')
    .option('--reason <text>', 'why; kept with the decision')
    .option(
      '--grant <time>',
      'also for doing it again, such as 30m or 2h, up to what policy permits',
      seconds,
    )
    .action(async (id, _own, command) =>
      (await import('./commands/decide.ts')).approve(id, command.optsWithGlobals(), terminal),
    );
}

function addDeny(under: Command, terminal: Terminal): void {
  decision(under, 'deny', 'deny an access request')
    .requiredOption('--reason <text>', 'why; told to whoever asked')
    .action(async (id, _own, command) =>
      (await import('./commands/decide.ts')).deny(id, command.optsWithGlobals(), terminal),
    );
}

/** Below `requests` the options of that serve; by itself it has them. */
function decision(under: Command, name: string, what: string): Command {
  const command = under.command(name).description(what).argument('<id>', 'the access request');
  return under.name() === 'requests' ? command : withControlPlane(command).option('--json', 'as JSON');
}

function addGrants(program: Command, terminal: Terminal): void {
  const grants = withControlPlane(
    program.command('grants').description('what people approved for a time, and stands now'),
  )
    .option('--past', 'also those that are over')
    .option('--json', 'as JSON')
    .action(async (options) => (await import('./commands/grants.ts')).grants(options, terminal));
  grants
    .command('list')
    .description('list them')
    .action(async (_own, command) =>
      (await import('./commands/grants.ts')).grants(command.optsWithGlobals(), terminal),
    );
  grants
    .command('revoke')
    .description('end a grant now; what is under way on it is cancelled')
    .argument('<id>', 'the grant')
    .requiredOption('--reason <text>', 'why; kept in the audit log')
    .action(async (id, _own, command) =>
      (await import('./commands/grants.ts')).revoke(id, command.optsWithGlobals(), terminal),
    );
}

function addReviews(program: Command, terminal: Terminal): void {
  const reviews = withControlPlane(
    program
      .command('reviews')
      .description('what people did without waiting for approval (break glass), for others to review'),
  )
    .option('--past', 'also those that are closed')
    .option('--json', 'as JSON')
    .action(async (options) => (await import('./commands/reviews.ts')).reviews(options, terminal));
  reviews
    .command('list')
    .description('list them')
    .action(async (_own, command) =>
      (await import('./commands/reviews.ts')).reviews(command.optsWithGlobals(), terminal),
    );
  reviews
    .command('show')
    .description('show one with exactly what ran')
    .argument('<id>', 'the review')
    .action(async (id, _own, command) =>
      (await import('./commands/reviews.ts')).review(id, command.optsWithGlobals(), terminal),
    );
  reviews
    .command('close')
    .description('close a review of what somebody else did')
    .argument('<id>', 'the review')
    .addOption(
      new Option('--verdict <verdict>', 'what you found')
        .choices(['justified', 'not-justified'])
        .makeOptionMandatory(),
    )
    .requiredOption('--words <text>', 'what you found, in your words; kept with the review')
    .action(async (id, _own, command) =>
      (await import('./commands/reviews.ts')).close(id, command.optsWithGlobals(), terminal),
    );
}

/** `90s`, `30m`, `2h`, `1d` as seconds. */
export function seconds(text: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,6})(s|m|h|d)$/.exec(text) ?? [];
  const one = { s: 1, m: 60, h: 3_600, d: 86_400 }[unit];
  if (one === undefined || Number(digits) < 1)
    throw new InvalidArgumentError('It is a time such as 90s, 30m, 2h or 1d.');
  return Number(digits) * one;
}
