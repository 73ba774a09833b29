/** Every attack, and that no two are the same. */
import type { Attack } from '../attack.ts';
import { catalogs } from './catalogs.ts';
import { changes } from './changes.ts';
import { definitions } from './definitions.ts';
import { oracles } from './oracles.ts';
import { projection } from './projection.ts';
import { queries } from './queries.ts';
import { session } from './session.ts';
import { transforms } from './transforms.ts';

export const attacks: readonly Attack[] = [
  ...projection,
  ...transforms,
  ...queries,
  ...changes,
  ...session,
  ...catalogs,
  ...definitions,
  ...oracles,
];
