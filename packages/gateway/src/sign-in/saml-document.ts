/**
 * A SAML response before anybody believes it. Everything here is chosen by whoever posted it. What is allowed is one
 * shape, and nothing that two readers could understand differently: whoever verifies the signature and whoever reads the
 * name then look at the same thing (SAML core 5.4, "On Breaking SAML: Be Whoever You Want to Be", USENIX Security 2012).
 */
import { DOMParser } from '@xmldom/xmldom';
import { refusal } from './refusal.ts';

/** The part of the DOM used here. */
export interface XmlNode {
  readonly nodeType: number;
  readonly nodeValue: string | null;
  readonly childNodes: ArrayLike<XmlNode>;
}

export interface XmlElement extends XmlNode {
  readonly localName: string;
  readonly namespaceURI: string | null;
  readonly attributes: ArrayLike<{ readonly localName: string; readonly value: string }>;
  getAttribute(name: string): string | null;
}

export const NAMESPACE = {
  protocol: 'urn:oasis:names:tc:SAML:2.0:protocol',
  assertion: 'urn:oasis:names:tc:SAML:2.0:assertion',
  signature: 'http://www.w3.org/2000/09/xmldsig#',
} as const;

/** SHA-1 and older are not here (NIST SP 800-131A); nor HMAC, with which a public key would be the secret. */
const SIGNATURES: ReadonlySet<string> = new Set([
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha384',
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
]);
const DIGESTS: ReadonlySet<string> = new Set([
  'http://www.w3.org/2001/04/xmlenc#sha256',
  'http://www.w3.org/2001/04/xmldsig-more#sha384',
  'http://www.w3.org/2001/04/xmlenc#sha512',
]);
const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const TRANSFORMS: ReadonlySet<string> = new Set([`${NAMESPACE.signature}enveloped-signature`, EXCLUSIVE]);

const DEPTH = 40;
const ELEMENTS = 20_000;

/** The text of a response as it was posted. Throws Fault `credential-rejected`. */
export function decodeResponse(base64: string, limit: number): string {
  if (base64.length > limit)
    throw refusal(`the response is longer than ${limit} bytes (sign_in.response_bytes)`);
  // Line breaks are what some identity providers wrap base64 with.
  const text = base64.replace(/[\r\n]/g, '');
  const bytes = Buffer.from(text, 'base64');
  if (text === '' || bytes.toString('base64') !== text) throw refusal('the response is not base64');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw refusal('the response is not UTF-8');
  }
}

/** Parses what has no declaration that could mean something to one reader only. Throws Fault `credential-rejected`. */
export function parseXml(xml: string): XmlElement {
  // Document types bring entities (XXE, billion laughs); comments and instructions split a text into two nodes, of which
  // a careless reader takes the first; CDATA is text to some. A response needs none of them.
  if (/<!|<\?(?!xml[ \t\r\n])/.test(xml) || xml.lastIndexOf('<?') > 0)
    throw refusal('the response has a document type, a comment, CDATA or an instruction in it');
  const fail = (): never => {
    throw refusal('the response is not well-formed XML');
  };
  const errorHandler = { warning: fail, error: fail, fatalError: fail };
  let root: XmlElement | null;
  try {
    const document: unknown = new DOMParser({ errorHandler }).parseFromString(xml, 'text/xml');
    root = (document as { readonly documentElement: XmlElement | null }).documentElement;
  } catch {
    return fail();
  }
  return root ?? fail();
}

/**
 * Refuses everything but one response with one assertion, each signed as a whole or not at all. Gives the assertion, which
 * is signed, or the element it is encrypted in.
 */
export function checkShape(root: XmlElement): XmlElement {
  if (!is(root, NAMESPACE.protocol, 'Response')) throw refusal('it is not a SAML response');
  const all = elements(root);
  const assertions = all.filter(({ element }) => /assertion$/i.test(element.localName));
  const [assertion, ...others] = assertions;
  if (
    assertion === undefined ||
    others.length > 0 ||
    assertion.parent !== root ||
    !['Assertion', 'EncryptedAssertion'].some((name) => is(assertion.element, NAMESPACE.assertion, name))
  )
    throw refusal('it does not have one assertion, in its place');
  checkIds(all.map(({ element }) => element));
  const isClear = assertion.element.localName === 'Assertion';
  const signed = checkSignatures(all, isClear ? [root, assertion.element] : [root]);
  if (isClear && !signed.has(assertion.element)) throw refusal('its assertion is not signed');
  return assertion.element;
}

