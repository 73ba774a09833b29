/** Masking against everything that is known to get round masking, on a real server, over every byte that came. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { inspect } from 'node:util';
import type { RawClient } from '../fixtures/raw-postgres.ts';
import type { Attack } from './attack.ts';
import { carryOut, type Mode, pagesOf, type Reply, toldBy } from './conversation.ts';
import { KNOWN_ENDS, KNOWN_LEAKS } from './known-leaks.ts';
import { filesOf, isRecording, logPage, pagesIn } from './records.ts';
import { Searcher } from './searcher.ts';
import { attacks } from './statements/index.ts';
import { type LeakWorld, startLeakWorld } from './world.ts';

const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);
const READERS = 3;
/** What changes something waits for its turn on one connection, so that no two wait for each other's locks. */
const CHANGES = /^\s*(?!select|values|table|fetch|declare|show|explain)/i;

let world: LeakWorld;
/** Recordings of sessions that got values, which have them too. */
let tainted: (path: string) => boolean = () => false;
let searcher: Searcher;
before(async () => {
  world = await startLeakWorld(SEED);
  searcher = new Searcher(world.canaries);
});
after(() => world.close());

/** After a definition the catalog is read anew, which takes its time: what comes of it is asked for once. */
const DEFINES = /^\s*(?:create|alter|comment|analyze)/i;
const everyMode = ({ texts }: Attack): readonly Mode[] =>
  texts.some((text) => DEFINES.test(text)) ? ['simple'] : ['simple', 'extended'];
/** Of the server itself the binary format is asked only where the reply is compared with the gateway's. */
const proofModes = (attack: Attack): readonly Mode[] =>
  attack.told === 'by-reply' ? everyMode(attack) : ['simple'];

/** Carries out attacks over a few connections; `judge` gets what came of each. */
async function carryOutAll(
  list: readonly Attack[],
  modesOf: (attack: Attack) => readonly Mode[],
  open: () => Promise<RawClient>,
  judge: (attack: Attack, mode: Mode, reply: Reply) => void,
): Promise<void> {
  const changing = list.filter(({ texts }) => texts.some((text) => CHANGES.test(text)));
  const reading = list.filter((attack) => !changing.includes(attack));
  const lanes = [changing];
  for (let lane = 0; lane < READERS; lane += 1) lanes.push(reading.filter((_, i) => i % READERS === lane));
  await Promise.all(
    lanes.map(async (lane) => {
      let client = await open();
      for (const attack of lane) {
        for (const mode of modesOf(attack)) {
          if (client.closed) client = await open();
          judge(attack, mode, await carryOut(client, attack, mode));
        }
      }
      client.close();
    }),
  );
}

const isKnown = ({ name, group }: Attack): boolean =>
  KNOWN_LEAKS.some((known) => known.groups?.includes(group) || known.attacks?.includes(name));

const direct = new Map<string, Reply>();
const inMode = ({ name }: Attack, mode: Mode): string => `${mode} ${name}`;

function leakOf(attack: Attack, mode: Mode, reply: Reply): string | null {
  const [hit] = searcher.find(...pagesOf(reply));
  if (hit !== undefined) return `${hit.canary.where} in ${hit.disguise}`;
  if (attack.expect === 'denied' && reply.refusals.length === 0) return 'it was not denied';
  const alike =
    attack.told === 'by-reply' && toldBy(reply) === toldBy(direct.get(inMode(attack, mode)) as Reply);
  return alike ? 'the reply tells it' : null;
}

test('every attack gets at something on the server itself, so it is one [masking.leak-proof]', async (t) => {
  t.diagnostic(`SEED=${SEED}`);
  const void_: string[] = [];
  await carryOutAll(attacks, proofModes, world.openDirect, (attack, mode, reply) => {
    direct.set(inMode(attack, mode), reply);
    if (mode === 'extended') return;
    const tells = attack.told === 'by-reply' || attack.expect === 'denied';
    const leaks = tells ? toldBy(reply) !== '[]' : searcher.find(...pagesOf(reply)).length > 0;
    if (!leaks) void_.push(`${attack.name}: ${reply.failures.join('; ')}`);
  });
  assert.deepEqual(void_, []);
});

test('no value gets to the client, whatever it asks [masking.leak-suite]', async (t) => {
  t.diagnostic(`SEED=${SEED}`);
  const leaking = new Map<string, string>();
  const ended: string[] = [];
  let refused = 0;
  const judge = (attack: Attack, mode: Mode, reply: Reply): void => {
    const leak = leakOf(attack, mode, reply);
    if (reply.refusals.length > 0) refused += 1;
    if (reply.ended && !KNOWN_ENDS.has(attack.name))
      ended.push(`${mode} ${attack.name}: ${reply.failures.join('; ')}`);
    if (leak !== null) leaking.set(attack.name, `${mode}: ${leak}`);
  };
  const data = join(world.directory, 'data');
  await carryOutAll(
    attacks.filter((attack) => !isKnown(attack)),
    everyMode,
    world.open,
    judge,
  );
  const clean = new Set(filesOf(data));
  tainted = (path) => isRecording(path) && !clean.has(path);
  await carryOutAll(attacks.filter(isKnown), everyMode, world.open, judge);
  t.diagnostic(`${attacks.length} attacks, refused ${refused} of ${attacks.length * 2} times`);
  const known = attacks.filter(isKnown).map(({ name }) => name);
  const unknown = [...leaking].filter(([name]) => !known.includes(name));
  const mended = known.filter((name) => !leaking.has(name));
  assert.deepEqual({ unknown, mended, ended }, { unknown: [], mended: [], ended: [] });
});

test('no value gets into what the gateway keeps [masking.leak-records]', async () => {
  await world.gateway.close();
  const data = join(world.directory, 'data');
  const files = filesOf(data).filter((path) => !tainted(path));
  assert.ok(files.filter(isRecording).length >= 4, 'there are recordings to search');
  const found = files.flatMap((path) =>
    searcher.find(...pagesIn(path)).map(({ canary, disguise }) => `${path}: ${canary.where} in ${disguise}`),
  );
  assert.deepEqual(found, []);
  const log = logPage(data);
  assert.ok(log.length > 100_000, 'there is a log to search');
  assert.deepEqual(searcher.find(log, Buffer.from(inspect(world.faults, { depth: 8 }))), []);
});
