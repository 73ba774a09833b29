/** What is promised of the columns a PostgreSQL statement uses. */
export const postgresColumnsRequirements = {
  'postgres.columns-sound':
    'No column a statement uses is missed: where several could be meant all count, where none is known any may be.',
  'postgres.columns-roles':
    'Each column a statement uses comes with what it is used for, through aliases, subqueries and WITH queries.',
  'postgres.columns-outputs':
    'Each column of an answer comes with every column its values are made of, or with the word that there may be more.',
  'postgres.columns-facts':
    'An evaluation about a relation has the columns of it that the statement reads, or writes; `*` when it cannot be told.',
  'postgres.columns-limits':
    'A text with too many references, levels or look-ups costs a bounded amount, and may then use any column.',
} as const;
