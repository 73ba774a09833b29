/** What session recordings promise. */
export const recordingRequirements = {
  'recording.round-trip': 'What was recorded of a session is read back as it was, in order.',
  'recording.bounded-reply':
    'Past its limit a reply is counted only, and the recording says how much was left out.',
  'recording.bounded': 'Past its limit a recording says so and still has its end.',
  'recording.verifiable':
    'A recording altered, cut, extended, deleted or smuggled in is found with the audit log.',
  'recording.crash': 'After a kill a recording is whole up to what was flushed, and verifies.',
  'recording.fails-closed':
    'A session that cannot be recorded does not start, and one whose recording fails says so.',
  'recording.retries':
    'What a disk does not take is kept within a bound and written once it does; meanwhile nothing runs in the session.',
  'recording.compressed':
    'Compressed or not, and from before recordings could be, a recording is read back as it was.',
  'recording.retention':
    'An old recording is deleted with an entry first, its hashes stay, and one that nobody deleted is still missed.',
  'recording.hold':
    'A recording that is held is never deleted, and who held and released it and why is in the log.',
  'recording.follow': 'A recording is read while it is written, and ends when its session does.',
  'recording.stored':
    'A recording that is over is copied to an object store byte for byte, whatever happens to the gateway meanwhile.',
  'recording.store-away':
    'While the store is away recordings are kept, an alarm is raised once, and past the bound no session begins.',
  'recording.store-address':
    'An address of a store that would send what is recorded in the clear, or holds anything it should not, is refused.',
  'recording.idle': 'A session with nothing to write holds no buffer and no open file.',
  'recording.names': 'A session id that is no file name is refused, wherever it comes from.',
  'recording.hostile-file':
    'A file of any content is read within bounds and never throws past the first event.',
  'recording.inert': 'Text made inert has no character that moves, hides or colours other text.',
  'recording.whose':
    'Every entry about a recording says whose session it was, or its id alone where the file does not tell.',
} as const;
