import { createHash } from 'node:crypto';
import type { Passkey } from '@sallyport/contract';
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
  VerifiedRegistrationResponse,
} from '@simplewebauthn/server';
import type { Identity } from '../identity/index.ts';
import type { Clock } from '../lib/clock.ts';
import { Fault } from '../lib/fault.ts';
import type { PasskeyRow, RowSeals, Storage } from '../storage/index.ts';
import { CHALLENGE_MS, Challenges, type Purpose, samePurpose } from './challenges.ts';
import { clientDataOf } from './client-data.ts';
import { SealedPasskeys } from './sealed-passkeys.ts';
import type { StepUpConfig } from './section.ts';

export interface StepUpDeps {
  readonly clock: Clock;
  readonly passkeys: Storage['passkeys'];
  readonly seals: RowSeals;
  /** `bytes` random bytes as lower-case hex. */
  random(bytes: number): string;
}

/** That somebody used a passkey of theirs, now, for one thing. */
export interface StepUpProof {
  readonly kind: 'webauthn';
  /** SHA-256 of the credential id, hex. */
  readonly credential: string;
}

/** Passkeys of people, and what they prove with them. Every call may reject with Fault `not-permitted` or `storage-unavailable`. */
export interface StepUp {
  /** What to give to the browser for one purpose. Rejects with Fault `conflict` when this person has no passkey. */
  challenge(
    person: Identity,
    purpose: Exclude<Purpose, { kind: 'register' }>,
  ): Promise<PublicKeyCredentialRequestOptionsJSON>;
  /** Checks what the browser gave, for exactly this purpose. */
  verify(person: Identity, purpose: Purpose, assertion: AuthenticationResponseJSON): Promise<StepUpProof>;
  /** Begins to add a passkey: the first after signing in just now, every other with one that is there. */
  beginRegistration(
    person: Identity,
    assertion: AuthenticationResponseJSON | undefined,
  ): Promise<PublicKeyCredentialCreationOptionsJSON>;
  /** Adds it. `record` is called before it counts. */
  register(
    person: Identity,
    name: string,
    response: RegistrationResponseJSON,
    record: (id: string) => void,
  ): Promise<Passkey>;
  list(subject: string): Promise<readonly Passkey[]>;
  /** Removes one, proven with any of this person's. `record` is called before it is gone. */
  remove(
    person: Identity,
    id: string,
    assertion: AuthenticationResponseJSON,
    record: () => void,
  ): Promise<void>;
  /** Removes every passkey of somebody, for an administrator; how many there were. */
  reset(subject: string): Promise<number>;
}

/** Loaded when somebody uses a passkey: it is large, and most gateways start without. */
const webAuthn = () => import('@simplewebauthn/server');

/** EdDSA, ES256 and RS256 (COSE): what every authenticator has one of. Others are asked for by nobody yet. */
const ALGORITHMS = [-8, -7, -257];

export function createStepUp(config: StepUpConfig, deps: StepUpDeps): StepUp {
  return new Room(config, deps);
}

class Room implements StepUp {
  readonly #config: StepUpConfig;
  readonly #deps: StepUpDeps;
  readonly #passkeys: SealedPasskeys;
  readonly #challenges: Challenges;
  /** One registration after another: two that are each the first would else both be. */
  #registering: Promise<unknown> = Promise.resolve();

  constructor(config: StepUpConfig, deps: StepUpDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#passkeys = new SealedPasskeys(deps.passkeys, deps.seals, deps.clock);
    this.#challenges = new Challenges(deps.clock, (bytes) => deps.random(bytes));
  }

