/** What the control plane promises. */
export const controlPlaneRequirements = {
  'control-plane.matrix':
    'Every route answers every role as the authorization table says, and every route is in the table.',
  'control-plane.authentication':
    'Everything except the health question wants a good token; failures are logged without it.',
  'control-plane.own':
    'Whoever is no auditor learns nothing of the sessions of others, not even that they exist.',
  'control-plane.recordings':
    'Recordings are for auditors only, and each reading is logged before its first byte.',
  'control-plane.end-session':
    'An operator ends any session by command, a person those of their own agents, and the log says who and why.',
  'control-plane.audited': 'Every attempt to decide is in the audit log, refused ones included.',
  'control-plane.clear-text': 'Without TLS it listens on loopback only.',
  'control-plane.door':
    'Foreign host names, foreign origins and too many requests are refused before authentication.',
  'control-plane.input': 'Malformed and oversized requests get problem details and change nothing.',
  'control-plane.headers': 'Every answer carries headers that forbid caching, framing and sniffing.',
  'control-plane.agents':
    'Whoever acts for a person, and any machine, sees what is its own and nothing else, whatever groups its token carries and whatever policies permit.',
  'control-plane.policies':
    'Cedar policies decide every route; own ones are validated strictly at start, and what cannot be judged is refused.',
  'control-plane.pages':
    'Listings are given page by page, without gaps or repeats; a forged cursor, or that of another, shows nothing more.',
  'control-plane.idempotency':
    'A change sent again with its Idempotency-Key is made once and answered alike; a key says nothing to another caller.',
  'control-plane.problems':
    'Every refusal is problem details with a code from the documented list, those of broken HTTP included.',
  'control-plane.rates':
    'Requests are limited by address and by caller, rejected tokens more strictly, and answers say what is left.',
  'control-plane.cross-origin':
    'A page of an origin that is not allowed can neither ask nor act; preflights are answered for allowed ones only.',
  'control-plane.health':
    'Readiness says whether the store, the log, policies, issuers, listeners and exports can serve; why not is for operators and auditors.',
  'contract.openapi':
    'The OpenAPI document is made from the table of routes, is valid, is served to anyone, and is up to date in docs/.',
  'contract.client':
    'The client speaks every route, reads refusals as errors with a code, and trusts no answer.',
  'contract.address': 'The client never sends a token in the clear to another machine.',
} as const;

/** What metrics promise. */
export const metricsRequirements = {
  'metrics.bounded': 'No label value of a metric comes from a client.',
  'metrics.counted':
    'Metrics tell of operations, rejected credentials, entries, sessions, holds, exports and the event loop.',
  'metrics.door':
    'Metrics are for operators and auditors, or for whoever reaches an address that is for them alone.',
} as const;