/** The same for an assertion that was encrypted, which is a document of its own. */
export function checkOpened(assertion: XmlElement): void {
  const all = elements(assertion);
  if (!is(assertion, NAMESPACE.assertion, 'Assertion')) throw refusal('it has no SAML 2.0 assertion');
  if (all.some(({ element }) => /assertion$/i.test(element.localName)))
    throw refusal('it has one assertion in another');
  checkIds([assertion, ...all.map(({ element }) => element)]);
  if (!checkSignatures(all, [assertion]).has(assertion)) throw refusal('its assertion is not signed');
}

/** What is signed, of what may be. */
function checkSignatures(all: readonly Placed[], places: readonly XmlElement[]): ReadonlySet<XmlElement> {
  const signatures = all.filter(({ element }) => /^signature$/i.test(element.localName));
  for (const { element, parent } of signatures) {
    if (!places.includes(parent)) throw refusal('it has a signature out of place');
    checkSignature(element, parent);
  }
  const signed = new Set(signatures.map(({ parent }) => parent));
  if (signed.size !== signatures.length) throw refusal('it has two signatures in one place');
  return signed;
}

/** A reference finds its element by id: two of one id are two answers. */
function checkIds(all: readonly XmlElement[]): void {
  const ids = new Set<string>();
  for (const element of all) {
    for (const { localName, value } of Array.from(element.attributes)) {
      if (localName.toLowerCase() !== 'id') continue;
      if (ids.has(value)) throw refusal('two of its elements have one id');
      ids.add(value);
    }
  }
}

/** One reference, to the element around the signature, and algorithms that are still good. */
function checkSignature(signature: XmlElement, signed: XmlElement): void {
  const bad = (): never => {
    throw refusal('it has a signature of a shape or an algorithm that is not accepted');
  };
  if (!is(signature, NAMESPACE.signature, 'Signature')) bad();
  const parts = children(signature).map(({ localName }) => localName);
  if (parts.slice(0, 2).join() !== 'SignedInfo,SignatureValue') bad();
  if (parts.slice(2).some((name) => name !== 'KeyInfo') || parts.length > 3) bad();
  const [info] = children(signature);
  const [canonicalization, method, reference, ...more] = info === undefined ? [] : children(info);
  if (canonicalization === undefined || method === undefined || reference === undefined || more.length > 0)
    return bad();
  if (!named(canonicalization, 'CanonicalizationMethod', new Set([EXCLUSIVE]))) bad();
  if (!named(method, 'SignatureMethod', SIGNATURES)) bad();
  const id = signed.getAttribute('ID');
  if (id === null || id === '' || reference.localName !== 'Reference') bad();
  if (reference.getAttribute('URI') !== `#${id}`) throw refusal('it has a signature of something else');
  const [transforms, digest, value, ...rest] = children(reference);
  if (transforms === undefined || digest === undefined || value?.localName !== 'DigestValue') return bad();
  if (rest.length > 0 || transforms.localName !== 'Transforms') bad();
  if (!children(transforms).every((one) => named(one, 'Transform', TRANSFORMS))) bad();
  if (!named(digest, 'DigestMethod', DIGESTS)) bad();
}

function named(element: XmlElement, name: string, allowed: ReadonlySet<string>): boolean {
  return element.localName === name && allowed.has(element.getAttribute('Algorithm') ?? '');
}

export function is(element: XmlElement, namespace: string, name: string): boolean {
  return element.namespaceURI === namespace && element.localName === name;
}

export function children(element: XmlElement): XmlElement[] {
  return Array.from(element.childNodes).filter((one): one is XmlElement => one.nodeType === 1);
}

interface Placed {
  readonly element: XmlElement;
  readonly parent: XmlElement;
}

/** Every element below the root. */
function elements(root: XmlElement): Placed[] {
  const found: Placed[] = [];
  const open: { readonly element: XmlElement; readonly depth: number }[] = [{ element: root, depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { element: parent, depth } = next;
    for (const element of children(parent)) {
      found.push({ element, parent });
      open.push({ element, depth: depth + 1 });
    }
    if (depth > DEPTH || found.length > ELEMENTS) throw refusal('it is nested too deep or too large');
  }
  return found;
}
