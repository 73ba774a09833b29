import { apiKey } from './api-key.ts';
import { awsKeyId, awsSecret } from './aws-key.ts';
import { connectionString } from './connection-string.ts';
import type { Detector } from './detector.ts';
import { email } from './email.ts';
import { iban } from './iban.ts';
import { jwt } from './jwt.ts';
import { passwordHash } from './password-hash.ts';
import { paymentCard } from './payment-card.ts';
import { privateKey } from './private-key.ts';
import { secret } from './secret.ts';
import { ssn } from './ssn.ts';

/** The detectors that look without being asked to: what they find is seldom anything else. */
export const usualDetectors = [
  'email',
  'payment-card',
  'ssn',
  'jwt',
  'aws-key',
  'private-key',
  'password-hash',
  'bank-account',
  'api-key',
  'connection-string',
  'secret',
] as const;

/** The names of all detectors. */
export const detectorNames = [...usualDetectors] as const;
export type DetectorName = (typeof detectorNames)[number];

/** Every detector by its name. */
export const detectorsOf: Readonly<Record<DetectorName, readonly Detector[]>> = {
  email: [email],
  'payment-card': [paymentCard],
  ssn: [ssn],
  jwt: [jwt],
  'aws-key': [awsKeyId, awsSecret],
  'private-key': [privateKey],
  'password-hash': [passwordHash],
  'bank-account': [iban],
  'api-key': [apiKey],
  'connection-string': [connectionString],
  secret: [secret],
};

/** The data classes that detectors find. */
export const detectedClasses: readonly string[] = [
  ...new Set(detectorNames.flatMap((name) => detectorsOf[name].map(({ dataClass }) => dataClass))),
];
