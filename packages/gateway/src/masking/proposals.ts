/** What a column looks like it holds, by its values, its name and its comment. Values go in, and never come out. */
import { detectorNames, detectorsOf } from './detectors/all.ts';
import { compileScan } from './detectors/scan.ts';
import { Spans } from './detectors/spans.ts';

export interface ColumnSample {
  readonly name: string;
  readonly comment: string;
  readonly values: readonly string[];
}

export interface Proposal {
  readonly class: string;
  readonly confidence: 'high' | 'medium' | 'low';
  /** In words, without any value. */
  readonly evidence: string;
}

/** Words of a name or comment, and the class they speak of; the first that fits counts. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/(?:^| )(?:ssn|social security)(?: |$)/, 'ssn'],
  [/(?:^| )(?:e ?mails?)(?: |$)/, 'email'],
  [/(?:^| )(?:password|passwd|passphrase|pwd)(?: |$)/, 'password-hash'],
  [/(?:^| )(?:iban|bank account|account number)(?: |$)/, 'bank-account'],
  [/(?:^| )(?:card number|credit card|pan|cc number)(?: |$)/, 'payment-card'],
  [/(?:^| )(?:phone|mobile|telephone|fax|msisdn)(?: |$)/, 'phone'],
  [/(?:^| )(?:dob|birth ?date|birth ?day|date of birth|born)(?: |$)/, 'birth-date'],
  [/(?:^| )(?:salary|wage|wages|compensation)(?: |$)/, 'salary'],
  [
    /(?:^| )(?:secret|api ?key|private key|(?:access|refresh|auth|session|api|bearer) token|token)(?: |$)/,
    'secret',
  ],
  [/(?:^| )(?:passport|tax id|national id|driver licen[cs]e)(?: |$)/, 'national-id'],
];

/** Shares of the values that speak for a class by themselves. */
const MOST = 0.8;
const SOME = 0.2;
/** Fewer values than this say little by themselves. */
const ENOUGH = 3;

/** The class a column should have, or null when nothing speaks for one. */
export function proposeClass(column: ColumnSample): Proposal | null {
  const found = mostFound(column.values);
  const named = classOfWords(column.name);
  const commented = classOfWords(column.comment);
  const dataClass = named ?? found?.class ?? commented;
  if (dataClass === null) return null;
  const total = column.values.length;
  // Values that are plainly of a class outweigh a name that says something else.
  const byValues = found !== null && found.count / total >= MOST && total >= ENOUGH;
  const proposed = byValues ? found.class : dataClass;
  const count = found?.class === proposed ? found.count : 0;
  const share = total === 0 ? 0 : count / total;
  const words = [...(named === proposed ? ['name'] : []), ...(commented === proposed ? ['comment'] : [])];
  const evidence = [...(count > 0 ? [`matched ${count} of ${total}`] : []), ...words].join(', ');
  const high = byValues || (words.length > 0 && share >= SOME);
  const confidence = high ? 'high' : named === proposed || share >= SOME ? 'medium' : 'low';
  return { class: proposed, confidence, evidence };
}

function mostFound(values: readonly string[]): { readonly class: string; readonly count: number } | null {
  const found = new Spans();
  let most: { class: string; count: number } | null = null;
  const texts = values.map((value) => Buffer.from(value));
  for (const name of detectorNames) {
    const detectors = detectorsOf[name];
    const { finds } = compileScan(detectors);
    const count = texts.filter((bytes) => {
      finds(bytes, 0, bytes.length, found);
      return found.merge() > 0;
    }).length;
    if (count > (most?.count ?? 0)) most = { class: detectors[0]?.dataClass ?? name, count };
  }
  return most;
}

function classOfWords(text: string): string | null {
  const words = text
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, ' ')
    .trim();
  return WORDS.find(([pattern]) => pattern.test(words))?.[1] ?? null;
}
