/** What masking promises, for every protocol and for PostgreSQL. */
export const maskingRequirements = {
  'masking.columns':
    'A column classified by schema, table and name is hidden at the targets it is classified for.',
  'masking.column-names': 'A column whose name matches a configured pattern is hidden in any table.',
  'masking.comment-class':
    'A column whose comment in the database declares a class is hidden, also in views and partitions, from the moment the comment is seen.',
  'masking.reveal': 'A class that policy reveals is shown, and no other.',
  'masking.reveal-session':
    'A session may ask to see a class: as policy and people say, in it alone, until it or policy ends it, with an entry for each grant and end.',
  'masking.probe-denied':
    'A hidden column is not used to tell what it holds, in whatever clause, unless policy permits it, and the client is told where.',
  'masking.probe-permit':
    'Policy permits such a use by class, by column and by what it is for, and shows nothing.',
  'masking.probe-hold':
    'A use of a hidden column that people may approve passes once they did, and no other time.',
  'masking.placeholder': 'What stands for a hidden value does not tell its length.',
  'masking.strategies':
    'A class is hidden by the strategy that is configured for it, and whole by default; only the unchanged values of a column are, and what is derived from one is hidden whole.',
  'masking.strategy-types':
    'What a strategy shows is a valid value of the column’s type, in text and binary format and in COPY, or NULL.',
  'masking.strategy-config': 'A strategy that cannot be meant is refused, and the message says which key.',
  'masking.partial': 'A partial value shows its last four characters or its domain, and never anything else.',
  'masking.hash-joins':
    'The same value of a class has the same token within a tenant, and another under another key, tenant or class.',
  'masking.format': 'A value that keeps its format keeps its shape only.',
  'masking.noise': 'Noise stays within its bounds, keeps the sign, and never leaves a value as it is.',
  'masking.key': 'The key of masking is made once, readable by the gateway only, and is in no message.',
  'masking.detectors': 'Values of every built-in class are found in any text and hidden whole.',
  'masking.custom':
    'What the configuration describes by pattern or word is hidden, in time in proportion to the text; a pattern that cannot be used is said to be wrong.',
  'masking.corpus':
    'On a labelled corpus every value written as usual is found, and what is on by default finds nothing in what only looks like one.',
  'masking.suspects': 'The quick look before a scan never misses a value, at any alignment, in any part.',
  'masking.stream': 'A text that comes in chunks is masked as if it came whole, with bounded memory.',
  'masking.json': 'JSON stays JSON when it is masked, and escapes hide nothing.',
  'masking.postgres-rows':
    'Hidden columns of a PostgreSQL result are replaced in text and binary format, and nothing else changes.',
  'masking.postgres-origin':
    'Where a column’s origin cannot be told and the operation touches classified data, the column is hidden.',
  'masking.lineage':
    'A column of a result is hidden when anything it is made of is classified, and shown when nothing is: through subqueries, WITH, set operations, joins, views, generated columns, COPY, cursors and prepared statements.',
  'masking.probes':
    'Every column that a statement filters, joins, sorts, groups, aggregates, copies or computes with is known as probed: also under views, in parents and partitions, and in functions it calls.',
  'masking.json-members':
    'Members of a JSON column are hidden by their path, and everything else of it is shown; what is made of the column is hidden whole.',
  'masking.write-back':
    'What stands for a hidden value is never written over one: not as a literal, a parameter, a row of COPY or a member of JSON.',
  'masking.postgres-views':
    'Views, partitions and whole rows over classified columns are hidden as what they are made of.',
  'masking.postgres-malformed': 'A row that does not fit its description is withheld.',
  'masking.postgres-copy':
    'COPY in text, CSV and binary format is masked column by column, however messages cut the rows.',
  'masking.postgres-copy-query':
    'COPY of a query over classified data is refused before any row when it cannot be told what its columns are made of.',
  'masking.postgres-errors':
    'Errors and notices of operations on classified data quote no value, and every text of one is scrubbed.',
  'masking.postgres-server':
    'A real server’s rows, COPY output and errors are masked, and clients can parse what they get.',
  'masking.postgres-statements':
    'The text of statements, which may hold values, is hidden in the views and functions of the server that show it, and so are large objects and the payloads of notifications, wherever any column is hidden.',
  'masking.leak-suite':
    'No known way to ask a PostgreSQL server for classified values gets one to the client in any disguise, but for those that are listed with the reason.',
  'masking.leak-records':
    'No classified value that was hidden from the client is in the log, the recordings or the store.',
  'masking.leak-proof':
    'Each of these ways gets values, or what tells them, out of the server itself, so none is tried in vain.',
  'masking.leak-searcher':
    'Values are found in clear, encoded, digested, reversed, spread out and in pieces.',
} as const;
