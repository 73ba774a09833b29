import { type FSWatcher, watch } from 'node:fs';

/** Editors and checkouts write in bursts: one reload answers a burst. */
const QUIET_MS = 50;
/** A directory that is swapped by a link, or on a network file system, gives no events: look by ourselves as well. */
const LOOK_MS = 300;

/** Calls `changed` soon after something in the directory did, and from time to time anyway. Returns how to stop. */
export function watchDirectory(directory: string, changed: () => void): () => void {
  let burst: NodeJS.Timeout | undefined;
  let watcher: FSWatcher | undefined;
  const soon = () => {
    clearTimeout(burst);
    burst = setTimeout(changed, QUIET_MS).unref();
  };
  const begin = () => {
    try {
      watcher = watch(directory, { persistent: false }, soon);
      watcher.on('error', () => {
        watcher?.close();
        watcher = undefined;
      });
    } catch {
      // Not there now, or no watches left: the regular look finds changes, a little later.
    }
  };
  begin();
  const look = setInterval(changed, LOOK_MS).unref();
  return () => {
    clearTimeout(burst);
    clearInterval(look);
    watcher?.close();
  };
}
