/** Rules for types, and for values that a type or a column supplies. */
import { names } from './tree.ts';
import type { Rule } from './walk.ts';

export const typeRules: Readonly<Record<string, Rule>> = {
  // Making a value of a type may run functions: the input of a base type, the CHECK of a domain.
  TypeName: (walker, body, scope) => {
    walker.draft.type(names(body.names));
    walker.children('TypeName', body, scope);
  },
  // An operator class runs its functions for every value of an index or a partition key.
  IndexElem: (walker, body, scope) => {
    walker.draft.operatorClass(names(body.opclass));
    walker.children('IndexElem', body, scope);
  },
  PartitionElem: (walker, body, scope) => {
    walker.draft.operatorClass(names(body.opclass));
    walker.children('PartitionElem', body, scope);
  },
  SetToDefault: (walker) => {
    walker.draft.setsDefault = true;
  },
};
