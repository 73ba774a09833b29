/** What a client sees of a whole gateway in front of a real PostgreSQL, and what faults cannot do. */
export const e2eRequirements = {
  'e2e.psql': 'psql through the gateway says what it says directly.',
  'e2e.copy': 'COPY works in both directions and every format, and its failures leave the session usable.',
  'e2e.transaction-state': 'After an error or a denial the session is in the state a server would be in.',
  'e2e.notices': 'Notices and notifications reach the client.',
  'e2e.pgbench': 'pgbench initialises and runs in every query mode.',
  'e2e.pg-dump': 'pg_dump of a permitted schema is the same dump.',
  'e2e.large-result': 'A large result arrives whole, however slow the client is.',
  'e2e.node-postgres': 'node-postgres gets the results it gets directly.',
  'e2e.postgres-js': 'postgres.js gets the results it gets directly.',
  'e2e.partial-execute': 'Portals are suspended and continued as the server does it.',
  'e2e.cancel': 'A cancel request stops the session whose key it carries, held or running, and no other.',
  'e2e.startup': 'Protocol versions, encryption requests and start-up parameters are answered as documented.',
  'e2e.tls':
    'TLS starts by request or directly with its ALPN name, and nothing unencrypted is believed after.',
  'e2e.unauthenticated': 'A credential that is not good is refused with 28000 and recorded.',
  'e2e.unknown-target': 'A target that does not exist is refused and recorded.',
  'e2e.target-unavailable': 'A target that cannot be reached is an error that says so.',
  'e2e.hold-notice': 'A held client is told what waits, who can approve, until when, and the id.',
  'e2e.hold-approve': 'An approved statement runs exactly once, after a decision that is recorded.',
  'e2e.hold-deny': 'A denied statement is refused with the reason and never runs.',
  'e2e.hold-expiry': 'What nobody decides in time is refused, and the session goes on.',
  'e2e.hold-disconnect': 'A client that goes away cancels its access request.',
  'e2e.hold-cancel': 'A cancel request ends a hold, and the session goes on.',
  'e2e.hold-approver': 'Nobody approves their own statement, and a machine approves none.',
  'e2e.hold-parameters': 'An approval is for exact parameters, which the approver sees as they are bound.',
  'e2e.hold-policy-change': 'An approval is worth nothing once the policy changed.',
  'e2e.hold-replaced': 'An approval is worth nothing once what the statement uses was replaced.',
  'e2e.hold-pipeline': 'A hold in a pipeline keeps the order, and ends when an earlier message fails.',
  'e2e.read-only':
    'A session that may not change anything is read-only in policy and at the server, and ends if the server stops being so.',
  'e2e.policy-change':
    'A changed policy file is in force for open sessions and for what they are in the middle of.',
  'e2e.revocation': 'Ending a session stops what it runs at the target too.',
  'e2e.token-expiry': 'A session does not outlive its access token.',
  'fault.split': 'Conversations and replies mean the same wherever their bytes are cut.',
  'fault.client-garbage':
    'A malformed message of a client ends its session with a reason, recorded, and no other.',
  'fault.target-garbage':
    'A malformed reply of a target ends the session with a reason, recorded, and no other.',
  'fault.target-lies':
    'Whatever a target says of a hidden value, in whichever message it sends it, the client does not get it; a reply that contradicts itself ends the session.',
  'fault.bounded-memory': 'A side that sends faster than the other listens is made to wait.',
  'fault.crash': 'Whatever the target ran before a crash of the gateway is in the log, and the log verifies.',
  'fault.recordings-disk':
    'While recordings alone cannot be written nothing runs; afterwards sessions go on and no recorded byte is missing.',
  'fault.disk-refuses':
    'After a sync of the audit log that failed nothing is forwarded, and open sessions go on without a restart once the disk is sound.',
  'fault.disk-full':
    'While the audit log cannot be written nothing is forwarded, and all goes on when it can.',
} as const;
