import { randomBytes } from 'node:crypto';
import { type CacheProvider, SAML, ValidateInResponseTo } from '@node-saml/node-saml';
import { type IdentityConfig, identityOfPerson, type SamlConfig } from '../identity/index.ts';
import type { Clock } from '../lib/clock.ts';
import type { Answer, Arrived, Attempt, Provider, Standing } from './provider.ts';
import { refusal } from './refusal.ts';
import { type Assertion, oneValue, readAssertion } from './saml-assertion.ts';
import {
  checkOpened,
  checkShape,
  children,
  decodeResponse,
  is,
  NAMESPACE,
  parseXml,
  type XmlElement,
} from './saml-document.ts';
import { type DecryptionKey, notOpened, openSealed, readSealed } from './saml-encryption.ts';
import { hashOf } from './sealing.ts';

export interface SamlDependencies {
  readonly clock: Clock;
  origin(): string;
  /** PEM certificates of the identity provider. */
  readonly certificates: readonly string[];
  /** What opens encrypted assertions; null where none are accepted. */
  readonly decryption: DecryptionKey | null;
  /** PEM key that signs requests, or null. */
  readonly requestKey: string | null;
  /** `sign_in.response_bytes`. */
  readonly responseBytes: number;
  /** `sign_in.session_seconds`, in milliseconds. */
  readonly sessionMs: number;
  /** Remembers an assertion for as long as it could be accepted; false when it was used before. */
  useAssertion(idHash: string, expiresAt: number): Promise<boolean>;
}

const CBC_METHODS = /<EncryptionMethod Algorithm="[^"]*-cbc"\s*\/>\s*/g;
const SUCCESS = 'urn:oasis:names:tc:SAML:2.0:status:Success';

/** An id for an authentication request: XML ids do not begin with a digit. */
export function newRequestId(): string {
  return `_${randomBytes(20).toString('hex')}`;
}

/** SAML 2.0 Web Browser SSO, begun by us (SAML profiles 4.1): request by redirect, response by POST. */
export class SamlProvider implements Provider {
  readonly kind = 'saml';
  readonly name: string;
  readonly #config: SamlConfig;
  readonly #limits: IdentityConfig;
  readonly #deps: SamlDependencies;

  constructor(config: SamlConfig, limits: IdentityConfig, deps: SamlDependencies) {
    this.name = config.name;
    this.#config = config;
    this.#limits = limits;
    this.#deps = deps;
  }

