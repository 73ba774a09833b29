/** Masking against everything that is known to get round masking, on a real server, over every byte that came. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { inspect } from 'node:util';
import type { RawClient } from '../fixtures/raw-postgres.ts';
import type { Attack } from './attack.ts';
import { type Mode, pagesOf, type Reply, toldBy } from './conversation.ts';
import { KNOWN_LEAKS, KNOWN_WITH_PROBE, type KnownLeak } from './known-leaks.ts';
import { carryOutAll, carryOutInTurn, everyMode, proofModes } from './lanes.ts';
import { filesOf, isRecording, logPage, pagesIn } from './records.ts';
import { Searcher } from './searcher.ts';
import { attacks } from './statements/index.ts';
import { type LeakWorld, startLeakWorld } from './world.ts';

const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);

let world: LeakWorld;
/** Recordings of sessions that got values, which have them too. */
const tainted = new Set<string>();
let searcher: Searcher;
before(async () => {
  world = await startLeakWorld(SEED);
  searcher = new Searcher(world.canaries);
});
after(() => world.close());

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

interface Findings {
  /** What leaked by which attack. */
  readonly leaking: ReadonlyMap<string, string>;
  /** Attacks of which the gateway refused a text. */
  readonly refused: ReadonlySet<string>;
  /** Sessions the gateway ended. */
  readonly ended: readonly string[];
}

/** Tries everything at the gateway. What is known to leak comes last and in sessions of its own, whose recordings have it. */
async function tryAll(
  list: readonly Attack[],
  known: ReadonlySet<string>,
  open: () => Promise<RawClient>,
): Promise<Findings> {
  const leaking = new Map<string, string>();
  const refused = new Set<string>();
  const ended: string[] = [];
  const judge = (attack: Attack, mode: Mode, reply: Reply): void => {
    const leak = leakOf(attack, mode, reply);
    if (leak !== null) leaking.set(attack.name, `${mode}: ${leak}`);
    if (reply.refusals.length > 0) refused.add(attack.name);
    if (reply.ended) ended.push(`${mode} ${attack.name}: ${reply.failures.join('; ')}`);
  };
  const isKnown = ({ name }: Attack): boolean => known.has(name);
  const clean = list.filter((attack) => !isKnown(attack));
  await carryOutAll(clean, everyMode, open, judge);
  const before = new Set(recordings());
  await carryOutInTurn(list.filter(isKnown), everyMode, open, judge);
  for (const path of recordings()) if (!before.has(path)) tainted.add(path);
  return { leaking, refused, ended };
}

const recordings = (): readonly string[] => filesOf(join(world.directory, 'data')).filter(isRecording);
const namesOf = (known: readonly KnownLeak[]): Set<string> =>
  new Set(known.flatMap(({ attacks }) => attacks));

/** Fails for what leaks and is not known to, and for what is known to and does not. */
function assertOnly(known: ReadonlySet<string>, { leaking, ended }: Findings): void {
  const unknown = [...leaking].filter(([name]) => !known.has(name));
  const mended = [...known].filter((name) => !leaking.has(name));
  assert.deepEqual({ unknown, mended, ended }, { unknown: [], mended: [], ended: [] });
}

let refused: ReadonlySet<string> = new Set();

test('no value gets to an agent, whatever it asks [masking.leak-suite]', async (t) => {
  t.diagnostic(`SEED=${SEED}`);
  const known = namesOf(KNOWN_LEAKS);
  const findings = await tryAll(attacks, known, world.open);
  refused = findings.refused;
  t.diagnostic(`${attacks.length} attacks, of which ${refused.size} were refused`);
  assert.ok(refused.size < attacks.length / 1.5, 'enough of them ran for masking to be tried');
  assertOnly(known, findings);
});

test('and where policy lets one probe, the mask still hides every value it can [masking.leak-suite]', async (t) => {
  t.diagnostic(`SEED=${SEED}`);
  const known = namesOf([...KNOWN_LEAKS, ...KNOWN_WITH_PROBE]);
  const list = attacks.filter(
    ({ name, expect }) => expect === 'hidden' && (refused.has(name) || known.has(name)),
  );
  const findings = await tryAll(list, known, world.openProber);
  t.diagnostic(`${list.length} attacks, of which ${findings.refused.size} were refused`);
  const expected = new Set(list.map(({ name }) => name).filter((name) => known.has(name)));
  assertOnly(expected, findings);
});

test('no value gets into what the gateway keeps [masking.leak-records]', async () => {
  await world.gateway.close();
  const data = join(world.directory, 'data');
  const files = filesOf(data).filter((path) => !tainted.has(path));
  assert.ok(files.filter(isRecording).length >= 4, 'there are recordings to search');
  const found = files.flatMap((path) =>
    searcher.find(...pagesIn(path)).map(({ canary, disguise }) => `${path}: ${canary.where} in ${disguise}`),
  );
  assert.deepEqual(found, []);
  const log = logPage(data);
  assert.ok(log.length > 100_000, 'there is a log to search');
  assert.deepEqual(searcher.find(log, Buffer.from(inspect(world.faults, { depth: 8 }))), []);
});
