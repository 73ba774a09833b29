/** The server's own catalogs, which keep values, statements and definitions. */
import { group } from '../attack.ts';

export const catalogs = [
  ...group('catalog', [
    [
      'INSERT INTO person (id, name, code) SELECT i, $$x$$, code FROM generate_series(100, 150) i, person WHERE person.id = 1',
      'ANALYZE person',
      "SELECT most_common_vals FROM pg_stats WHERE tablename = 'person'",
    ],
    "SELECT histogram_bounds FROM pg_stats WHERE tablename = 'person'",
    'SELECT * FROM pg_stats',
    'SELECT histogram_bounds::text::text[] FROM pg_stats',
    "SELECT s FROM pg_stats s WHERE tablename = 'person'",
    'SELECT stavalues1, stavalues2 FROM pg_statistic',
    'SELECT * FROM pg_statistic',
    'SELECT row_to_json(s) FROM pg_stats s',
    'SELECT string_agg(histogram_bounds::text, $$;$$) FROM pg_stats',
    'COPY pg_statistic TO STDOUT',
    'COPY (SELECT histogram_bounds FROM pg_stats) TO STDOUT',
    ['CREATE TEMP TABLE copied AS SELECT histogram_bounds::text AS h FROM pg_stats', 'SELECT h FROM copied'],
    'SELECT query FROM pg_stat_activity',
    'SELECT * FROM pg_stat_activity',
    'SELECT a FROM pg_stat_activity a',
    'SELECT upper(query) FROM pg_stat_activity',
    'SELECT query AS name FROM (SELECT * FROM pg_stat_activity) s',
    'SELECT (pg_stat_get_activity(NULL)).query',
    'SELECT query FROM pg_stat_get_activity(NULL)',
    'SELECT pg_stat_get_backend_activity(i) FROM pg_stat_get_backend_idset() i',
    'SELECT query FROM pg_stat_statements',
    'SELECT * FROM pg_stat_statements',
    'SELECT lower(query) FROM pg_stat_statements',
    'SELECT query FROM pg_stat_statements(true)',
    ['CREATE VIEW seen AS SELECT query AS q FROM pg_stat_activity', 'SELECT q FROM seen'],
    'SELECT data FROM pg_largeobject',
    'SELECT lo_get(4700)',
    "SELECT convert_from(lo_get(4700), 'UTF8')",
    'SELECT loread(lo_open(4700, 262144), 100)',
    'SELECT encode(lo_get(4700, 0, 10), $$hex$$), encode(lo_get(4700, 10, 10), $$hex$$)',
    'SELECT l FROM pg_largeobject l WHERE l.loid = 4700',
  ]),
  ...group(
    'own statements',
    [
      ['PREPARE own1 AS SELECT 1', 'SELECT statement FROM pg_prepared_statements'],
      ['PREPARE own2 AS SELECT 1', 'SELECT upper(statement) FROM pg_prepared_statements'],
      ['DECLARE own3 CURSOR FOR SELECT 1', 'SELECT statement FROM pg_cursors'],
      ['DECLARE own4 CURSOR FOR SELECT 1', 'SELECT c FROM pg_cursors c'],
    ],
    { told: 'by-reply' },
  ),
  ...group(
    'notification',
    [
      ['LISTEN heard', "SELECT pg_notify('heard', email) FROM person WHERE id = 1", 'UNLISTEN heard'],
      [
        'LISTEN heard',
        "DO $$ BEGIN PERFORM pg_notify('heard', (SELECT phone FROM person WHERE id = 2)); END $$",
        'UNLISTEN heard',
      ],
      [
        'LISTEN heard',
        "SELECT pg_notify('heard', reverse(email)) FROM person WHERE id = 3",
        'UNLISTEN heard',
      ],
    ],
    { alone: true },
  ),
];
