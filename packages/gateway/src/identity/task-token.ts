/** Task tokens: what the gateway signs when a token is exchanged, and how it reads one back. */
import { randomBytes } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import type { Clock } from '../lib/clock.ts';
import { isDigest, isName } from './claims.ts';
import type { Confirmation, GroupsFrom, Identity, TaskBudget, TaskScope } from './identity.ts';
import type { IdentityConfig } from './section.ts';
import { SigningKeys } from './signing-keys.ts';
import { rejected, type UnverifiedToken } from './token-shape.ts';

/** Type of the `authorization_details` that say what a task is (RFC 9396). */
export const TASK_TYPE = 'sallyport_task';

/** What a task token is made of; who made sure that it is narrower than what it is made from is the exchange. */
export interface TaskGrant {
  readonly subject: Pick<Identity, 'subject' | 'displayName' | 'groups' | 'actor' | 'aliases'>;
  readonly task: string;
  readonly delegation: readonly string[];
  readonly targets: readonly string[];
  readonly actions: readonly string[];
  readonly budget: TaskBudget;
  readonly ancestors: readonly string[];
  readonly origin: string;
  readonly groupsFrom: GroupsFrom;
  readonly confirmation: Confirmation | null;
  /** In milliseconds since the epoch, whole seconds. */
  readonly expiresAt: number;
}

const name = z.string().refine(isName);
const names = z.array(name);
const count = z.int().min(0);

/** The claims as they are signed. Read back as strictly as if somebody else had made them. */
const claimsShape = z.object({
  sub: name,
  exp: z.int(),
  iat: z.int(),
  jti: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
  task: name,
  cnf: z
    .strictObject({
      jkt: z.string().refine(isDigest).optional(),
      'x5t#S256': z.string().refine(isDigest).optional(),
    })
    .optional(),
  authorization_details: z.tuple([
    z.strictObject({
      type: z.literal(TASK_TYPE),
      targets: names.min(1),
      actions: names.min(1),
      budget: z.strictObject({ operations: count, rows: count, approvals: count }),
    }),
  ]),
  sallyport: z.strictObject({
    actor: name.nullable(),
    name: z.string(),
    groups: names,
    aliases: names,
    delegation: names.min(1),
    ancestors: z.array(z.string().regex(/^[A-Za-z0-9_-]{22}$/)),
    origin: z.string().refine(isDigest),
    groupsFrom: z.strictObject({ caller: z.string().refine(isDigest), issuedAt: z.int().min(0) }),
  }),
});

/** The gateway as the issuer of task tokens. */
export class TaskTokenIssuer {
  readonly issuer: string;
  readonly keys: SigningKeys;
  readonly #clock: Clock;
  readonly #limitBytes: number;

  constructor(config: IdentityConfig, issuer: string, keyFile: string, clock: Clock) {
    this.issuer = issuer;
    this.keys = new SigningKeys(keyFile, config.taskTokens.longestLifetimeSeconds * 1_000, clock);
    this.#clock = clock;
    this.#limitBytes = config.tokenBytes;
  }

  /** A new id. */
  newId(): string {
    return randomBytes(16).toString('base64url');
  }

  /** Signs one. Throws Fault `credential-rejected` when it would be larger than any token may be. */
  async sign(id: string, grant: TaskGrant): Promise<string> {
    const { subject, confirmation } = grant;
    const { targets, actions, budget, delegation, ancestors, origin, groupsFrom } = grant;
    const { kid, key } = this.keys.signing;
    const token = await new SignJWT({
      client_id: subject.actor ?? subject.subject,
      task: grant.task,
      scope: actions.join(' '),
      act: actClaim(delegation),
      ...(confirmation === null ? {} : { cnf: cnfClaim(confirmation) }),
      authorization_details: [{ type: TASK_TYPE, targets, actions, budget }],
      sallyport: {
        actor: subject.actor,
        name: subject.displayName,
        groups: subject.groups,
        aliases: subject.aliases,
        delegation,
        ancestors,
        origin,
        groupsFrom,
      },
    })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid })
      .setIssuer(this.issuer)
      .setAudience(this.issuer)
      .setSubject(subject.subject)
      .setJti(id)
      .setIssuedAt(Math.floor(this.#clock.now() / 1_000))
      .setExpirationTime(Math.floor(grant.expiresAt / 1_000))
      .sign(key);
    if (token.length <= this.#limitBytes) return token;
    throw rejected('with its groups a task token would be longer than identity.token_bytes');
  }

  /** Verifies one that names this issuer. Rejects with Fault `credential-rejected`. */
  async verify(bearer: string, { kid, type }: UnverifiedToken): Promise<Identity> {
    const key = this.keys.verifying(kid);
    if (type !== 'at+jwt') throw rejected('its typ header is not at+jwt');
    if (key === null)
      throw rejected('it is signed with a key that this gateway does not have, or not any more');
    try {
      const { payload } = await jwtVerify(bearer, key, {
        algorithms: ['EdDSA'],
        issuer: this.issuer,
        audience: this.issuer,
        currentDate: new Date(this.#clock.now()),
        requiredClaims: ['exp', 'jti', 'sub'],
      });
      return identityOf(claimsShape.parse(payload));
    } catch (error) {
      throw rejected(describe(error));
    }
  }
}

function identityOf(claims: z.output<typeof claimsShape>): Identity {
  const [{ targets, actions, budget }] = claims.authorization_details;
  const {
    actor,
    name: displayName,
    groups,
    aliases,
    delegation,
    ancestors,
    origin,
    groupsFrom,
  } = claims.sallyport;
  const { jkt = null, 'x5t#S256': x5tS256 = null } = claims.cnf ?? {};
  const scope: TaskScope = { targets, actions, budget, ancestors, origin };
  return Object.freeze({
    subject: claims.sub,
    displayName,
    groups: Object.freeze(groups),
    actor,
    task: claims.task,
    kind: 'machine',
    expiresAt: claims.exp * 1_000,
    aliases: Object.freeze(aliases),
    // Whoever it was exchanged from was here, with every name of theirs.
    subjectAliases: NO_NAMES,
    tokenId: claims.jti,
    issuerTokenId: null,
    issuedAt: claims.iat * 1_000,
    groupsFrom: Object.freeze(groupsFrom),
    delegation: Object.freeze(delegation),
    scope: Object.freeze(scope),
    mayAct: null,
    confirmation: claims.cnf === undefined ? null : Object.freeze({ jkt, x5tS256 }),
  });
}

const NO_NAMES: readonly string[] = Object.freeze([]);

/** RFC 8693 section 4.1: the one that acts now, and the earlier ones inside it. */
function actClaim(delegation: readonly string[]): object | undefined {
  return delegation.reduceRight<object | undefined>(
    (earlier, sub) => (earlier === undefined ? { sub } : { sub, act: earlier }),
    undefined,
  );
}

function cnfClaim({ jkt, x5tS256 }: Confirmation): object {
  return { ...(jkt === null ? {} : { jkt }), ...(x5tS256 === null ? {} : { 'x5t#S256': x5tS256 }) };
}

/** Fixed words only: messages of the library may quote the token. */
function describe(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'it has expired; exchange for a new one';
  if (error instanceof errors.JWTClaimValidationFailed) return 'one of its claims is not acceptable';
  if (error instanceof errors.JOSEAlgNotAllowed || error instanceof errors.JOSENotSupported) {
    return 'its algorithm is not EdDSA';
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'its signature is wrong';
  return 'it is not a task token of this gateway';
}
