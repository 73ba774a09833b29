import { apiKey } from './api-key.ts';
import { awsKeyId, awsSecret } from './aws-key.ts';
import { connectionString } from './connection-string.ts';
import type { Detector } from './detector.ts';
import { email } from './email.ts';
import { iban } from './iban.ts';
import { ipv4, ipv6 } from './ip-address.ts';
import { jwt } from './jwt.ts';
import { brCpf } from './national/br-cpf.ts';
import { esDni } from './national/es-dni.ts';
import { frNir, inAadhaar, nlBsn, ukNhs } from './national/numbers.ts';
import { passwordHash } from './password-hash.ts';
import { paymentCard } from './payment-card.ts';
import { phone } from './phone.ts';
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
  'fr-nir',
] as const;

/** The names of all detectors. */
export const detectorNames = [
  ...usualDetectors,
  'phone',
  'ip-address',
  'uk-nhs',
  'nl-bsn',
  'in-aadhaar',
  'br-cpf',
  'es-dni',
] as const;
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
  'fr-nir': [frNir],
  phone: [phone],
  'ip-address': [ipv4, ipv6],
  'uk-nhs': [ukNhs],
  'nl-bsn': [nlBsn],
  'in-aadhaar': [inAadhaar],
  'br-cpf': [brCpf],
  'es-dni': [esDni],
};

/** The data classes that detectors find. */
export const detectedClasses: readonly string[] = [
  ...new Set(detectorNames.flatMap((name) => detectorsOf[name].map(({ dataClass }) => dataClass))),
];
