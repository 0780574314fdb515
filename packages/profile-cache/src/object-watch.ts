import { untilAborted } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";

import type { BoundObject } from "./profile-binding.ts";
import type { ProfileObjectChange, ProfileObjectKind, ProfileSource } from "./profile-source.ts";

/** What a watch needs of the refresher. @internal */
export interface ObjectWatchOptions {
  readonly source: ProfileSource;
  readonly logger: Logger;
  readonly find: (kind: ProfileObjectKind, namespace: string, name: string) => BoundObject | undefined;
  readonly all: () => Iterable<BoundObject>;
  /** The object has to be fetched, once more if it is being fetched. */
  readonly refetch: (object: BoundObject) => void;
  readonly wake: () => void;
}

/**
 * Follows the versions of all objects, where the store offers it, so that nobody has to ask.
 *
 * @internal
 */
export class ObjectWatch {
  readonly #options: ObjectWatchOptions;
  /** What was reported so far; undefined after everything was reported once. */
  #reported: Set<BoundObject> | undefined = new Set();
  #isCurrent = false;

  constructor(options: ObjectWatchOptions) {
    this.#options = options;
  }

  /** True while nothing is missed. */
  get isCurrent(): boolean {
    return this.#isCurrent;
  }

  /** Runs until the signal fires or the watch fails for good. */
  async run(signal: AbortSignal): Promise<void> {
    const { source, logger, wake } = this.#options;
    if (source.watchMetadata === undefined) return;
    this.#reported = new Set();
    const handler = {
      changed: (change: ProfileObjectChange) => this.#changed(change),
      synced: () => this.#synced(),
      lost: (reason: string) => {
        this.#isCurrent = false;
        logger.debug("the watch of profiles is interrupted: they are fetched at each tick", { reason });
        wake();
      },
    };
    try {
      await untilAborted(source.watchMetadata(handler, { signal }), signal);
    } catch (error) {
      if (!signal.aborted) logger.warn("profiles cannot be watched: they are fetched at each tick", { error });
    }
    this.#isCurrent = false;
  }

  #changed({ type, kind, namespace, name, resourceVersion }: ProfileObjectChange): void {
    const object = this.#options.find(kind, namespace, name);
    if (object === undefined) return;
    this.#reported?.add(object);
    const isNews = type === "deleted" ? object.outcome !== "absent" : object.resourceVersion !== resourceVersion;
    if (!isNews && object.outcome !== "unknown" && object.problem === "") return;
    this.#options.refetch(object);
    this.#options.wake();
  }

  #synced(): void {
    this.#isCurrent = true;
    const reported = this.#reported;
    this.#reported = undefined;
    for (const object of this.#options.all()) {
      // What was fetched and is not there any more went before anybody watched.
      const isGone = reported !== undefined && object.outcome === "present" && !reported.has(object);
      if ((isGone || object.problem !== "") && object.live > 0) this.#options.refetch(object);
    }
    this.#options.wake();
  }
}
