/** What the policy commands promise. */
export const policyToolsRequirements = {
  'tools.same': 'A question is answered as the gateway answers the statement in the same session.',
  'tools.eval': 'Questions are answered in their order, one a line, and the state of a session is followed.',
  'tools.eval-bad':
    'A line that cannot be judged is denied with a reason and its id, in bounded memory, and the others go on.',
  'tools.assumed':
    'Where a target cannot be reached its tables are assumed, with one warning and a word in each answer; asked for live, it is an error.',
  'tools.catalog':
    'A saved catalog answers as the target does; one that is none, or of another version, is refused.',
  'tools.quiet': 'No tool shows a credential, and none shows the values of statements unless it is told to.',
  'tools.explain': 'A statement is explained: what it does, which policies decide, and what would permit it.',
  'tools.cases':
    'Cases are run and compared in everything they expect, and policies that none exercises are named.',
  'tools.cases-masking': 'A case says what is classified where that matters, as the configuration does.',
  'tools.cases-bad': 'Cases that cannot be read are refused, each with file and line.',
  'tools.simulate':
    'Recorded sessions are judged anew in order, changes are counted by form, and what cannot be replayed is said.',
  'tools.suggest':
    'The least policy for what was used is suggested and proven to permit that and nothing that was denied.',
  'tools.packs':
    'Every pack passes its cases, has each of its policies exercised, and loads beside every other.',
  'tools.init-pack': 'Init writes the packs that are named, and refuses one that is not there.',
  'tools.built-in': 'The built-in catalog is what a fresh database of the embedded PostgreSQL has.',
  'tools.check':
    'What is odd about a valid policy set is a warning with file and line, and fails only under --strict.',
  'tools.http': 'Requests to an API are understood as the gateway reads them.',
} as const;
