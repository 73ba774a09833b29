import { CLIENT_ALIAS } from './caller.ts';
import type { Confirmation, Identity } from './identity.ts';
import { isRecord } from './issuer-fetch.ts';
import { type ClaimPath, type IssuerConfig, issuerSection } from './section.ts';
import type { SamlConfig } from './sign-in-section.ts';
import { fillTemplate, readTemplate } from './templates.ts';
import { rejected } from './token-shape.ts';

type Claims = Readonly<Record<string, unknown>>;

const NAME_LENGTH = 512;
const DISPLAY_LENGTH = 128;
const ACTOR_DEPTH = 8;

/**
 * Turns verified claims into an identity. Claims that cannot be understood are refused rather than left out: a group
 * list that is dropped could also drop the group that a policy forbids something to. Throws Fault `credential-rejected`.
 */
export function identityOf(
  claims: Claims,
  issuer: IssuerConfig,
  expiresAt: number,
  groupLimit: number,
  tokenId = '',
): Identity {
  const sub = subjectOf(claims, issuer.claims.subject);
  if (sub === null) throw rejected('it names no subject');
  const actor = name(claims, issuer.claims.actor, 'actor');
  const email = name(claims, issuer.claims.email, 'e-mail');
  const clients = [claims.client_id, claims.azp].filter(
    (value) => typeof value === 'string' && value !== '',
  ) as string[];
  const machine = actor !== null || clients.includes(sub) || !isPerson(claims, issuer);
  const subject = `${issuer.name}|${sub}`;
  const own = subjectNames(claims, sub, subject, email);
  return Object.freeze({
    subject,
    displayName: displayName(claims, issuer, email ?? subject),
    groups: Object.freeze(groups(claims, issuer, groupLimit)),
    actor,
    task: name(claims, issuer.claims.task, 'task'),
    kind: machine ? 'machine' : 'person',
    expiresAt,
    ...(typeof claims.auth_time === 'number' ? { authenticatedAt: claims.auth_time * 1_000 } : {}),
    aliases: Object.freeze(aliases({ claims, issuer, sub, own, actor, clients })),
    subjectAliases: Object.freeze([...new Set(own.map(foldAlias))]),
    tokenId,
    issuerTokenId: isName(claims.jti) ? `${issuer.name}|${claims.jti}` : null,
    issuedAt: issuedAtOf(claims.iat),
    groupsFrom: null,
    delegation: Object.freeze(actorChain(claims, actor)),
    scope: null,
    confirmation: confirmationOf(claims),
    mayAct: name(claims, 'may_act.sub', 'permitted actor'),
  });
}

/** Whole milliseconds: a NumericDate may have a fraction (RFC 7519 section 2), which neither the store nor a task token takes. */
function issuedAtOf(iat: unknown): number {
  return typeof iat === 'number' && Number.isFinite(iat) ? Math.max(0, Math.floor(iat * 1_000)) : 0;
}

/** What the subject itself is known by, as the token has it. */
function subjectNames(claims: Claims, sub: string, subject: string, email: string | null): string[] {
  const names = email === null ? [subject] : [subject, email];
  for (const value of [sub, claims.preferred_username, claims.upn]) {
    if (isName(value) && value.includes('@')) names.push(value);
  }
  return names;
}

/** What a SAML assertion says of a person, once it was verified. Still text that the identity provider chose. */
export interface AssertedPerson {
  readonly id: string;
  readonly email: string | undefined;
  readonly display: string | undefined;
  readonly groups: readonly string[];
  readonly expiresAt: number;
}

/** The identity of a person who signed in with SAML, by the same rules as one with a token. */
export function identityOfPerson(person: AssertedPerson, provider: SamlConfig, groupLimit: number): Identity {
  const { id, email, display, groups: listed, expiresAt } = person;
  const { name: providerName, groupPrefix } = provider;
  const claims = { sub: id, email, name: display, groups: listed, signedInWith: 'saml' };
  const read = issuerSection.parse({
    name: providerName,
    issuer: 'https://saml.invalid',
    audience: 'saml',
    groupPrefix,
    claims: { actor: ['none'], task: ['none'] },
    person: { claim: 'signedInWith', equals: 'saml' },
  });
  return identityOf(claims, read, expiresAt, groupLimit);
}

