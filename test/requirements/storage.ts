/** What the embedded store promises. */
export const storageRequirements = {
  'storage.private': 'The store is readable by its owner only.',
  'storage.forward-only':
    'A store of a newer gateway is refused; the same store opens again with everything in it.',
  'storage.retention':
    'Operation text is erased, in the file too, and rows are removed when their time is over; open ones stay.',
  'storage.restart': 'What an earlier run left open is ended at start.',
  'storage.fault': 'A store that cannot be used is a fault that says so.',
  'storage.plain-text': 'Text of any content is stored and found as it is, never as part of a query.',
} as const;
