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
  'masking.detectors': 'Values of every built-in class are found in any text and hidden whole.',
  'masking.suspects': 'The quick look before a scan never misses a value, at any alignment, in any part.',
  'masking.stream': 'A text that comes in chunks is masked as if it came whole, with bounded memory.',
  'masking.json': 'JSON stays JSON when it is masked, and escapes hide nothing.',
  'masking.postgres-rows':
    'Hidden columns of a PostgreSQL result are replaced in text and binary format, and nothing else changes.',
  'masking.postgres-origin':
    'Where a column’s origin cannot be told and the operation touches classified data, the column is hidden.',
  'masking.postgres-views':
    'Views, partitions and whole rows over classified columns are hidden as what they are made of.',
  'masking.postgres-malformed': 'A row that does not fit its description is withheld.',
  'masking.postgres-copy':
    'COPY in text, CSV and binary format is masked column by column, however messages cut the rows.',
  'masking.postgres-copy-query': 'COPY of a query over classified data is refused before any row.',
  'masking.postgres-errors':
    'Errors and notices of operations on classified data quote no value, and every text of one is scrubbed.',
  'masking.postgres-server':
    'A real server’s rows, COPY output and errors are masked, and clients can parse what they get.',
} as const;
