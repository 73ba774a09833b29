/** What the identity room promises. */
export const identityRequirements = {
  'identity.verify':
    'A token of a real OpenID Connect provider becomes an identity with subject, groups, actor and task.',
  'identity.audience': 'A token for another audience is refused.',
  'identity.issuer':
    'A token is verified only with the keys of the issuer it names; a foreign or unknown issuer is refused.',
  'identity.time': 'A token that expired, is not valid yet or comes from the future is refused.',
  'identity.issued-at':
    'When a token was issued is kept in whole milliseconds, as the store and task tokens take it.',
  'identity.algorithm':
    'Only asymmetric algorithms of the allow-list are accepted: never none, never a shared secret.',
  'identity.keys-in-token': 'Keys or addresses of keys inside a token are never used.',
  'identity.type': 'A token whose typ is not expected is refused.',
  'identity.shape':
    'A token that is too large, malformed, or names a claim twice is refused, without throwing anything else.',
  'identity.rotation':
    'A new signing key is picked up once the cool-down allows it, and unknown keys cannot provoke more fetches.',
  'identity.outage': 'Keys outlive an outage of the issuer for a bounded time, then its tokens are refused.',
  'identity.discovery':
    'A discovery document or key set that is foreign, redirected, too large or not on https is not used.',
  'identity.groups':
    'Groups are read from a nested claim; a list that cannot be read in full refuses the token.',
  'identity.person': 'Whatever is not proven a person is a machine.',
  'identity.aliases': 'Every name of the bearer is an alias, in one spelling.',
  'identity.display': 'A display name cannot forge lines or direction on a terminal.',
  'identity.memory':
    'A verified token is remembered within bounds, never past its expiry or a change of keys.',
  'identity.templates': 'A machine’s subject and groups are made of its claims by templates, without code.',
  'identity.templates-injective': 'Two tokens that differ in a claim of the template never give one subject.',
  'identity.doors': 'A forged token is refused at every door, with an entry and without a word of it.',
  'identity.no-secret': 'No refusal repeats the token.',
} as const;
