/** The tour: the agent walks its steps through the gateway, and every step must come to what it should. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { publicKeyFile, verifyLog } from '@sallyport/audit-log';
import { createClient } from '@sallyport/contract';
import { verify } from '../commands/audit.ts';
import { replay } from '../commands/replay.ts';
import { sessions } from '../commands/sessions.ts';
import { exitCode, Failure } from '../failure.ts';
import { oneLine, type Terminal } from '../terminal.ts';
import { type Model, type Observation, runAgent } from './agent.ts';
import { DATABASE } from './data.ts';
import { connectTool } from './database-tool.ts';
import { followDecisions } from './decisions.ts';
import { createPeople } from './people.ts';
import { decided, masked, observed, type Shown, sideBySide, thinking, title } from './screen.ts';
import { ANSWER, type Step, steps } from './steps.ts';
import { TARGET, type World } from './world.ts';

export interface TourOptions {
  /** Time to read between steps, in milliseconds. */
  readonly pause: number;
}

/** Longest time for a session that was closed to be on record, and under a checkpoint, in milliseconds. */
const ENDING_MS = 10_000;

/** Rejects with a Failure that names the step that went otherwise. */
export async function tour(world: World, terminal: Terminal, options: TourOptions): Promise<void> {
  terminal.out(
    `The agent acts for Nora and asks ${TARGET} through Sallyport. Left: the agent. Right: what Sallyport put on record.`,
  );
  const { answer, sessionId } = await walk(world, terminal, options);
  title(terminal, 'answer');
  terminal.out(terminal.paint.good(answer));
  await showRecord(world, terminal, sessionId);
}

async function walk(world: World, terminal: Terminal, { pause }: TourOptions) {
  const people = createPeople(world);
  const decisionsSince = followDecisions(world.config.audit.directory);
  let asked: Promise<readonly string[]> = Promise.resolve([]);
  let current = -1;
  let thinkingNow = '';
  const step = (): Step => steps[current] as Step;
  const tool = await connectTool(
    { port: world.port, target: TARGET, database: DATABASE, token: read(world.tokenFile('agent')) },
    (notice) => {
      const requestId = /access request (\S+)/.exec(notice)?.[1];
      const will = step().people;
      if (requestId === undefined) return;
      if (will === undefined) {
        // Nobody is there to decide: better to fail now than to wait until the access request expires.
        void tool.close();
        return;
      }
      // A person who cannot decide would leave the agent waiting: the tour then fails, and says why.
      asked = people.decide(requestId, will).catch((error: unknown) => {
        void tool.close();
        return [`nobody could decide: ${error instanceof Error ? error.message : String(error)}`];
      });
    },
  );
  const sessionId = await ownSession(world);
  decisionsSince();
  try {
    const answer = await runAgent(scripted(), tool, {
      async thought(thought) {
        if (thought.kind === 'act') current += 1;
        thinkingNow = thought.thought;
        asked = Promise.resolve([]);
      },
      async observed(observation) {
        const [said, decisions] = [await asked, decisionsSince()];
        const right: readonly Shown[] = [
          ...observation.notices.map((notice): Shown => ({ text: oneLine(notice), paint: 'wait' })),
          ...said.map((text): Shown => ({ text: oneLine(text), paint: 'note' })),
          ...decisions.flatMap(decided),
          ...masked(observation),
        ];
        title(terminal, `${current + 1}. ${step().title}`);
        sideBySide(terminal, [...thinking(thinkingNow, step().sql), ...observed(observation)], right);
        const effects = decisions.map(({ effect }) => effect);
        const policies = decisions.flatMap((one) => one.policies);
        const problem = await step().check({ observation, policies, effects, asked: said, world });
        if (problem !== null)
          throw new Failure(exitCode.failed, `Step ${current + 1} (${step().title}): ${problem}.`);
        await wait(pause);
      },
    });
    return { answer, sessionId };
  } finally {
    await tool.close();
  }
}

/** Thinks what the script says, looking at what was seen last. */
function scripted(): Model {
  return {
    async next(seen: readonly Observation[]) {
      const step = steps[seen.length];
      if (step === undefined) return { kind: 'answer', thought: 'That is enough.', answer: ANSWER };
      return { kind: 'act', thought: step.thought(seen.at(-1)), sql: step.sql };
    },
  };
}

async function ownSession(world: World): Promise<string> {
  const [open] = (await auditor(world).listSessions({ open: true, limit: 1 })).sessions;
  if (open === undefined) throw new Failure(exitCode.failed, 'The session of the agent is not listed.');
  return open.id;
}

/** Sessions, the replay and the verification, by the same commands anyone would type. */
async function showRecord(world: World, terminal: Terminal, sessionId: string): Promise<void> {
  const options = { url: world.gateway.controlPlane, tokenFile: world.tokenFile('auditor') };
  await ended(world, sessionId);
  title(terminal, 'sallyport sessions');
  await sessions(options, terminal);
  title(terminal, `sallyport replay ${sessionId} --instant`);
  let replayed = '';
  await replay(
    sessionId,
    { ...options, instant: true },
    {
      ...terminal,
      out: (line) => {
        replayed += `${line}\n`;
        terminal.out(line);
      },
    },
  );
  for (const { sql, title: name } of steps) {
    const [start = ''] = sql.split('\n');
    if (!replayed.includes(start))
      throw new Failure(exitCode.failed, `Replay: the step "${name}" is not in the recording.`);
  }
  if (/4111111111111111|mara@mail|\+49 30/.test(replayed))
    throw new Failure(exitCode.failed, 'Replay: a masked value is in the recording.');
  title(terminal, `sallyport audit verify --data ${world.config.dataDirectory}`);
  await sealed(world.config.audit.directory);
  await verify({ data: world.config.dataDirectory }, terminal);
}

async function ended(world: World, sessionId: string): Promise<void> {
  const client = auditor(world);
  for (const deadline = Date.now() + ENDING_MS; Date.now() < deadline; await wait(50)) {
    if ((await client.getSession({ id: sessionId })).endedAt !== null) return;
  }
  throw new Failure(exitCode.failed, 'The session of the agent did not end after it disconnected.');
}

/** Waits for the signed checkpoint over everything, which comes within a second of the last entry. */
async function sealed(directory: string): Promise<void> {
  const key = read(join(directory, publicKeyFile));
  for (const deadline = Date.now() + ENDING_MS; Date.now() < deadline; await wait(100)) {
    const { entries, covered, problem } = await verifyLog(directory, key);
    if (covered === entries || problem !== null) return;
  }
  throw new Failure(exitCode.failed, 'Audit: the last entries were not put under a signed checkpoint.');
}

function auditor(world: World) {
  return createClient({ baseUrl: world.gateway.controlPlane, token: read(world.tokenFile('auditor')) });
}

function read(file: string): string {
  return readFileSync(file, 'utf8').trim();
}
