/** What the audit log promises. */
export const auditRequirements = {
  'audit.append-before-ack': 'Every acknowledged entry survives a kill of the process at any moment.',
  'audit.order': 'Entries carry their index and a time that never goes backwards.',
  'audit.canonical': 'An entry is canonical JSON whatever order its fields came in, or it is refused.',
  'audit.tree':
    'The tree over the entries is the one RFC 9162 defines, so that others can check its checkpoints.',
  'audit.notes':
    'Checkpoints are signed notes of C2SP, byte for byte, and no other key or text passes for one.',
  'audit.verify': 'With the public key alone the whole log can be checked while it is in use.',
  'audit.tampering':
    'A changed, dropped, moved, repeated or cut entry, and a changed checkpoint, is found and its place is named.',
  'audit.known-checkpoint': 'With a checkpoint kept elsewhere, a log cut or rewritten below it is found.',
  'audit.inclusion': 'An inclusion proof is the one RFC 9162 defines, and nothing else passes for one.',
  'audit.consistency': 'A consistency proof is the one RFC 9162 defines, and nothing else passes for one.',
  'audit.proof':
    'A proof file shows one entry to whoever has the public key, with no log, no network and no Node, and any change of it does not.',
  'audit.rotation':
    'Whoever knows one key of a log can follow it to each later one, and a key that handed over signs nothing more.',
  'audit.witnesses':
    'Cosignatures of C2SP count as many witnesses as signed, out of those that were named, and no other.',
  'audit.vectors':
    'Entries, leaves, roots, proofs, checkpoints and cosignatures are what the frozen vectors say.',
  'audit.torn-tail':
    'What a crash left of a write is set aside at the next start and no whole entry with it.',
  'audit.refuses-damage': 'A log damaged anywhere else is not opened, and the file and byte are named.',
  'audit.one-writer': 'Two processes cannot have a log open, and a killed one leaves no lock behind.',
  'audit.disk-full':
    'On a full disk entries are refused, none is half written, and appending goes on when there is room.',
  'audit.disk-fails':
    'Whatever the disk refuses or drops, and whenever the process or the machine dies, every acknowledged entry is in the log, which opens and verifies.',
  'audit.recovers':
    'After a sync that failed nothing is taken until all before is on disk in a new file, and then the log goes on by itself.',
  'audit.checkpoint-synced':
    'A checkpoint counts when it is on disk, and one that a power cut took is made again; one over more than the log has is refused.',
  'audit.batches': 'A batch of entries is written by one call and is in the log whole or not at all.',
  'audit.clock':
    'When the clock is set back entries keep the time of the one before, and go on with the clock when it is past that.',
  'audit.cannot-open': 'A folder that cannot be written is an error that names it.',
  'audit.group-sync': 'One sync serves everyone who waits for it, over segment changes too.',
  'audit.fault': 'To the gateway every failure of the log is the fault audit-unavailable.',
  'audit.bounded': 'A form or reason of any length becomes an entry of bounded size.',
  'audit.classified': 'Only the named fields of an entry enter the log.',
  'audit.rewritten':
    'A log rewritten without its key, or cut below a checkpoint kept elsewhere, does not verify.',
  'audit.tail':
    'A log can be followed while it is written, from any entry on, and nothing half written is read.',
  'audit.tail-lost': 'Following a log whose entries were removed or changed is an error that says which.',
  'audit.pinned':
    'Every type of entry has the fields it is pinned to have, each with who, what and where it knows.',
  'audit.documented': 'The documentation lists every type of entry with its fields, and no other.',
  'audit.version':
    'Entries say the version of what they mean; those of before there was one are read like any.',
  'audit.logins':
    'Who came in, by which door and from where, is on record before anything is judged about them, and is found by subject.',
  'audit.logins-bounded':
    'A token that is used again and again over the control plane is one entry, within bounded memory.',
  'audit.configuration':
    'Which sections of the configuration changed since the last start is in the log, and no value or secret of them.',
  'audit.policy-change':
    'Which policy file changed, from what to what, when and by what trigger is answered from the log alone, over restarts.',
  'audit.listing':
    'Lists of names in an entry are bounded, and what is not listed is never told to have changed.',
  'audit.tables':
    'A decision names the tables it touches, what it sets off included; one that may touch any is found by each.',
  'audit.index-answers':
    'A search answers what reading the whole log from end to end would, newest first, over pages, for any filters.',
  'audit.index-crash':
    'An index that was killed at any moment catches up, with nothing missing and nothing twice.',
  'audit.index-hostile':
    'Values in filters and entries are only ever values: SQL, search syntax, NUL, lone surrogates, any length.',
  'audit.index-torn':
    'A torn tail of the log is not indexed and what replaces it is; what stands before damage is found.',
  'audit.index-rebuilt':
    'An index that is damaged, gone, of another version or of another log is made anew by itself.',
  'audit.index-private': 'Nothing an entry says stands in the files of the index.',
  'audit.index-apart': 'What decides never waits for the index, and goes on without it.',
  'audit.index-auditors':
    'Auditors alone search the audit log, agents that act for them do not, and each search is on record.',
  'audit.index-command':
    'The command finds what was done through the gateway or in the files, and makes the index anew.',
} as const;
