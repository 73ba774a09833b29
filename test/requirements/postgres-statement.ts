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
  'postgres.catalog':
    "Names and column origins are read from the target's own catalog, views and partitions included.",
} as const;
