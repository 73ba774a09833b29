/** What a verified assertion says, read from the very bytes that the signature covers. Throws Fault `credential-rejected`. */
import { refusal } from './refusal.ts';
import { children, is, NAMESPACE, type XmlElement } from './saml-document.ts';

export interface Assertion {
  readonly id: string;
  readonly issuer: string;
  readonly nameId: string;
  readonly audiences: readonly string[];
  readonly recipient: string;
  readonly inResponseTo: string;
  /** All in milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notOnOrAfter: number;
  readonly sessionNotOnOrAfter: number;
  readonly attributes: ReadonlyMap<string, readonly string[]>;
}

const BEARER = 'urn:oasis:names:tc:SAML:2.0:cm:bearer';
const VALUES = 10_000;

export function readAssertion(root: XmlElement): Assertion {
  if (!is(root, NAMESPACE.assertion, 'Assertion') || root.getAttribute('Version') !== '2.0')
    throw refusal('it has no SAML 2.0 assertion');
  const subject = only(root, 'Subject');
  const confirmation = only(subject, 'SubjectConfirmation');
  if (confirmation.getAttribute('Method') !== BEARER)
    throw refusal('its subject is not confirmed as a bearer');
  const data = only(confirmation, 'SubjectConfirmationData');
  const conditions = only(root, 'Conditions');
  const statement = only(root, 'AuthnStatement');
  const session = statement.getAttribute('SessionNotOnOrAfter') ?? '';
  return {
    id: given(root, 'ID'),
    issuer: textOf(only(root, 'Issuer')),
    nameId: textOf(only(subject, 'NameID')),
    audiences: all(only(conditions, 'AudienceRestriction'), 'Audience').map(textOf),
    recipient: given(data, 'Recipient'),
    inResponseTo: given(data, 'InResponseTo'),
    notBefore: Math.max(timeOf(conditions, 'NotBefore', 0), timeOf(data, 'NotBefore', 0)),
    notOnOrAfter: Math.min(timeOf(conditions, 'NotOnOrAfter'), timeOf(data, 'NotOnOrAfter')),
    sessionNotOnOrAfter: session === '' ? Number.POSITIVE_INFINITY : timeOf(statement, 'SessionNotOnOrAfter'),
    attributes: attributesOf(root),
  };
}

/** The one value of an attribute; null when there is none. */
export function oneValue(assertion: Assertion, name: string): string | null {
  const values = assertion.attributes.get(name) ?? [];
  if (values.length > 1) throw refusal(`its attribute "${name}" has more than one value`);
  return values[0] ?? null;
}

function attributesOf(root: XmlElement): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  let count = 0;
  for (const statement of all(root, 'AttributeStatement')) {
    for (const attribute of all(statement, 'Attribute')) {
      const values = all(attribute, 'AttributeValue').map(textOf);
      const name = given(attribute, 'Name');
      count += values.length;
      if (found.has(name)) throw refusal('it has one attribute twice');
      if (count > VALUES) throw refusal(`its attributes have more than ${VALUES} values`);
      found.set(name, values);
    }
  }
  return found;
}

function all(parent: XmlElement, name: string): XmlElement[] {
  return children(parent).filter((one) => is(one, NAMESPACE.assertion, name));
}

function only(parent: XmlElement, name: string): XmlElement {
  const [first, ...others] = all(parent, name);
  if (first === undefined || others.length > 0)
    throw refusal(`its ${parent.localName} does not have one ${name}`);
  return first;
}

function given(element: XmlElement, name: string): string {
  const value = element.getAttribute(name) ?? '';
  if (value === '') throw refusal(`its ${element.localName} has no ${name}`);
  return value;
}

/** Text and nothing else: an element in a name is one more way to be read in two ways. */
function textOf(element: XmlElement): string {
  const nodes = Array.from(element.childNodes);
  if (nodes.some(({ nodeType }) => nodeType !== 3))
    throw refusal(`its ${element.localName} is not plain text`);
  return nodes
    .map(({ nodeValue }) => nodeValue ?? '')
    .join('')
    .trim();
}

/** SAML core 1.3.3: times are in UTC. */
function timeOf(element: XmlElement, name: string, otherwise?: number): number {
  const text = element.getAttribute(name) ?? '';
  if (text === '' && otherwise !== undefined) return otherwise;
  const good = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/.test(text);
  const time = good ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw refusal(`its ${element.localName} has no ${name} that is a time in UTC`);
  return time;
}
