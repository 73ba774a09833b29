/** What the command promises. */
export const cliRequirements = {
  'cli.help': 'Every command explains itself, and exit codes are documented.',
  'cli.usage':
    'Arguments or a configuration that cannot be used exit 2 with words on what to do, and never a stack.',
  'cli.token': 'The access token comes from a file or standard input, and never from an argument.',
  'cli.login':
    'Login signs in at the issuer by code and PKCE or by device, and serves the commands and clients that follow.',
  'cli.login-file':
    'A login is a file for its owner only, refused when it is not, and shown to one gateway only.',
  'cli.login-renewed': 'Processes at once renew one login one after the other, with rotated refresh tokens.',
  'cli.login-loopback':
    'What comes to the loopback address and does not fit neither signs in nor ends the wait.',
  'cli.login-hostile':
    'A code, an answer or an error of somebody else ends the login with words that do nothing.',
  'cli.logout': 'Logout revokes at the issuer and forgets.',
  'cli.refused': 'What the gateway refuses exits 3 with its reason; a gateway that is not there exits 1.',
  'cli.inert': 'Text of agents, issuers and databases can do nothing to a terminal.',
  'cli.requests': 'Access requests are listed, shown exactly and decided from the command line.',
  'cli.replay': 'A recording is listed and played, as text or as JSON.',
  'cli.replay-part':
    'A recording is played from a time on, searched in what the client saw, and followed while it is written.',
  'cli.export':
    'A recording is exported as NDJSON, CSV, asciicast or HTTP Archive, each as its readers expect it.',
  'cli.export-inert':
    'In no export can what a client or a target sent act: no escape, formula, tag, NUL or direction mark is left as it was.',
  'cli.hold': 'A recording is held and released from the command line, by auditors.',
  'cli.verify': 'The record is verified offline, and a changed byte exits 1 and names its place.',
  'cli.prove':
    'One entry is proven to somebody without the log, who checks it with the public key alone, and every reason why not has words and an exit code.',
  'cli.audit-status':
    'How the log stands is told quickly, and its key is changed so that every command follows.',
  'cli.policy': 'A policy directory is checked as the gateway would, each error with file and line.',
  'cli.init': 'Init writes a configuration and policies that work, and never overwrites.',
  'cli.start': 'Start says where it listens, reads policies again on SIGHUP and stops in order on SIGTERM.',
  'demo.tour':
    'The unattended tour exits 0 when every step came to what it should, and leaves nothing behind.',
  'demo.honest': 'The tour fails, naming the step, when the gateway lets something through.',
  'cli.hostile':
    'What an agent put in an access request can neither act on a terminal nor pass for something else, as JSON too.',
  'cli.classify':
    'Columns that look classified are proposed with evidence and no value, and added to the configuration on request.',
} as const;
