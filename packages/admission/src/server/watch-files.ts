import { statSync, watch, type FSWatcher } from "node:fs";
import { dirname } from "node:path";
import type { Clock, ClockTimer } from "@kinglet/lifecycle";

/** How often the files are looked at when nothing tells that they changed, milliseconds. */
const pollMs = 60_000;
/** Several changes in a row are one, milliseconds. */
const settleMs = 100;

/**
 * Calls back when one of the files became another one: written, replaced by renaming, or led elsewhere by its folder's symbolic link, as Kubernetes does it with
 * mounted Secrets and ConfigMaps.
 *
 * The folders are watched; where that does not work, or tells nothing, a look once a minute finds the change. Missing files are files that may come.
 *
 * @internal
 */
export function watchFiles(paths: readonly string[], onChange: () => void, clock: Clock): Disposable {
  let seen = signatureOf(paths);
  let settle: ClockTimer | undefined;
  let poll: ClockTimer | undefined;
  const watchers = new Map<string, FSWatcher>();
  const look = (): void => {
    settle = undefined;
    const now = signatureOf(paths);
    if (now === seen) return;
    seen = now;
    onChange();
  };
  const soon = (): void => {
    settle ??= clock.startTimer(look, settleMs);
  };
  const follow = (): void => {
    for (const folder of new Set(paths.map((path) => dirname(path)))) {
      if (watchers.has(folder)) continue;
      try {
        const watcher = watch(folder, { persistent: false }, soon);
        watcher.on("error", () => {
          watcher.close();
          watchers.delete(folder);
        });
        watchers.set(folder, watcher);
      } catch {
        // The folder is not there yet, or the system has no more watches: the look once a minute does.
      }
    }
  };
  const arm = (): void => {
    poll = clock.startTimer(() => {
      follow();
      look();
      arm();
    }, pollMs);
    poll.unref();
  };
  follow();
  arm();
  return {
    [Symbol.dispose]() {
      settle?.cancel();
      poll?.cancel();
      for (const watcher of watchers.values()) watcher.close();
    },
  };
}

/** Changes when a file does; follows symbolic links. */
function signatureOf(paths: readonly string[]): string {
  return paths
    .map((path) => {
      const stat = statSync(path, { throwIfNoEntry: false });
      return stat === undefined ? "-" : `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeMs}`;
    })
    .join(" ");
}
