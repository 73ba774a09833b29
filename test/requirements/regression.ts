/** What a client may rely on when the gateway stands between it and PostgreSQL. */
export const regressionRequirements = {
  'regression.identical':
    'PostgreSQL’s own regression files, run by psql through the gateway where policy allows everything, print what they print without it; each exception is listed with its reason.',
} as const;
