import { systemClock, type Clock } from "@kinglet/lifecycle";
import { noopLogger, type Logger } from "@kinglet/logger";

import { loadDirectoryProfileStore } from "./lazy.ts";
import type { ProfileStore } from "./profile-store.ts";

/** Options of {@link openDirectoryProfileStore}. @public */
export interface DirectoryProfileStoreOptions {
  /** An existing directory; may be a link to one. */
  readonly path: string;
  /**
   * Largest file that is read or written, bytes.
   * @defaultValue 4194304
   */
  readonly maxBytes?: number;
  /**
   * Budget of one call, milliseconds, 1 or more. A write whose budget ended may still happen.
   * @defaultValue 5000
   */
  readonly callTimeoutMs?: number;
  /** @defaultValue the system's */
  readonly clock?: Clock;
  /** Told about files that `list` and a watch leave out. @defaultValue none */
  readonly logger?: Logger;
  /** 0 ≤ x < 1; spreads pauses. @defaultValue `Math.random` */
  readonly random?: () => number;
}

/**
 * Opens a directory of profiles: container profiles are `<path>/<namespace>/<name>.json`, the other kinds
 * `<path>/<namespace>/applicationprofiles/<name>.json` and `<path>/<namespace>/networkneighborhoods/<name>.json`.
 *
 * Guarantees, beyond those of {@link ProfileStore}:
 *
 * - Killed at any moment, a write leaves the old object or the new one, and what `put` returned survives a power failure.
 * - Names are checked before they become paths, and links below `path` are not followed, so nothing outside is read or written.
 * - A watch uses the kernel's (inotify) and compares everything each 5 min as well; where the kernel cannot, each minute.
 * - Files may be written by hand; `metadata.namespace` may be left out, another namespace or name than the file's place is refused.
 *
 * Not guaranteed: two processes that write the same object at once (the last one wins; readers are safe).
 *
 * @throws `KINGLET_ERR_STORAGE_CLIENT_INVALID` when `path` is not a directory, `KINGLET_ERR_STORAGE_CLIENT_UNAVAILABLE` when it cannot
 * be looked at.
 *
 * @public
 */
export async function openDirectoryProfileStore(options: DirectoryProfileStoreOptions): Promise<ProfileStore> {
  const { createDirectoryProfileStore } = await loadDirectoryProfileStore();
  return createDirectoryProfileStore({
    path: options.path,
    maxBytes: options.maxBytes ?? 4_194_304,
    callTimeoutMs: options.callTimeoutMs ?? 5_000,
    clock: options.clock ?? systemClock,
    logger: options.logger ?? noopLogger,
    random: options.random ?? Math.random,
  });
}
