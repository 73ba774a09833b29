import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';

/**
 * Whether a policy could look at `context.risk`. Never false when it does: an attribute of that name on anything counts,
 * and so does the context as a whole, which could be compared with a record. One that got past this would find no risk
 * in its context, fail, and so deny.
 */
export function asksRisk({ conditions }: PolicyJson): boolean {
  const open: unknown[] = [conditions];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (Array.isArray(node)) open.push(...node);
    else if (typeof node === 'object' && node !== null) {
      if ('attr' in node && isRisk(node.attr)) return true;
      if ('Var' in node && node.Var === 'context') return true;
      for (const [key, value] of Object.entries(node)) {
        // An attribute of the context that is not the risk.
        if ((key === '.' || key === 'has') && isAttributeOfContext(value)) {
          if (isRisk(value.attr)) return true;
        } else open.push(value);
      }
    }
  }
  return false;
}

function isAttributeOfContext(node: unknown): node is { readonly attr: unknown } {
  if (typeof node !== 'object' || node === null || !('left' in node) || !('attr' in node)) return false;
  const { left } = node;
  return typeof left === 'object' && left !== null && 'Var' in left && left.Var === 'context';
}

/** `has` can name a way through several records. */
function isRisk(attribute: unknown): boolean {
  return attribute === 'risk' || (Array.isArray(attribute) && attribute.includes('risk'));
}
