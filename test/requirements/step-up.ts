/** What passkeys for approvals promise. */
export const stepUpRequirements = {
  'step-up.policy':
    'Policy says which approvals want a passkey; one that was given without is no approval there.',
  'step-up.approves':
    'Where policy wants a passkey, everybody who approves uses one, and the entry says which.',
  'step-up.data-path':
    'A statement that waits for a passkey runs at the target when it was used, once, and not for a token alone.',
  'step-up.browser':
    'A real browser registers a passkey and approves with it, by what the API says and takes.',
  'step-up.browser-origin':
    'From another origin, for another relying party or without its owner, a passkey of a real browser proves nothing.',
  'step-up.people': 'Only people have passkeys.',
  'step-up.bound':
    'A use of a passkey is for one access request, one verdict and one person, at one origin, with the person verified.',
  'step-up.once': 'A challenge is good once, whatever came of it.',
  'step-up.counter': 'A passkey whose counter goes back proves nothing.',
  'step-up.sealed':
    'A passkey that was added, moved or changed in the store by anybody but a gateway is none, and that is on record.',
  'step-up.not-back':
    'A passkey that is put back in the store as it once was is none, and one that was deleted there makes no place for a new first one.',
  'step-up.register':
    'The first passkey is added after signing in just now, every other with one that is there, on record first.',
  'step-up.remove':
    'A passkey is removed with one of the same person, or by an administrator who is another.',
  'step-up.restart': 'A passkey is good after a restart of the gateway as before.',
  'step-up.cli':
    'From the command line people list their passkeys and remove one with another, and administrators remove those of others.',
  'step-up.limits':
    'A person has only so many passkeys, and where none are configured there are no routes for them.',
};
