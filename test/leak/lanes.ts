/** Carries out many attacks over few connections, so that no attack changes what comes of another. */
import type { RawClient } from '../fixtures/raw-postgres.ts';
import type { Attack } from './attack.ts';
import { carryOut, type Mode, type Reply } from './conversation.ts';

const READERS = 3;
/** What changes something waits for its turn on one connection, so that no two wait for each other's locks. */
const CHANGES = /^\s*(?!select|values|table|fetch|declare|show|explain)|setval/i;
/**
 * A definition locks what it defines, and what others ask about that cannot be told meanwhile: nobody else is there. The
 * catalog is read anew after it, which takes its time, so what comes of it is asked for in one mode.
 */
const DEFINES = /^\s*(?:create|alter|comment|analyze)|\binto (?:temp )?t\d/i;

const has = ({ texts }: Attack, pattern: RegExp): boolean => texts.some((text) => pattern.test(text));

/** What an attack is asked in: everything, or what is enough to see that it is one. */
export type ModesOf = (attack: Attack) => readonly Mode[];
export const everyMode: ModesOf = (attack) => (has(attack, DEFINES) ? ['simple'] : ['simple', 'extended']);
/** Of the server itself the binary format is asked only where the reply is compared with the gateway's. */
export const proofModes: ModesOf = (attack) => (attack.told === 'by-reply' ? everyMode(attack) : ['simple']);

export type Judge = (attack: Attack, mode: Mode, reply: Reply) => void;

/** `judge` gets what came of each. */
export async function carryOutAll(
  attacks: readonly Attack[],
  modesOf: ModesOf,
  open: () => Promise<RawClient>,
  judge: Judge,
): Promise<void> {
  const defining = attacks.filter((attack) => has(attack, DEFINES));
  const others = attacks.filter((attack) => !defining.includes(attack));
  const changing = others.filter((attack) => has(attack, CHANGES));
  const reading = others.filter((attack) => !changing.includes(attack));
  const lanes = [changing];
  for (let lane = 0; lane < READERS; lane += 1) lanes.push(reading.filter((_, i) => i % READERS === lane));
  await Promise.all(lanes.map((lane) => carryOutInTurn(lane, modesOf, open, judge)));
  await carryOutInTurn(defining, modesOf, open, judge);
}

/** One after the other, over one connection for as long as it lasts. */
export async function carryOutInTurn(
  attacks: readonly Attack[],
  modesOf: ModesOf,
  open: () => Promise<RawClient>,
  judge: Judge,
): Promise<void> {
  if (attacks.length === 0) return;
  let client = await open();
  for (const attack of attacks) {
    for (const mode of modesOf(attack)) {
      if (client.closed) client = await open();
      judge(attack, mode, await carryOut(client, attack, mode));
    }
  }
  client.close();
}
