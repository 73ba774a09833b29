/** What task tokens promise: RFC 8693 at the gateway, RFC 9449 at its doors. */
export const taskTokenRequirements = {
  'task-tokens.exchange':
    'An access token of a configured issuer is exchanged for a task token by a standard client.',
  'task-tokens.token':
    'A task token is a JWT that anyone verifies with published keys, and names what it is for.',
  'task-tokens.blank':
    'What a task token does not name is denied, on every protocol, whatever policy permits.',
  'task-tokens.target': 'A target that a task token does not name is denied before it is dialled.',
  'task-tokens.read-only':
    'A token that names no change gets sessions that are read-only at the target as well.',
  'task-tokens.narrower':
    'A token that is made from a task token is never for more: targets, actions, budget, task, life, binding.',
  'task-tokens.budget': 'Operations are counted over all sessions of a token; one over its budget is denied.',
  'task-tokens.descendants': 'What is spent with a token is spent with every token it was made from.',
  'task-tokens.rows':
    'Rows are counted as they are delivered, over all sessions, and none is delivered over the budget.',
  'task-tokens.approvals': 'Access requests are counted when they are opened.',
  'task-tokens.restart':
    'A budget is not refilled by a restart, by a crash, or by another gateway on the same store.',
  'task-tokens.ledger-closed': 'While the store cannot be asked, nothing is spent that was not claimed.',
  'task-tokens.dpop': 'A bound token is good only with a proof of its key, made for this request, used once.',
  'task-tokens.proof-shape': 'A proof is verified by every rule of RFC 9449 section 4.3.',
  'task-tokens.proof-memory':
    'Proofs that were used are remembered until they are too old, within bounds, and none is forgotten early.',
  'task-tokens.postgres-proof':
    'PostgreSQL carries the proof in the password, for one connection to one target.',
  'task-tokens.http-proof': 'Over HTTP every request brings a proof of its own.',
  'task-tokens.certificate':
    'A token that is bound to a client certificate is good only on a connection whose handshake showed that one.',
  'task-tokens.certificate-handshake':
    'A certificate counts only for the handshake it was shown in: no session is taken up again, none is renegotiated.',
  'task-tokens.certificate-authority':
    'Where authorities are configured, a certificate that is not of theirs ends the connection, on record.',
  'task-tokens.unread-refusals': 'A request for a token that is refused before it is read is an entry, too.',
  'task-tokens.nonce':
    'Where nonces are wanted, a proof over HTTP without the one of now is refused with it; standard clients go on by themselves.',
  'task-tokens.nonce-rotation':
    'A nonce is of one process and of two minutes at most, and is remembered nowhere.',
  'task-tokens.own-issuer':
    'Only the gateway’s own key makes a task token, and no other issuer can have its name.',
  'task-tokens.not-a-person': 'A task token approves nothing, and opens nothing of the control plane.',
  'task-tokens.actor':
    'An actor is who an issuer says it is: never a person, never another than the token names.',
  'task-tokens.parameters':
    'The token endpoint refuses what it cannot read in one way, in the words of RFC 6749.',
  'task-tokens.recorded-refusals': 'Every refusal of a token is an entry.',
  'task-tokens.revoke':
    'Whoever holds a task token ends it (RFC 7009): its sessions end at once on every gateway, and a copy opens none.',
  'task-tokens.revoke-descendants':
    'With a token that its holder ends, what was made from it ends, and not what it was made from.',
  'task-tokens.revoke-bound': 'A bound token is ended only by whoever shows what it is bound to.',
  'task-tokens.revoke-own': 'A token of an issuer, and a session, is not ended where task tokens are.',
  'task-tokens.revoke-silent':
    'Ending a token tells nothing of it: one that is good for nothing is answered like one that was ended just now.',
  'task-tokens.revoke-elsewhere':
    'A gateway that cannot tell whether a token of its name is good does not say that it is over.',
  'task-tokens.revoke-record':
    'Ending a token is an entry of its own subject and actor, and so is every refusal.',
  'task-tokens.revoke-kept':
    'A token that its holder ended stays ended over restarts and lifted revocations, and is forgotten once it has expired.',
  'task-tokens.record':
    'Chain of actors, task and token id are in every entry of a session, in the list of sessions, in access requests, and in recordings.',
  'task-tokens.keys':
    'A new key signs while the old one verifies for as long as its tokens can live; the file is the gateway’s alone.',
  'task-tokens.rotate-key':
    'An operator changes the key by command, at the running gateway, on record; never to a file it could not read again.',
  'task-tokens.live': 'Only so many task tokens are good at once.',
  'task-tokens.command':
    'The command exchanges, makes proofs and shows what a token names, with a key file nobody else can read.',
  'task-tokens.colleagues':
    'Colleagues who sign in with the same application decide for each other’s task tokens, and nobody through the agent’s own application.',
  'task-tokens.groups-lost':
    'A task token ends with the group it has from a token of which a newer one has it no more.',
  'task-tokens.no-secret': 'No token, and no proof, is in the log, the store or a fault.',
} as const;
