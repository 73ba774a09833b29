import { hash } from 'node:crypto';
import { canonical, type EntryFields, type Json } from '@sallyport/audit-log';
import { type AuditEntry, changesOf, listedFacts, listingIn, listingOf, type Named } from '../audit/index.ts';
import { fileKey } from './key-names.ts';
import type { GatewaySection } from './sections.ts';

/**
 * SHA-256 over the canonical JSON (RFC 8785) of each section, as it was understood: neither comments nor the order of keys
 * count, and a default is as good as the same value written out. A secret is not in it: the configuration holds none, only
 * the names of the files and variables they are read from (`plainSecretRefused`), and those are not followed.
 */
export function sectionDigests(section: GatewaySection): readonly Named[] {
  return Object.entries(section).flatMap(([key, value]) =>
    value === undefined ? [] : [{ name: fileKey(key), sha256: digest(value as Json) }],
  );
}

/** What the log says of a configuration: no value of it, only whether each section is the one that the log had last. */
export function configurationEntry(digests: readonly Named[], last: EntryFields | null): AuditEntry {
  const sections = listingOf(digests);
  const before = listingIn(last, 'sections');
  const compared = before === null ? {} : { ...changesOf(before, sections), comparedWith: Number(last?.seq) };
  return { type: 'configuration-loaded', facts: { ...listedFacts('sections', sections), ...compared } };
}

function digest(value: Json): string {
  return hash('sha256', canonical(value), 'hex');
}
