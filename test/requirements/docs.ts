/** What the documents promise. */
export const docsRequirements = {
  'docs.links': 'Every link between documents leads to a file.',
  'docs.paths': 'Every path that a document names is in the tree.',
  'docs.laws':
    'SECURITY.md names for each of the ten laws where it is enforced and which promises hold it up.',
  'docs.settings': 'A message that names a setting names it as the configuration spells it.',
  'docs.commands': 'Every command that a document shows exists.',
  'docs.examples': 'The examples run.',
} as const;
