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
  'contract.client':
    'The client speaks every route, reads refusals as errors with a code, and trusts no answer.',
  'contract.address': 'The client never sends a token in the clear to another machine.',
} as const;
