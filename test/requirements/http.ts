/** What the HTTP protocol promises beside what every protocol does. */
export const httpRequirements = {
  'http.one-reading':
    'A request that policy and a target could read differently is refused, recorded, and not forwarded.',
} as const;