function subjectOf(claims: Claims, path: ClaimPath): string | null {
  const template = typeof path === 'string' && path.includes('{') ? readTemplate(path) : null;
  if (template === null) return name(claims, path, 'subject');
  const made = fillTemplate(template, (claim) => name(claims, claim, 'subject'));
  if (made !== null && !isName(made)) throw rejected(`its subject is longer than ${NAME_LENGTH} characters`);
  return made;
}

function isPerson(claims: Claims, issuer: IssuerConfig): boolean {
  if (issuer.machinesOnly) return false;
  if (issuer.person !== undefined) return lookUp(claims, issuer.person.claim) === issuer.person.equals;
  // No claim says "person" in every issuer. These three come from an interactive sign-in (OpenID Connect Core 2 and 5.1);
  // service accounts of the common issuers have none of them.
  const signedIn =
    typeof claims.auth_time === 'number' || (Array.isArray(claims.amr) && claims.amr.length > 0);
  return signedIn || claims.email_verified === true;
}

function groups(claims: Claims, issuer: IssuerConfig, limit: number): string[] {
  // Microsoft Entra leaves the groups out of large tokens and points elsewhere: acting on "no groups" would be a guess.
  if (isRecord(claims._claim_names) && Object.hasOwn(claims._claim_names, 'groups')) {
    throw rejected(
      'its groups are left out as too many; have the issuer send only the groups of this application',
    );
  }
  const listed = [
    ...groupsClaim(claims, issuer.claims, limit),
    ...issuer.claims.groupTemplates.flatMap((text) => {
      const made = fillTemplate(readTemplate(text) ?? [], (claim) => name(claims, claim, 'group'));
      return made === null ? [] : [made];
    }),
  ];
  if (listed.length > limit) throw rejected(`it has more than ${limit} groups (identity.groups_per_token)`);
  return listed.map((group) => {
    if (!isName(group)) throw rejected('its groups are not a list of names');
    return `${issuer.groupPrefix}${group}`;
  });
}

function groupsClaim(claims: Claims, paths: IssuerConfig['claims'], limit: number): readonly unknown[] {
  const { groups: path, groupSeparator } = paths;
  const found = lookUpAll(claims, segments(path), limit);
  if (found === undefined) return [];
  if (typeof found === 'string' && groupSeparator !== undefined)
    return found.split(groupSeparator).filter((group) => group !== '');
  return Array.isArray(found) ? found : [found];
}

/** As `lookUp`, and through lists of objects on the way: then what each of them has, all of them having it. */
function lookUpAll(from: unknown, path: readonly string[], limit: number): unknown {
  const [segment, ...rest] = path;
  if (segment === undefined) return from ?? undefined;
  if (Array.isArray(from)) {
    if (from.length > limit) throw rejected(`it has more than ${limit} groups (identity.groups_per_token)`);
    return from.flatMap((one) => {
      const found = lookUpAll(one, path, limit);
      // One that is left out could be the one that a policy forbids something to.
      if (found === undefined) throw rejected('its groups are not a list of names');
      return found;
    });
  }
  if (!isRecord(from) || !Object.hasOwn(from, segment)) return undefined;
  return lookUpAll(from[segment], rest, limit);
}

interface AliasSource {
  readonly claims: Claims;
  readonly issuer: IssuerConfig;
  readonly sub: string;
  readonly own: readonly string[];
  readonly actor: string | null;
  readonly clients: readonly string[];
}