  async begin(attempt: Attempt, state: string): Promise<URL> {
    return new URL(await this.#library(attempt.requestId).getAuthorizeUrlAsync(state, undefined, {}));
  }

  async finish(attempt: Attempt, { samlResponse }: Answer): Promise<Arrived> {
    if (samlResponse === undefined)
      throw refusal('it came back in a way this identity provider does not use');
    const root = parseXml(decodeResponse(samlResponse, this.#deps.responseBytes));
    this.#checkResponse(root, attempt);
    const assertion = readAssertion(parseXml(await this.#opened(checkShape(root), samlResponse, attempt)));
    this.#check(assertion, attempt);
    const { clock, sessionMs } = this.#deps;
    const skew = this.#limits.clockToleranceSeconds * 1_000;
    const once = hashOf(`${this.#config.idpIssuer}\n${assertion.id}`);
    if (!(await this.#deps.useAssertion(once, assertion.notOnOrAfter + skew)))
      throw refusal('its assertion was used before');
    const { claims } = this.#config;
    const id = claims.subject === undefined ? assertion.nameId : oneValue(assertion, claims.subject);
    if (id === null || id === '') throw refusal('it names no subject');
    const expiresAt = Math.min(assertion.sessionNotOnOrAfter, clock.now() + sessionMs);
    const person = {
      id,
      email: oneValue(assertion, claims.email) ?? undefined,
      display: oneValue(assertion, claims.display) ?? undefined,
      groups: assertion.attributes.get(claims.groups) ?? [],
      expiresAt,
    };
    const identity = identityOfPerson(person, this.#config, this.#limits.groupsPerToken);
    return { identity, standing: { identity }, until: expiresAt };
  }

  async renew({ identity }: Standing): Promise<Arrived | null> {
    // Nobody can be asked again: it stands until it ends.
    if (identity === undefined || identity.expiresAt <= this.#deps.clock.now()) return null;
    return { identity, standing: { identity }, until: identity.expiresAt };
  }

  async leave(): Promise<string | null> {
    return this.#config.signOutUrl ?? null;
  }

  metadata(): string {
    const { decryption } = this.#deps;
    const certificate = decryption?.certificate ?? null;
    const text = this.#library(newRequestId(), null).generateServiceProviderMetadata(certificate, null);
    // What the library could decrypt is more than what is accepted.
    return this.#config.wantResponseSigned ? text : text.replace(CBC_METHODS, '');
  }

  get #acs(): string {
    return `${this.#deps.origin()}/v1/sign-in/${this.name}/acs`;
  }

  get #entityId(): string {
    return this.#config.issuer ?? `${this.#deps.origin()}/v1/sign-in/${this.name}/metadata`;
  }

  /** What is around the assertion may be unsigned: it can only refuse. */
  #checkResponse(root: XmlElement, attempt: Attempt): void {
    const destination = root.getAttribute('Destination') ?? '';
    if (destination !== '' && destination !== this.#acs) throw refusal('it was sent to another address');
    if ((root.getAttribute('InResponseTo') ?? '') !== attempt.requestId)
      throw refusal('it is not an answer to this sign-in');
    const status = children(root).find((one) => is(one, NAMESPACE.protocol, 'Status'));
    const code = status === undefined ? undefined : children(status)[0];
    if (code?.getAttribute('Value') !== SUCCESS) throw refusal('the identity provider says no');
    for (const one of children(root).filter((child) => is(child, NAMESPACE.assertion, 'Issuer'))) {
      if (one.childNodes[0]?.nodeValue?.trim() !== this.#config.idpIssuer)
        throw refusal('it is of another identity provider');
    }
  }

  /** The same of an assertion that may be encrypted: then nothing tells why it is refused. */
  async #opened(element: XmlElement, samlResponse: string, attempt: Attempt): Promise<string> {
    const { decryption } = this.#deps;
    if (element.localName === 'Assertion') {
      if (this.#config.requireEncryption) throw refusal('its assertion is not encrypted, and has to be');
      return this.#verified(samlResponse, attempt);
    }
    if (decryption === null)
      throw refusal(
        'its assertion is encrypted, and there is no key for it (decryption_key_file of identity.saml)',
      );
    const sealed = readSealed(element);
    const { authenticated } = sealed.cipher;
    if (!authenticated && !this.#config.wantResponseSigned)
      throw refusal(
        'its assertion is encrypted with CBC, which is accepted only inside a signed response (want_response_signed)',
      );
    try {
      if (authenticated) checkOpened(parseXml(openSealed(sealed, decryption)));
      const xml = await this.#verified(samlResponse, attempt);
      // Not before the signature around it: padding that is right or wrong is nobody's to find out.
      if (!authenticated) checkOpened(parseXml(openSealed(sealed, decryption)));
      return xml;
    } catch (cause) {
      throw notOpened(cause);
    }
  }

  /** The bytes of the assertion that its signature covers. */
  async #verified(samlResponse: string, attempt: Attempt): Promise<string> {
    let xml: string | undefined;
    try {
      const { profile } = await this.#library(attempt.requestId).validatePostResponseAsync({
        SAMLResponse: samlResponse,
      });
      xml = profile?.getAssertionXml?.();
    } catch (cause) {
      // Messages of the library may quote the response.
      throw refusal('its signature, audience or times are not good', cause);
    }
    if (xml === undefined) throw refusal('it has no assertion');
    return xml;
  }

  #check(assertion: Assertion, attempt: Attempt): void {
    const { clock } = this.#deps;
    const skew = this.#limits.clockToleranceSeconds * 1_000;
    if (assertion.issuer !== this.#config.idpIssuer) throw refusal('it is of another identity provider');
    if (assertion.recipient !== this.#acs) throw refusal('its assertion is for another address');
    if (assertion.inResponseTo !== attempt.requestId) throw refusal('it is not an answer to this sign-in');
    if (!assertion.audiences.includes(this.#config.audience ?? this.#entityId))
      throw refusal('its assertion is for another audience');
    if (assertion.notOnOrAfter + skew <= clock.now()) throw refusal('its assertion has expired');
    if (assertion.notBefore - skew > clock.now())
      throw refusal(
        'its assertion is not valid yet; compare the clocks of the identity provider and the gateway',
      );
    if (assertion.sessionNotOnOrAfter <= clock.now()) throw refusal('the session it speaks of has ended');
  }

  /** One for each request: what it knows is this one request's id. */
  #library(requestId: string, requestKey = this.#deps.requestKey): SAML {
    const { clockToleranceSeconds } = this.#limits;
    const { certificates, decryption } = this.#deps;
    return new SAML({
      callbackUrl: this.#acs,
      entryPoint: this.#config.entryPoint,
      issuer: this.#entityId,
      audience: this.#config.audience ?? this.#entityId,
      idpCert: [...certificates],
      identifierFormat: this.#config.nameIdFormat,
      disableRequestedAuthnContext: true,
      wantAssertionsSigned: true,
      wantAuthnResponseSigned: this.#config.wantResponseSigned,
      acceptedClockSkewMs: clockToleranceSeconds * 1_000,
      validateInResponseTo: ValidateInResponseTo.always,
      cacheProvider: onlyOf(requestId),
      generateUniqueId: () => requestId,
      ...(decryption === null ? {} : { decryptionPvk: decryption.key }),
      ...(requestKey === null
        ? {}
        : { privateKey: requestKey, signatureAlgorithm: 'sha256', digestAlgorithm: 'sha256' }),
    });
  }
}

/** The library's memory of requests: this one, and whether it was answered is the ticket's to know. */
function onlyOf(requestId: string): CacheProvider {
  return {
    saveAsync: async (key, value) => ({ createdAt: Date.now(), value: key === requestId ? value : '' }),
    getAsync: async (key) => (key === requestId ? new Date().toISOString() : null),
    removeAsync: async (key) => key,
  };
}
