/** What is promised of targets' credentials and of sessions that need them, through the whole gateway. */
export const credentialRequirements = {
  'credentials.nowhere':
    "A target's credential is in nothing the gateway writes, says or reports, whatever goes wrong.",
  'credentials.unopened':
    'A session that did not open is on the record with who asked, under the evaluation the client was told.',
} as const;
