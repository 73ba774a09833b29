/**
 * Attacks by an agent that has nothing but the starter policies, over ATTACKED_SCHEMA, and what must become of each.
 *
 * A line is texts that one session sends, separated by ` >> `, then ` ⇒ ` and what stops the first of them that is
 * stopped: the id of the policy that forbids, `hold` (people are asked), `none` (no policy permits) or `untold` (its
 * effect cannot be determined). `\n` and `\uXXXX` stand for characters.
 */
import { objectAttacks } from './attacks-objects.ts';
import { reachAttacks } from './attacks-reach.ts';
import { sessionAttacks } from './attacks-session.ts';
import { textAttacks } from './attacks-text.ts';

export interface Attack {
  readonly texts: readonly string[];
  readonly stopped: string;
}

export const attacks: readonly Attack[] = [textAttacks, objectAttacks, sessionAttacks, reachAttacks].flatMap(
  attacksOf,
);

function attacksOf(lines: string): readonly Attack[] {
  return lines
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const at = line.lastIndexOf(' ⇒ ');
      const texts = line
        .slice(0, at)
        .split(' >> ')
        .map((text) =>
          text
            .replaceAll(/\\u([0-9a-f]{4})/g, (_, digits: string) =>
              String.fromCharCode(Number.parseInt(digits, 16)),
            )
            .replaceAll('\\n', '\n'),
        );
      return { texts, stopped: line.slice(at + 3) };
    });
}

/**
 * What agents may do although it is on everybody's list of tricks, each with what it comes to. When one of these is
 * stopped, move it up to the attacks.
 */
export const LET_THROUGH: readonly (readonly [text: string, why: string])[] = [
  ["SET TRANSACTION SNAPSHOT '00000003-0000001B-1'", 'it reads what another transaction reads, and no more'],
  ['SELECT pg_export_snapshot()', 'its name is of use only to who may read the same'],
  ['SELECT pg_advisory_lock(1)', 'it can keep others waiting who use the same number'],
  ['SELECT pg_try_advisory_xact_lock(1, 2)', 'the same, to the end of the transaction'],
  ['SELECT pg_advisory_unlock_all()', 'it lets go of what this session holds'],
  ['SELECT pg_sleep(3600)', 'it keeps its own connection busy, as any long query can'],
  ["SELECT pg_sleep_for('1 hour')", 'the same'],
  ['SELECT pg_log_standby_snapshot()', 'it writes a record to the log of changes that says nothing'],
  ['SELECT binary_upgrade_set_next_pg_type_oid(1)', 'the server refuses it outside of an upgrade'],
  ["SELECT currtid2('vault.entries', '(0,1)')", 'it tells the place of a row, nothing of what is in it'],
  ["SELECT * FROM pg_wal_summary_contents(1, '0/0', '0/1')", 'it tells which blocks changed'],
];
