import { watch, type FSWatcher } from "node:fs";
import { basename, dirname } from "node:path";
import type { Clock } from "@kinglet/lifecycle";
import { statPath } from "./file-system.ts";

/** Settings of a {@link FolderWatch}. @internal */
export interface FolderWatchOptions {
  /** The file of interest. */
  readonly path: string;
  readonly clock: Clock;
  /** How often to look when watching does not work, milliseconds. */
  readonly pollIntervalMs: number;
  /** How often to look all the same when it does, milliseconds. */
  readonly slowPollMs: number;
  /** Watching does not work (any more): one call, with the reason. */
  readonly onUnavailable: (reason: unknown) => void;
}

/**
 * Says when it is worth looking at a file again.
 *
 * Watches the folder, not the file: renaming and recreating are seen too. When the folder does not exist, its nearest
 * ancestor is watched. Where watching is not possible (limits of the system, some network file systems) it becomes a poll.
 *
 * @internal
 */
export class FolderWatch {
  /** Goes up with every change; remember it before looking, so that no change falls between looking and waiting. */
  version = 0;
  readonly #options: FolderWatchOptions;
  readonly #name: string;
  #watcher: FSWatcher | undefined;
  /** Folder and inode that are watched. */
  #watched = "";
  #isPolling = false;
  #wake: (() => void) | undefined;

  constructor(options: FolderWatchOptions) {
    this.#options = options;
    this.#name = basename(options.path);
  }

  /** True when changes are noticed by polling only. */
  get isPolling(): boolean {
    return this.#isPolling;
  }

  /** Looks which folder there is to watch now; cheap when it is the one already watched. */
  async arm(): Promise<void> {
    if (this.#isPolling) return;
    let folder = dirname(this.#options.path);
    let inode = await inodeOf(folder);
    while (inode === undefined && folder !== dirname(folder)) {
      folder = dirname(folder);
      inode = await inodeOf(folder);
    }
    const target = `${inode}:${folder}`;
    if (target === this.#watched) return;
    this.#watcher?.close();
    this.#watched = target;
    const isParent = folder === dirname(this.#options.path);
    try {
      const watcher = watch(folder, { persistent: true }, (event, name) => {
        // The folder itself is gone (that is how its watch tells): one made at once in its place may have the same inode.
        if (event === "rename" && name === basename(folder) && watcher === this.#watcher) this.#watched = "";
        // Other files of the folder change too; renames count whatever their name, for the folder itself may go.
        if (!isParent || event === "rename" || name === null || name === this.#name) this.#changed();
      });
      watcher.on("error", (error) => this.#fallBack(error));
      this.#watcher = watcher;
      // Something may have changed before the watch began.
      this.#changed();
    } catch (error) {
      this.#fallBack(error);
    }
  }

  /**
   * Resolves at the first change after `version`, at the next poll, or when the signal fires.
   *
   * @returns "poll" when it was the poll.
   */
  wait(version: number, signal: AbortSignal): Promise<"change" | "poll"> {
    if (signal.aborted || version !== this.version) return Promise.resolve("change");
    return new Promise((resolve) => {
      const { clock, pollIntervalMs, slowPollMs } = this.#options;
      const done = (cause: "change" | "poll"): void => {
        timer.cancel();
        signal.removeEventListener("abort", onChange);
        this.#wake = undefined;
        resolve(cause);
      };
      const onChange = (): void => done("change");
      const timer = clock.startTimer(() => done("poll"), this.#isPolling ? pollIntervalMs : slowPollMs);
      signal.addEventListener("abort", onChange, { once: true });
      this.#wake = onChange;
    });
  }

  /** Polls from now on: watching was seen to miss a change. */
  distrust(): void {
    this.#fallBack("a change was found that had not been reported");
  }

  close(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#watched = "";
  }

  #changed(): void {
    this.version += 1;
    this.#wake?.();
  }

  #fallBack(reason: unknown): void {
    if (this.#isPolling) return;
    this.#isPolling = true;
    this.close();
    this.#options.onUnavailable(reason);
    this.#changed();
  }
}

async function inodeOf(folder: string): Promise<string | undefined> {
  try {
    const stats = await statPath(folder);
    return `${stats.dev}:${stats.ino}`;
  } catch {
    // Not there, or not ours to see: watch further up.
    return undefined;
  }
}
