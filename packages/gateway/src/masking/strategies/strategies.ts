import type { Disguise, Strategy } from '../../protocols/protocol.ts';
import { format } from './format.ts';
import { hash } from './hash.ts';
import { Keyed } from './keyed.ts';
import { noise } from './noise.ts';
import { partial } from './partial.ts';
import type { StrategyConfig } from './section.ts';

/** Every value becomes the placeholder, or NULL where a type has no text. */
export const FULL: Strategy = { kind: 'full' };
/** What is dropped is NULL too: a description that names a column cannot be taken back, and clients count on it. */
const NULL: Strategy = { kind: 'null' };

/** The strategy of a class. Without a key, what needs one is hidden whole. */
export function compileStrategy(dataClass: string, config: StrategyConfig, key: Uint8Array | null): Strategy {
  switch (config.strategy) {
    case 'full':
      return FULL;
    case 'null':
    case null:
    case 'drop':
      return NULL;
    case 'partial':
      return disguised(partial(config.keep));
    case 'hash':
    case 'format':
    case 'noise':
      return key === null
        ? FULL
        : disguised(keyedDisguise(config, new Keyed(key, config.strategy, dataClass)));
  }
}

function disguised(disguise: Disguise): Strategy {
  return { kind: 'disguise', disguise };
}

function keyedDisguise(
  config: Extract<StrategyConfig, { strategy: 'hash' | 'format' | 'noise' }>,
  keyed: Keyed,
): Disguise {
  if (config.strategy === 'hash') return hash(keyed);
  return config.strategy === 'format' ? format(keyed) : noise(keyed, config);
}

/** Whether any of the strategies draws by a key. */
export function needsKey(classes: Readonly<Record<string, StrategyConfig>>): boolean {
  return Object.values(classes).some(
    ({ strategy }) => strategy === 'hash' || strategy === 'format' || strategy === 'noise',
  );
}
