/** Attacks that get through, and why. The suite fails for one that no longer does, so that it is taken out here. */

export interface KnownLeak {
  readonly why: string;
  readonly attacks: readonly string[];
}

/** To an agent who may read and write everything, and may not probe. */
export const KNOWN_LEAKS: readonly KnownLeak[] = [
  {
    why: 'A trigger stores a value it has as OLD or NEW, which is no use of a column either.',
    attacks: ["carried: UPDATE person SET name = 'noted' >> SELECT note FROM scratch WHERE id > 900"],
  },
];

/** To somebody who may probe as well: then it is policy that lets values go where nobody knows them. */
export const KNOWN_WITH_PROBE: readonly KnownLeak[] = [
  {
    why: 'What is stored in a column that is not classified is shown from there.',
    attacks: [
      'carried: DO $$ BEGIN UPDATE scratch s SET note = p.email FROM person p WHERE p.id = s.id; END $$ >> TABLE scratch',
      'carried: INSERT INTO scratch (id, bytes) SELECT id + 300, token FROM person >> SELECT bytes FROM scratch',
      'carried: INSERT INTO scratch (id, data) SELECT id + 300, to_jsonb(p) FROM person p >> SELECT data FROM scratch',
      'carried: INSERT INTO scratch (id, note) SELECT id + 300, email FROM person >> SELECT note FROM scratch',
      'carried: INSERT INTO scratch (id, note) VALUES (301, email_of(1)) >> TABLE scratch',
      'carried: INSERT INTO scratch (id, note) VALUES (301, (SELECT email FROM person WHERE id = 1)) >> TABLE scratch',
      'carried: INSERT INTO scratch (id, number) SELECT id + 300, account FROM person >> SELECT number FROM scratch',
      'carried: MERGE INTO scratch s USING person p ON s.id = p.id WHEN MATCHED THEN UPDATE SET note = p.email >> TABLE scratch',
      'carried: UPDATE event SET note = secret >> SELECT note FROM event_low',
      'carried: UPDATE heir SET more = secret >> SELECT more FROM heir',
      'carried: UPDATE person SET name = email >> SELECT name FROM person',
      'carried: UPDATE person SET name = phone >> SELECT upper(name) FROM person',
      'carried: UPDATE person_view SET name = mail_address >> SELECT name FROM person',
      'carried: UPDATE scratch s SET note = p.email FROM person p WHERE p.id = s.id >> SELECT note FROM scratch',
      'carried: WITH q AS (SELECT id, email FROM person) UPDATE scratch s SET note = q.email FROM q WHERE q.id = s.id >> TABLE scratch',
      'definition: ALTER TABLE event ALTER COLUMN note TYPE text USING secret >> SELECT note FROM event',
      "returning: INSERT INTO person (id, name) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = person.email RETURNING name",
      'returning: INSERT INTO scratch (id, data) SELECT id + 200, to_jsonb(p) FROM person p RETURNING data',
      'returning: INSERT INTO scratch (id, note) SELECT id + 200, email FROM person RETURNING *',
      'returning: INSERT INTO scratch (id, note) SELECT id + 200, email FROM person RETURNING note',
      'returning: INSERT INTO scratch (id, number) SELECT id + 200, account FROM person RETURNING number',
      'returning: MERGE INTO person p USING scratch s ON s.id = p.id WHEN MATCHED THEN UPDATE SET name = p.phone RETURNING name',
      'returning: MERGE INTO scratch s USING person p ON s.id = p.id WHEN MATCHED THEN UPDATE SET note = p.email RETURNING s.note',
      'returning: UPDATE person SET name = email RETURNING name',
      'returning: UPDATE scratch s SET note = p.email FROM person p WHERE p.id = s.id RETURNING note',
      'with: WITH q AS (INSERT INTO scratch (id, note) SELECT id + 100, email FROM person RETURNING note) SELECT note FROM q',
    ],
  },
  {
    why: 'Settings, sequences and advisory locks take a value and give it back, and belong to no column.',
    attacks: [
      "block: DO $$ BEGIN PERFORM set_config('my.later', (SELECT email FROM person WHERE id = 1), false); END $$ >> SELECT current_setting('my.later')",
      "carried: SELECT pg_advisory_xact_lock(account) FROM person WHERE id = 1 >> SELECT (classid::int8 << 32) + objid::int8 FROM pg_locks WHERE locktype = 'advisory'",
      "carried: SELECT set_config('application_name', email, false) FROM person WHERE id = 1",
      "carried: SELECT set_config('application_name', email, false) FROM person WHERE id = 1 >> SHOW application_name",
      "carried: SELECT set_config('application_name', phone, false) FROM person WHERE id = 1 >> SELECT application_name FROM pg_stat_activity",
      "carried: SELECT set_config('my.value', email, false) FROM person WHERE id = 1 >> SELECT current_setting('my.value')",
      "carried: SELECT set_config('my.value', email, false) FROM person WHERE id = 1 >> SHOW my.value",
      "carried: SELECT setval('counter', account) FROM person WHERE id = 1 >> SELECT last_value FROM counter",
      "carried: SELECT setval('counter', account) FROM person WHERE id = 2 >> SELECT currval('counter')",
      "carried: SELECT setval('counter', account, false) FROM person WHERE id = 2 >> SELECT nextval('counter')",
    ],
  },
];
