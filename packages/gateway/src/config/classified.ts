import { isSeq, parseDocument } from 'yaml';
import { Fault } from '../lib/fault.ts';

/** The text of a configuration with entries added to `masking.classified`; comments and all else in it stay. */
export function addClassified(
  text: string,
  entries: readonly { readonly column: string; readonly class: string }[],
): string {
  const document = parseDocument(text);
  if (document.errors.length > 0) throw new Fault('config-invalid', 'the configuration is not valid YAML');
  const path = ['masking', 'classified'];
  const known = document.getIn(path);
  if (!isSeq(known) || known.items.length === 0) {
    // An empty list is written as []; entries read better one below the other.
    document.setIn(path, document.createNode(entries));
  } else for (const entry of entries) document.addIn(path, document.createNode(entry));
  return document.toString({ lineWidth: 0 });
}