/** Every name the bearer goes by, folded. Client ids are marked: two people may use one application. */
function aliases(from: AliasSource): string[] {
  const names = new Set(from.own);
  for (const actor of actorChain(from.claims, from.actor)) {
    names.add(actor);
    names.add(`${from.issuer.name}|${actor}`);
  }
  for (const client of from.clients) {
    names.add(`${CLIENT_ALIAS}${from.issuer.name}|${client}`);
    if (client === from.sub) names.add(client);
  }
  return [...new Set([...names].map(foldAlias))];
}

/** One spelling for names that people would take for the same. */
export function foldAlias(text: string): string {
  // Invisible characters make two names of what people read as one.
  return text
    .normalize('NFKC')
    .replace(/[\p{Cf}\s]+/gu, '')
    .toLowerCase();
}

/** RFC 8693 section 4.1: an `act` inside an `act` is an earlier actor of the chain. */
function actorChain(claims: Claims, actor: string | null): string[] {
  const chain = actor === null ? [] : [actor];
  let act: unknown = claims.act;
  for (let depth = 0; isRecord(act) && depth < ACTOR_DEPTH; depth += 1) {
    // The first is the actor itself, unless the issuer is configured to name that elsewhere.
    if (isName(act.sub) && !(depth === 0 && act.sub === actor)) chain.push(act.sub);
    act = act.act;
  }
  if (isRecord(act)) throw rejected(`its chain of actors is longer than ${ACTOR_DEPTH}`);
  return chain;
}

/**
 * RFC 7800: what the bearer has to hold. A method that cannot be checked here is a refusal: the issuer meant that the
 * token is not good in any hand.
 */
export function confirmationOf(claims: Claims): Confirmation | null {
  const { cnf } = claims;
  if (cnf === undefined || cnf === null) return null;
  const { jkt = null, 'x5t#S256': x5tS256 = null } = isRecord(cnf) ? cnf : {};
  const isThumbprint = (value: unknown) => value === null || isDigest(value);
  if (!isThumbprint(jkt) || !isThumbprint(x5tS256) || (jkt === null && x5tS256 === null)) {
    throw rejected('it is bound in a way that cannot be checked here (cnf)');
  }
  return Object.freeze({ jkt: jkt as string | null, x5tS256: x5tS256 as string | null });
}

/** SHA-256 in base64url. */
export function isDigest(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9_-]{43}$/.test(value);
}

function displayName(claims: Claims, issuer: IssuerConfig, otherwise: string): string {
  const value = lookUp(claims, issuer.claims.display);
  const text = typeof value === 'string' ? value : otherwise;
  // People choose these in many issuers: no control or direction characters, which could forge a line on a terminal.
  const shown = text
    .slice(0, 4 * DISPLAY_LENGTH)
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '')
    .trim();
  return shown === '' ? otherwise : Array.from(shown).slice(0, DISPLAY_LENGTH).join('');
}

/** A claim that names something, or null when absent. Present but unreadable is a refusal. */
function name(claims: Claims, path: ClaimPath, what: string): string | null {
  const value = lookUp(claims, path);
  const [first] = segments(path);
  if (value === undefined) {
    const dangling = segments(path).length > 1 && first !== undefined && Object.hasOwn(claims, first);
    if (dangling && what.endsWith('actor')) throw rejected(`it has a ${what} that cannot be read`);
    return null;
  }
  if (!isName(value)) throw rejected(`its ${what} is not a name of 1 to ${NAME_LENGTH} printable characters`);
  return value;
}

export function isName(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value !== '' &&
    value.length <= NAME_LENGTH &&
    !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(value)
  );
}

function lookUp(claims: Claims, path: ClaimPath): unknown {
  let value: unknown = claims;
  for (const segment of segments(path)) {
    if (!isRecord(value) || !Object.hasOwn(value, segment)) return undefined;
    value = value[segment];
  }
  return value ?? undefined;
}

function segments(path: ClaimPath): readonly string[] {
  if (typeof path !== 'string') return path;
  // RFC 6901 section 4: ~1 before ~0.
  if (path.startsWith('/'))
    return path
      .slice(1)
      .split('/')
      .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  return path.includes('://') ? [path] : path.split('.');
}
