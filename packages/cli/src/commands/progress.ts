import type { Terminal } from '../terminal.ts';

/** How long something may take before it says how far it is, and between two times it does, in milliseconds. */
const EVERY_MS = 1000;

/** Says how far a long reading of files is, once a second after the first, to whoever looks at a terminal. */
export function progressOf(
  terminal: Terminal,
  now: () => number = () => performance.now(),
  did = 'checked',
): (checked: number, total: number) => void {
  const started = now();
  let last = started;
  return (checked, total) => {
    if (now() - last < EVERY_MS || terminal.columns === Number.POSITIVE_INFINITY) return;
    last = now();
    const seconds = (last - started) / 1000;
    terminal.err(
      terminal.paint.dim(
        `${did} ${Math.floor((100 * checked) / total)} % of ${megabytes(total)}, ${megabytes(checked / seconds)} a second`,
      ),
    );
  };
}

/** `12.3 MB`, `4.0 kB`: bytes for people. */
export function megabytes(bytes: number): string {
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
