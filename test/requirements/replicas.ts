/** What several gateways over one store promise. */
export const replicaRequirements = {
  'replicas.step-up':
    'That a passkey was used at one gateway counts at another by a seal alone, for that one word.',
  'replicas.approve':
    'A person decides on any gateway; the one that holds the operation judges and logs it, and the one they spoke to logs it first.',
  'replicas.rules': 'Who may not decide may not on another gateway either, whatever the store says.',
  'replicas.end': 'Sessions of every gateway are listed with its name, and ended from any of them.',
  'replicas.grants':
    'What was granted at one gateway is listed at every other and ended from any; it is given only where it was asked for.',
  'replicas.reviews':
    'What a person did without waiting at one gateway keeps them from breaking glass at every other.',
  'replicas.crash':
    'What a gateway held when it stopped fails at its next start; a word it did not answer is withdrawn and never counts.',
  'replicas.hostile-store':
    'What others wrote into the store approves nothing that its people did not see and say.',
} as const;
