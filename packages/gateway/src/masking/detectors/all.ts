import { awsKeyId, awsSecret } from './aws-key.ts';
import type { Detector } from './detector.ts';
import { email } from './email.ts';
import { jwt } from './jwt.ts';
import { passwordHash } from './password-hash.ts';
import { paymentCard } from './payment-card.ts';
import { privateKey } from './private-key.ts';
import { ssn } from './ssn.ts';

/** The data classes that have a detector. */
export const detectedClasses = [
  'email',
  'payment-card',
  'ssn',
  'jwt',
  'aws-key',
  'private-key',
  'password-hash',
] as const;
export type DetectedClass = (typeof detectedClasses)[number];

/** Every detector, by the class it finds. */
export const detectorsOf: Readonly<Record<DetectedClass, readonly Detector[]>> = {
  email: [email],
  'payment-card': [paymentCard],
  ssn: [ssn],
  jwt: [jwt],
  'aws-key': [awsKeyId, awsSecret],
  'private-key': [privateKey],
  'password-hash': [passwordHash],
};
