/** Rules for types, and for values that a type or a column supplies. */
import { names } from './tree.ts';
import type { Rule } from './walk.ts';

export const typeRules: Readonly<Record<string, Rule>> = {
  // Making a value of a type may run functions: the input of a base type, the CHECK of a domain.
  TypeName: (walker, body, scope) => {
    walker.draft.type(names(body.names));
    walker.children('TypeName', body, scope);
  },
  SetToDefault: (walker) => {
    walker.draft.setsDefault = true;
  },
};
