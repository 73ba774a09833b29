/** What the decision point promises. */
export const policyRequirements = {
  'policy.default-deny': 'What no policy permits is denied, and so is an operation that names nothing.',
  'policy.all-or-nothing': 'An operation is permitted only if every evaluation of it is.',
  'policy.forbid-wins': 'A forbid denies whatever else permits, and whatever was approved.',
  'policy.approval':
    'A permit with @approval denies until the people it names have approved, and says who they are.',
  'policy.approval-monotone': 'One more approval never turns a permit into a deny.',
  'policy.unconditional-wins': 'A permit without @approval wins over one with it.',
  'policy.errors-fail-closed': 'A policy that cannot be evaluated denies: an erring forbid never fails open.',
  'policy.unknown-denied': 'An action, a resource type or a path that the schema does not know is denied.',
  'policy.hostile-names': 'Names of any content neither collide with other names nor reach another policy.',
  'policy.settings-caseless': 'A setting is one setting however its name is capitalised.',
  'policy.reason': 'A deny names the policy and the thing, in one bounded line without control characters.',
  'policy.reveal': 'A data class is revealed only if policy permits it without an approval.',
  'policy.hidden-use':
    'Policies are asked about uses of hidden columns with the columns and what they are used for; never about a class that may be seen.',
  'policy.limits': 'Going over a named limit of the decision point is a deny or a load error that names it.',
  'policy.strict': 'A policy that does not validate strictly, or that could never apply, is refused.',
  'policy.annotations': 'An annotation that is not known, malformed or on a forbid is refused.',
  'policy.ids': 'Two policies never share an id.',
  'policy.place': 'Every load error names the file and the line.',
  'policy.hostile-text': 'Policy text that breaks the parser ends a throw-away worker and nothing else.',
  'policy.version': 'The version changes with any byte of any policy file.',
  'policy.start': 'A gateway does not start with an invalid policy set.',
  'policy.reload': 'A changed directory is in force within a second, and listeners are told.',
  'policy.reload-atomic': 'An invalid set never replaces a valid one.',
  'policy.reload-recorded': 'Every set put in force or refused is in the audit log, before it is in force.',
  'policy.worker-death':
    'When the worker that judges dies, what waits is denied and later operations are judged again.',
  'policy.worker-late': 'A batch that takes too long is denied.',
  'policy.concurrent': 'Operations judged at the same time get the answers they would get alone.',
  'policy.explain': 'Each evaluation can be explained by the policies that decide it.',
  'policy.schema': 'Every entity the decision point makes conforms to the schema.',
  'policy.vocabulary':
    'Hosts, clusters, APIs and MCP servers have their words and their hierarchy before their protocols are served.',
  'policy.read-only': 'Read-only is one line, and means the same on every protocol.',
  'policy.facts':
    'Policies see the columns that are used and the views they are reached through, and no answer serves another set of them.',
  'policy.limit-algebra':
    'Of several permits the most generous counts for one evaluation, and over an operation the strictest.',
  'policy.shadow': 'A policy in shadow mode changes no decision, and what it would have changed is recorded.',
  'policy.risk': 'The risk of an operation is a sum with reasons, and grows with what is not known.',
  'policy.risk-asked':
    'The risk is worked out only while a policy asks for it, and a policy that needs it and does not get it denies.',
  'policy.risk-keyed': 'A decision made at one risk never serves another.',
  'policy.risk-shown': 'The risk and its reasons are on record, and shown to who approves.',
  'policy.lint': 'What lint says of a policy is so.',
  'policy.starter-read':
    'Under the starter policies agents read monitoring and the catalogs, and operators what is not secret.',
  'policy.starter-reading':
    'Under the starter policies no statement of an agent shows a value from outside monitoring and the harmless catalogs.',
  'policy.starter-change': 'Under the starter policies an agent changes nothing without an approval.',
  'policy.starter-forbid':
    'Under the starter policies nobody drops a database, pivots, administers or reads catalogs that leak values.',
  'policy.starter-undetermined':
    'Under the starter policies nothing whose effect cannot be told is permitted, whoever approves.',
  'policy.starter-http':
    'Under the starter policies agents read over HTTP and need an approval for the rest.',
} as const;
