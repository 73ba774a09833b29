import { type Command, InvalidArgumentError } from 'commander';
import type { Terminal } from './terminal.ts';

const EXAMPLES = `
Examples:
  sallyport policy check policies                          is the set good, and what in it is suspicious
  sallyport policy test policies                           run the cases beside the policies
  sallyport policy explain -c sallyport.yaml -t warehouse -d shop --as 'company|nora' -g agents 'SELECT * FROM orders'
  sallyport policy simulate -c sallyport.yaml --policies changed --since 30d
  sallyport policy suggest -c sallyport.yaml --actor react-agent-1 --since 30d
  sallyport policy catalog warehouse shop -c sallyport.yaml > catalog.json
  sallyport policy eval -c sallyport.yaml < questions.ndjson

None of them changes anything, sends a statement to a target, or writes to the record. See docs/policy-tools.md.`;

/** The commands about policies. */
export function addPolicy(program: Command, terminal: Terminal): void {
  const policy = program
    .command('policy')
    .description('check, test, explain, simulate and suggest policies')
    .addHelpText('after', EXAMPLES);
  addReading(policy, terminal);
  addJudging(policy, terminal);
  addHistory(policy, terminal);
}

function addReading(policy: Command, terminal: Terminal): void {
  policy
    .command('check')
    .description('check a policy directory as the gateway would')
    .argument('<dir>', 'the directory with .cedar files')
    .option('--strict', 'what is only suspicious fails too')
    .option('--json', 'as JSON')
    .action(async (dir, options) =>
      (await import('./commands/policy/check.ts')).checkPolicies(dir, options, terminal),
    );
  policy
    .command('test')
    .description('run the cases beside the policies: cases.yaml, *.cases.yaml, *.cases.ndjson')
    .argument('[dir]', 'the directory with .cedar files and cases', 'policies')
    .option('--json', 'one result a line, as JSON, and a summary')
    .action(async (dir, options) =>
      (await import('./commands/policy/test-cases.ts')).testPolicies(dir, options, terminal),
    );
  policy
    .command('catalog')
    .description("print the names a target's database has, for commands that run where it cannot be reached")
    .argument('<target>', 'the target, as in the configuration')
    .argument('[database]', 'the database (default: the one a client gets that names none)')
    .requiredOption('-c, --config <file>', 'the configuration')
    .action(async (target, database, options) =>
      (await import('./commands/policy/catalog.ts')).catalog(target, database, options, terminal),
    );
}

function addJudging(policy: Command, terminal: Terminal): void {
  withBenchOptions(
    policy
      .command('explain')
      .description('what one statement does, what each policy says to it, and what would permit it')
      .argument('[statement]', 'the statement, or "-" to read it from standard input', '-'),
  )
    .requiredOption('-t, --target <name>', 'the target')
    .option('-d, --database <name>', 'the database')
    .requiredOption('--as <subject>', 'on whose authority: "<issuer name>|<sub>"')
    .option('-g, --group <name>', 'a group of the subject; again for more', oneMore)
    .option('--actor <name>', 'the agent instance that acts')
    .option('--task <name>', 'the task it acts for')
    .option('--person', 'a person, known to be one, is at the client')
    .option('--approved <group>', 'take this group to have approved; again for more', oneMore)
    .option('--json', 'as JSON')
    .action(async (statement, options) =>
      (await import('./commands/policy/explain.ts')).explain(statement, options, terminal),
    );
  withBenchOptions(
    policy
      .command('eval')
      .description('judge many: questions as lines of JSON on standard input, answers in the same order')
      .addHelpText('after', EVAL_HELP),
  ).action(async (options) => (await import('./commands/policy/eval.ts')).evaluate(options, terminal));
}

/** An option that may be given again. Not one that takes several words: it would take the statement as well. */
function oneMore(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value];
}

const EVAL_HELP = `
A question is {"id", "subject", "groups", "target", "database", "statement"}, and if wanted "actor", "task", "person",
"secure", "approvals" ([{"group", "seats"}] or names, taken as given) and "session" (lines of one session share its
search path, prepared statements and the like). An answer is {"id", "effect": "permit"|"deny"|"hold", "policies",
"objects", "actions", "undetermined", "reason", "catalog"}. A line that cannot be judged is denied with a reason and
"error"; the others go on.`;

function addHistory(policy: Command, terminal: Terminal): void {
  policy
    .command('simulate')
    .description(
      'judge what was recorded by a changed policy set: what would be denied, held or permitted now',
    )
    .requiredOption('-c, --config <file>', 'the configuration')
    .requiredOption('--policies <dir>', 'the changed policy directory')
    .option(
      '--catalog <where>',
      'live, assumed, or a file of "policy catalog" (default: live where it can be)',
    )
    .option('--since <when>', 'sessions from then on: 30d, 12h, or a date', '30d')
    .option('--until <when>', 'sessions before then')
    .option('--actor <name>', 'only this agent instance')
    .option('--subject <subject>', 'only this subject')
    .option('--target <name>', 'only this target')
    .option('--show-text', 'show statements with their values; without it, their forms')
    .option('--json', 'as JSON')
    .action(async (options) => (await import('./commands/policy/simulate.ts')).simulate(options, terminal));
  policy
    .command('suggest')
    .description('the least policy for what somebody really used, as a diff, proven by a simulation')
    .requiredOption('-c, --config <file>', 'the configuration')
    .option('--actor <name>', 'the agent instance')
    .option('--subject <subject>', 'the subject')
    .option(
      '--catalog <where>',
      'live, assumed, or a file of "policy catalog" (default: live where it can be)',
    )
    .option('--since <when>', 'sessions from then on: 30d, 12h, or a date', '30d')
    .option('--until <when>', 'sessions before then')
    .option('--json', 'as JSON')
    .action(async (options) => {
      if ((options.actor === undefined) === (options.subject === undefined))
        throw new InvalidArgumentError('Give one of --actor and --subject.');
      await (await import('./commands/policy/suggest.ts')).suggest(options, terminal);
    });
}

function withBenchOptions(command: Command): Command {
  return command
    .requiredOption('-c, --config <file>', 'the configuration')
    .option('--policies <dir>', 'a policy directory instead of the one of the configuration')
    .option(
      '--catalog <where>',
      'live, assumed, or a file of "policy catalog" (default: live where it can be)',
    );
}
