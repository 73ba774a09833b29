/** How often our detectors are right on the labelled corpus, side by side with an open detector on the same texts. */
import { OpenRedaction } from '@openredaction/core';
import { detectorNames, usualDetectors } from '../packages/gateway/src/masking/detectors/all.ts';
import { createMasking, maskingSection } from '../packages/gateway/src/masking/index.ts';
import { corpus, type Label, type Sample } from '../test/corpus/corpus.ts';
import { type Finder, ourFinder, type Tally, tally } from '../test/corpus/detection.ts';
import { printTable } from './table.ts';

const ROUNDS = 200;

/** Their names of what ours calls one class; the first that fits counts, and what fits none is not held against them. */
const theirClasses: readonly (readonly [RegExp, string])[] = [
  [/EMAIL/, 'email'],
  [/CREDIT_CARD|DEBIT_CARD/, 'payment-card'],
  [/^SSN/, 'ssn'],
  [/JWT/, 'jwt'],
  [/AWS/, 'aws-key'],
  [/PRIVATE_KEY|PGP|SSH/, 'private-key'],
  [/HASH|BCRYPT/, 'password-hash'],
  [/IBAN|BANK_ACCOUNT/, 'bank-account'],
  [/CONNECTION|DATABASE|URL_WITH_AUTH/, 'connection-string'],
  [/PHONE/, 'phone'],
  [/IPV?[46]?(_|$)/, 'ip-address'],
  [/NHS|BSN|AADHAAR|CPF|DNI|NIE|NIR|INSEE|NATIONAL|_ID_|SOCIAL/, 'national-id'],
  [/PASSWORD|SECRET|BEARER|OAUTH|GENERIC|AUTH/, 'secret'],
  [/KEY|TOKEN|PAT$|GITHUB|SLACK|STRIPE|NPM|GITLAB|OPENAI/, 'api-key'],
];

export async function benchDetection(): Promise<void> {
  const samples = corpus();
  const ours = tally(samples, ourFinder());
  const found = await theirFindings(samples);
  const theirs = tally(samples, found.finder);
  const classes = [...new Set(samples.flatMap(({ labels }) => labels.map((label) => label.class)))];
  const rows = classes.map((dataClass) => {
    const values = ours.get(dataClass)?.values ?? 0;
    return [dataClass, String(values), ...figures(ours.get(dataClass)), ...figures(theirs.get(dataClass))];
  });
  const usual = tally(samples, ourFinder(usualDetectors));
  const usualWrong = [...usual.values()].reduce((sum, { wrong }) => sum + wrong, 0);
  const clean = samples.filter(({ labels }) => labels.length === 0).length;
  printTable(
    `${samples.length} texts, ${clean} of which hold nothing: ours, and @openredaction/core as it comes`,
    ['class', 'values', 'precision', 'recall', 'precision, theirs', 'recall, theirs'],
    rows,
  );
  const bytes = Buffer.from(samples.map(({ text }) => text).join('\n'));
  printTable(
    'the corpus as one text, CPU time',
    ['', 'MB/s', 'found where nothing is'],
    [
      ['ours, as they come', speed(usualDetectors, bytes).toFixed(1), String(usualWrong)],
      ['ours, all', speed(detectorNames, bytes).toFixed(1), String(wrongOf(ours))],
      ['@openredaction/core', found.megabytes.toFixed(3), String(wrongOf(theirs))],
    ],
  );
}

function figures(of: Tally | undefined): readonly [string, string] {
  if (of === undefined) return ['–', '0.00'];
  return [
    of.found === 0 ? '–' : (1 - of.wrong / of.found).toFixed(2),
    of.values === 0 ? '–' : (of.hidden / of.values).toFixed(2),
  ];
}

function wrongOf(tallies: ReadonlyMap<string, Tally>): number {
  return [...tallies.values()].reduce((sum, { wrong }) => sum + wrong, 0);
}

function speed(enabled: readonly string[], bytes: Buffer): number {
  const mask = createMasking(maskingSection.parse({ detectors: { enabled } })).compile('bench', []);
  for (let i = 0; i < ROUNDS; i += 1) mask.scrub(bytes, 0, bytes.length);
  const before = process.cpuUsage();
  for (let i = 0; i < ROUNDS; i += 1) mask.scrub(bytes, 0, bytes.length);
  const { user, system } = process.cpuUsage(before);
  return (bytes.length * ROUNDS) / (user + system);
}

/** It leaves reserved domains out on purpose, so it gets others of the same length: of ours, none can be anybody's. */
function withoutReserved(text: string): string {
  return text
    .replaceAll('.test', '.info')
    .replaceAll('example.', 'exomple.')
    .replaceAll('.example', '.exomple');
}

async function theirFindings(
  samples: readonly Sample[],
): Promise<{ readonly finder: Finder; readonly megabytes: number }> {
  const detector = new OpenRedaction();
  const byText = new Map<string, readonly Label[]>();
  let bytes = 0;
  const before = process.cpuUsage();
  for (const { text } of samples) {
    const { detections } = await detector.detect(withoutReserved(text));
    bytes += Buffer.byteLength(text);
    const labels = detections.flatMap(({ type, position: [start, end] }) => {
      const dataClass = theirClasses.find(([pattern]) => pattern.test(type))?.[1];
      if (dataClass === undefined) return [];
      const at = Buffer.byteLength(text.slice(0, start));
      return [{ start: at, end: at + Buffer.byteLength(text.slice(start, end)), class: dataClass }];
    });
    byText.set(text, labels);
  }
  const { user, system } = process.cpuUsage(before);
  return { finder: (text) => byText.get(text) ?? [], megabytes: bytes / (user + system) };
}