  async challenge(
    person: Identity,
    purpose: Exclude<Purpose, { kind: 'register' }>,
  ): Promise<PublicKeyCredentialRequestOptionsJSON> {
    onlyPeople(person);
    const own = await this.#passkeys.of(person.subject);
    if (own.length === 0)
      throw new Fault('conflict', 'You have no passkey yet: register one in the console first.');
    const { generateAuthenticationOptions } = await webAuthn();
    return generateAuthenticationOptions({
      rpID: this.#config.rpId,
      challenge: bytesOf(this.#challenges.issue(person.subject, purpose)),
      timeout: CHALLENGE_MS,
      userVerification: 'required',
      allowCredentials: own.map(described),
    });
  }

  async verify(
    person: Identity,
    purpose: Purpose,
    assertion: AuthenticationResponseJSON,
  ): Promise<StepUpProof> {
    onlyPeople(person);
    const { subject } = person;
    const { challenge, crossOrigin } = clientDataOf(assertion.response.clientDataJSON);
    // Used up first: whatever else is wrong with it, it is not tried twice.
    this.#challenges.redeem(challenge, subject, (issued) => samePurpose(issued, purpose));
    const passkey = (await this.#passkeys.of(subject)).find(({ id }) => id === assertion.id);
    const { userHandle } = assertion.response;
    const theirs = userHandle === undefined || userHandle === userIdOf(subject).toString('base64url');
    if (passkey === undefined || crossOrigin || !theirs) throw notProven();
    const { rpId, origins } = this.#config;
    const { verifyAuthenticationResponse } = await webAuthn();
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: assertion,
      expectedChallenge: challenge,
      expectedOrigin: [...origins],
      expectedRPID: rpId,
      credential: {
        id: passkey.id,
        publicKey: bytesOf(passkey.public_key),
        // The library compares it: one that went back is a copy of the passkey.
        counter: Number(passkey.counter),
      },
      requireUserVerification: true,
    }).catch(() => {
      throw notProven();
    });
    if (!verified) throw notProven();
    if (!(await this.#passkeys.used(passkey, authenticationInfo.newCounter))) throw notProven();
    return { kind: 'webauthn', credential: hashOf(passkey.id) };
  }

  async beginRegistration(
    person: Identity,
    assertion: AuthenticationResponseJSON | undefined,
  ): Promise<PublicKeyCredentialCreationOptionsJSON> {
    onlyPeople(person);
    const { subject } = person;
    const own = await this.#passkeys.of(subject);
    this.#checkRoom(own);
    this.#checkThere(subject, own);
    if (own.length === 0) this.#onlyFresh(person);
    else if (assertion === undefined)
      throw new Fault(
        'step-up-required',
        'Could not begin: you have a passkey, so prove with it that it is you who adds another.',
      );
    else await this.verify(person, { kind: 'add-passkey' }, assertion);
    const { rpId, rpName } = this.#config;
    const { generateRegistrationOptions } = await webAuthn();
    return generateRegistrationOptions({
      rpID: rpId,
      rpName,
      userName: person.displayName,
      userID: new Uint8Array(userIdOf(subject)),
      challenge: bytesOf(this.#challenges.issue(subject, { kind: 'register', first: own.length === 0 })),
      timeout: CHALLENGE_MS,
      attestationType: 'none',
      supportedAlgorithmIDs: ALGORITHMS,
      excludeCredentials: own.map(described),
      authenticatorSelection: { userVerification: 'required', residentKey: 'preferred' },
    });
  }

  register(
    person: Identity,
    name: string,
    response: RegistrationResponseJSON,
    record: (id: string) => void,
  ): Promise<Passkey> {
    const done = this.#registering.then(() => this.#register(person, name, response, record));
    this.#registering = done.catch(() => undefined);
    return done;
  }

  async list(subject: string): Promise<readonly Passkey[]> {
    return (await this.#passkeys.of(subject)).map(shown);
  }

  async remove(
    person: Identity,
    id: string,
    assertion: AuthenticationResponseJSON,
    record: () => void,
  ): Promise<void> {
    const found = (await this.#passkeys.of(person.subject)).find((one) => hashOf(one.id) === id);
    if (found === undefined) throw new Fault('not-found', 'You have no such passkey.');
    await this.verify(person, { kind: 'remove-passkey', credential: id }, assertion);
    record();
    await this.#passkeys.remove(person.subject, found.id);
  }

  reset(subject: string): Promise<number> {
    return this.#passkeys.removeOf(subject);
  }

  async #register(
    person: Identity,
    name: string,
    response: RegistrationResponseJSON,
    record: (id: string) => void,
  ): Promise<Passkey> {
    onlyPeople(person);
    const { subject } = person;
    const { challenge, crossOrigin } = clientDataOf(response.response.clientDataJSON);
    const purpose = this.#challenges.redeem(challenge, subject, ({ kind }) => kind === 'register');
    const own = await this.#passkeys.of(subject);
    this.#checkRoom(own);
    this.#checkThere(subject, own);
    // Begun as the first, and there is one by now: that one has to agree.
    if (crossOrigin || (purpose.kind === 'register' && purpose.first && own.length > 0)) throw notProven();
    const credential = await this.#verified(response, challenge);
    record(hashOf(credential.id));
    const added = await this.#passkeys.add({
      id: credential.id,
      subject,
      name,
      public_key: Buffer.from(credential.publicKey).toString('base64url'),
      counter: credential.counter,
      transports: JSON.stringify((credential.transports ?? []).slice(0, 8).map(String)),
    });
    if (added === null) throw notProven();
    return shown(added);
  }

  async #verified(response: RegistrationResponseJSON, challenge: string) {
    const { rpId, origins } = this.#config;
    const { verifyRegistrationResponse } = await webAuthn();
    const { verified, registrationInfo }: VerifiedRegistrationResponse = await verifyRegistrationResponse({
      response,
      expectedChallenge: challenge,
      expectedOrigin: [...origins],
      expectedRPID: rpId,
      requireUserVerification: true,
      supportedAlgorithmIDs: ALGORITHMS,
    }).catch(() => {
      throw notProven();
    });
    if (!verified || registrationInfo === undefined) throw notProven();
    return registrationInfo.credential;
  }

  #checkRoom(own: readonly PasskeyRow[]): void {
    const { passkeysPerPerson } = this.#config;
    if (own.length >= passkeysPerPerson)
      throw new Fault(
        'limit-exceeded',
        `Could not add a passkey: you have ${own.length} (step_up.passkeys_per_person). Remove one first.`,
      );
  }

