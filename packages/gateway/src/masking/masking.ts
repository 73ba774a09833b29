import type { Mask } from '../protocols/protocol.ts';
import { ColumnRules } from './columns.ts';
import { detectedClasses, detectorsOf } from './detectors/all.ts';
import { customDetector } from './detectors/custom.ts';
import { CompiledMask } from './mask.ts';
import type { MaskingConfig } from './section.ts';
import { tenantKey } from './strategies/keyed.ts';
import { compileStrategy } from './strategies/strategies.ts';

/** What is masked, compiled per target and set of revealed classes. */
export interface Masking {
  /** The mask for a session that may see `revealed` classes at `target` in clear. Compiled once per distinct set; shared. */
  compile(target: string, revealed: readonly string[]): Mask;
  /** Every data class known, built-in and configured: what `reveal` is asked for. */
  readonly classes: readonly string[];
}

/** Most compiled masks kept (L10); the oldest goes first, and would only be compiled again. */
const MAX_MASKS = 1_000;

/**
 * Makes the masks of one configuration. Each mask has its own version, also across the masks of one instance.
 * `masterKey` is what strategies draw by; without one, classes whose strategy needs it are hidden whole.
 */
export function createMasking(config: MaskingConfig, masterKey: Uint8Array | null = null): Masking {
  const key = masterKey === null ? null : tenantKey(masterKey, config.tenant);
  const strategies = new Map(
    Object.entries(config.classes).map(([name, strategy]) => [name, compileStrategy(name, strategy, key)]),
  );
  const classes = [
    ...new Set<string>([
      ...detectedClasses,
      ...config.classified.map((entry) => entry.class),
      ...config.column_names.map((entry) => entry.class),
      ...config.detectors.custom.map((entry) => entry.class),
    ]),
  ].sort();
  const custom = config.detectors.custom.map(customDetector);
  const masks = new Map<string, Mask>();
  let version = 0;
  return {
    classes,
    compile(target, revealed) {
      // Only known classes count, so that the number of distinct masks is bounded by the configuration.
      const asked = new Set(revealed);
      const clear = new Set(classes.filter((dataClass) => asked.has(dataClass)));
      const key = `${target}\0${[...clear].join('\0')}`;
      const known = masks.get(key);
      if (known !== undefined) return known;
      version += 1;
      const columns = new ColumnRules(target, config.classified, config.column_names, clear);
      const detectors = [...new Set(config.detectors.enabled)]
        .flatMap((name) => detectorsOf[name])
        .concat(custom)
        .filter(({ dataClass }) => !clear.has(dataClass));
      const mask = new CompiledMask(version, columns, detectors, config.comments === 'on', strategies);
      const oldest = masks.keys().next();
      if (masks.size >= MAX_MASKS && oldest.done !== true) masks.delete(oldest.value);
      masks.set(key, mask);
      return mask;
    },
  };
}
