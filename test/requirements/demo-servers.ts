/** What the servers that the demo and the tests start promise. */
export const demoServerRequirements = {
  'demo.postgres':
    'A real PostgreSQL starts from what npm installed, and nothing of it outlives the process that started it.',
} as const;
