/** What the HTTP protocol promises beside what every protocol does. */
export const httpRequirements = {
  'http.one-reading':
    'A request that policy and a target could read differently is refused, recorded, and not forwarded.',
  'http.unmaskable-withheld':
    'A reply in which a value could hide from masking is withheld, unless its type is listed.',
  'http.tls': 'TLS and, from this machine, plain connections are served on one port.',
  'http.slow-client':
    'A client that is slow with a head, a body or its next request is given up, with the limit named.',
  'http.one-caller': 'A connection serves only the token and the target that opened it.',
  'http.pipeline': 'Pipelined requests are answered in order, and none overtakes one that is held.',
  'http.expect': 'A body is only asked for once the caller is known.',
  'http.exact-approval': 'An approver sees every byte that will run, and exactly those run.',
  'http.interim': 'A hold is announced by an interim reply only to a client that asks.',
  'http.credentials':
    'No credential or hop-by-hop field of the client’s reaches the target, and none of the target’s the client.',
  'http.redirect': 'A redirect is never followed, and never leads around the gateway.',
  'http.statuses': 'Replies without a body keep their status.',
  'http.reply-limits': 'A reply that is too large, too slow or partial is withheld, with the limit named.',
  'http.unreachable': 'A target that is away is a clean error without its address, and the session goes on.',
  'http.large-reply': 'A large reply arrives whole and masked.',
  'http.upstream-tls':
    'The connector verifies the target’s certificate and sends nothing to one it does not trust.',
  'http.lifecycle': 'Every interruption has a reaction in every state.',
} as const;