  /** Whoever deletes rows of the store must not make place for a first passkey that nobody vouches for. */
  #checkThere(subject: string, own: readonly PasskeyRow[]): void {
    if (!this.#passkeys.areMissing(subject, own)) return;
    throw new Fault(
      'not-permitted',
      'Could not begin: you had passkeys, nobody removed them, and the store has none of them. Ask an administrator to look why, and to reset them.',
    );
  }

  /** A token may have been stolen since they signed in: the first passkey is the one all others stand on. */
  #onlyFresh({ authenticatedAt }: Identity): void {
    const { freshSeconds } = this.#config;
    const age =
      authenticatedAt === undefined ? Number.POSITIVE_INFINITY : this.#deps.clock.now() - authenticatedAt;
    if (age <= freshSeconds * 1_000) return;
    throw new Fault(
      'not-permitted',
      `Could not begin: sign in again first. Your first passkey needs a token of somebody who signed in within ${freshSeconds} seconds (its auth_time; step_up.fresh_seconds).`,
    );
  }
}

function onlyPeople({ kind, actor }: Identity): void {
  if (kind !== 'person' || actor !== null)
    throw new Fault('not-permitted', 'Passkeys are for people, not for agents or machines.');
}

/** The user handle of WebAuthn: nothing that says who they are (WebAuthn Level 3, 14.6.1). */
function userIdOf(subject: string): Buffer {
  return createHash('sha256').update(`sallyport passkey ${subject}`).digest();
}

function hashOf(credential: string): string {
  return createHash('sha256').update(credential).digest('hex');
}

function bytesOf(base64url: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(base64url, 'base64url'));
}

function described({ id, transports }: PasskeyRow) {
  return { id, transports: JSON.parse(transports) as string[] };
}

function shown(row: PasskeyRow): Passkey {
  const iso = (time: number) => new Date(Number(time)).toISOString();
  return {
    id: hashOf(row.id),
    name: row.name,
    createdAt: iso(row.created_at),
    usedAt: row.used_at === null ? null : iso(row.used_at),
  };
}

/** The same words whatever it was: nobody learns which part of a forgery was good. */
function notProven(): Fault {
  return new Fault(
    'not-permitted',
    'The passkey proves nothing here: it is not yours, not for this, or was used before.',
  );
}
