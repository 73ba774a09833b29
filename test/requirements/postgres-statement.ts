/** What understanding a PostgreSQL statement promises. */
export const postgresStatementRequirements = {
  'postgres.statement-actions':
    'A statement is judged by everything it does, however it is written; what cannot be told is undetermined.',
  'postgres.statement-grammar':
    "Every node of the parser's grammar has an answer; an unknown one is undetermined.",
  'postgres.statement-columns':
    'Every column a statement may show is named, or it says that any column may be shown.',
  'postgres.statement-cache':
    'Two texts share a meaning only when they differ in nothing but plain literals.',
  'postgres.statement-form': 'What is logged of a statement holds none of its literals and comments.',
  'postgres.statement-bounds':
    'A text that exhausts the parser costs one worker and is undetermined; the next one is understood.',
  'postgres.statement-views':
    'A view is judged as itself and as everything its query does, which is what is written through it, too.',
  'postgres.statement-functions':
    'A call is judged by the body of the function in SQL and PL/pgSQL, whatever calls it and under whatever search path.',
  'postgres.statement-triggers':
    'A write is judged by the rules and triggers it fires, a definition by the event triggers.',
  'postgres.statement-constraints':
    'A write is judged by defaults, generated columns, constraints, index expressions, policies and foreign keys.',
  'postgres.statement-inheritance':
    'An access to a parent counts for its children, and one to a child for its parents.',
  'postgres.statement-definitions':
    'A definition is judged by every relation it changes: at the other end of a foreign key, other partitions, what CASCADE takes along.',
  'postgres.statement-types':
    'Operators, casts and types that run functions count as calls of them wherever they can be met.',
  'postgres.statement-opaque':
    'Code that cannot be followed makes exactly the function or the database it is of undetermined.',
  'postgres.statement-limits':
    'What a statement sets off is followed within named limits; over one, it is undetermined.',
  'postgres.statement-traits':
    'A meaning says how many rows it may touch by the statistics of the target, and whether it spares none.',
  'postgres.catalog-broken':
    'A definition the target cannot give makes what depends on it undetermined, and nothing else fails.',
  'postgres.catalog':
    "Names and column origins are read from the target's own catalog, views and partitions included.",
  'postgres.statement-temporary':
    'What writing to a temporary view, or to a temporary table with something on it, sets off is undetermined.',
  'postgres.statement-redefined':
    'What was made, replaced or renamed earlier in a transaction is judged by what it is now, or is undetermined.',
} as const;
