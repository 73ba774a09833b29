/** What the source tree promises to those who work in it. */
export const houseRequirements = {
  'house.doors': 'Rooms meet only at their doors: who may import what is fixed.',
  'house.sizes': 'Files and functions stay small enough to read.',
  'house.words': 'Names say what a thing is, and nothing unfinished is left in the tree.',
  'house.coverage': 'Every promise is cited by a test, and every citation is of a promise.',
} as const;
