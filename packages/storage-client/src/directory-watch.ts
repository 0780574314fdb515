import { basename } from "node:path";

import { createBackoff, sleep, type Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import type { ProfileWatchHandler } from "@kinglet/profile-cache";

import { errorText } from "./error-text.ts";
import type { FileOperations } from "./file-operations.ts";
import type { ProfileFiles } from "./profile-files.ts";
import { profileKinds, type ProfileKind } from "./profile-kind.ts";
import { isNamespaceName, kindFolder } from "./profile-path.ts";
import type { StoreWatchOptions } from "./profile-store.ts";
import { WatchedFolder } from "./watched-folder.ts";

/** What a watch needs of its store. @internal */
export interface DirectoryWatchContext {
  readonly path: string;
  readonly files: FileOperations;
  readonly profileFiles: ProfileFiles;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
}

/** The kernel may drop events without a word when there are too many: everything is compared this often, milliseconds. */
const COMPARE_MS = 300_000;
/** The same while the kernel cannot watch. */
const POLL_MS = 60_000;
const MAX_FILES = 100_000;
/** Names that wait to be looked at; with more of them everything is. */
const MAX_WAITING = 10_000;

/**
 * Watches the directories of a store: the kernel says which name to look at, the content says whether something changed.
 *
 * A store that went away (unmounted, removed) has not lost its objects: no deletion is told before it is back.
 *
 * @internal
 */
export class DirectoryWatch {
  readonly #context: DirectoryWatchContext;
  readonly #handler: ProfileWatchHandler;
  readonly #signal: AbortSignal;
  readonly #namespace: string | undefined;
  readonly #kinds: readonly ProfileKind[];
  /** By path. */
  readonly #folders = new Map<string, WatchedFolder>();
  /** What the kernel named since it was looked at: tasks by what they are about. */
  readonly #waiting = new Map<string, () => Promise<void>>();
  #closeRoot: (() => void) | undefined;
  /** Why the kernel does not tell of everything. */
  #fault: string | undefined;
  #isSynced = false;
  #wake: (() => void) | undefined;

  constructor(context: DirectoryWatchContext, handler: ProfileWatchHandler, options: StoreWatchOptions) {
    this.#context = context;
    this.#handler = handler;
    this.#signal = options.signal;
    this.#namespace = options.namespace;
    this.#kinds = options.kinds ?? profileKinds;
  }

  /** Resolves when the signal fires. */
  async run(): Promise<void> {
    const { random, logger } = this.#context;
    const signal = this.#signal;
    const backoff = createBackoff({ initialMs: 1_000, maxMs: POLL_MS, random });
    try {
      while (!signal.aborted) {
        try {
          await this.#compareAll();
          this.#settle();
          backoff.reset();
          await this.#followEvents((this.#fault === undefined ? COMPARE_MS : POLL_MS) * (0.9 + 0.2 * random()));
        } catch (error) {
          logger.warn("cannot look at the profiles", { path: this.#context.path, error });
          this.#stopWatching();
          this.#lose(errorText(error));
          await this.#pause(backoff.nextDelayMs());
        }
      }
    } finally {
      this.#stopWatching();
    }
  }

  /** Looks at everything; watches what is not watched yet, each before it is looked at. */
  async #compareAll(): Promise<void> {
    const { path, files } = this.#context;
    this.#fault = undefined;
    this.#waiting.clear();
    this.#closeRoot ??= this.#watch(path, (name) => this.#enqueueNamespace(name), {
      onEnd: () => (this.#closeRoot = undefined),
    });
    const namespaces = new Set<string>();
    for await (const name of files.names(path)) if (this.#isWanted(name)) namespaces.add(name);
    for (const folder of this.#folders.values()) namespaces.add(folder.namespace);
    for (const namespace of namespaces) {
      if (this.#signal.aborted) return;
      await this.#lookAtNamespace(namespace);
    }
  }

  async #lookAtNamespace(namespace: string): Promise<void> {
    if (!this.#isWanted(namespace)) return;
    // The namespace's own folder is watched in any case: the folders of the other kinds appear in it.
    for (const kind of ["ContainerProfile", ...this.#kinds.filter((one) => one !== "ContainerProfile")] as const) {
      await this.#lookAtFolder(namespace, kind);
    }
  }

  async #lookAtFolder(namespace: string, kind: ProfileKind): Promise<void> {
    const { profileFiles, logger } = this.#context;
    const path = profileFiles.folder(kind, namespace);
    let isThere: boolean;
    try {
      isThere = await profileFiles.hasFolder(kind, namespace);
    } catch (error) {
      // Something else under the name; when the store itself is gone the reason is another.
      if ((error as { code?: unknown }).code !== "KINGLET_ERR_STORAGE_CLIENT_INVALID") throw error;
      logger.warn("left out a folder that cannot be used", { path });
      isThere = false;
    }
    const known = this.#folders.get(path);
    if (!isThere) {
      known?.[Symbol.dispose]();
      known?.tellDeleted();
      this.#folders.delete(path);
      return;
    }
    const folder = known ?? this.#open(namespace, kind, path);
    folder.close ??= this.#watch(path, (name) => this.#enqueueFile(folder, name), {
      onEnd: () => (folder.close = undefined),
    });
    if (this.#kinds.includes(kind)) await folder.lookAtAll(this.#signal);
  }

  #open(namespace: string, kind: ProfileKind, path: string): WatchedFolder {
    const about = { kind, namespace, path };
    const folder = new WatchedFolder(this.#context, about, this.#handler, () => this.#mayKnowMore());
    this.#folders.set(path, folder);
    return folder;
  }

  #enqueueNamespace(name: string | null): void {
    if (name === basename(this.#context.path)) this.#stopWatching();
    // The directory itself was moved or removed, or the kernel does not say what changed.
    if (name === null || name === basename(this.#context.path)) this.#enqueueAll();
    else if (this.#isWanted(name)) this.#enqueue(`${name}/`, () => this.#lookAtNamespace(name));
  }

  #enqueueFile(folder: WatchedFolder, name: string | null): void {
    const { namespace, kind, path } = folder;
    const other = profileKinds.find((one) => one !== "ContainerProfile" && kindFolder(one) === name);
    // The folder itself was moved or removed: what is under its name now must be watched anew.
    if (name === basename(path)) folder[Symbol.dispose]();
    if (name === null || name === basename(path)) this.#enqueue(path, () => this.#lookAtFolder(namespace, kind));
    else if (kind === "ContainerProfile" && other !== undefined) {
      if (this.#kinds.includes(other)) this.#enqueue(`${path}/${name}/`, () => this.#lookAtFolder(namespace, other));
    } else if (this.#kinds.includes(kind)) {
      this.#enqueue(`${path}/${name}`, async () => {
        if (this.#folders.get(path) === folder) await folder.lookAt(name, { isNamed: true });
      });
    }
  }

  #enqueue(key: string, task: () => Promise<void>): void {
    if (this.#waiting.size >= MAX_WAITING) this.#enqueueAll();
    else this.#waiting.set(key, task);
    this.#wake?.();
  }

  #enqueueAll(): void {
    this.#waiting.clear();
    this.#waiting.set("", () => this.#compareAll());
    this.#wake?.();
  }

  /** Does what the kernel's events ask for until it is time to compare everything, or something is wrong. */
  async #followEvents(durationMs: number): Promise<void> {
    const { clock } = this.#context;
    const endMs = clock.monotonicMs() + durationMs;
    while (!this.#signal.aborted) {
      for (const [key, task] of this.#waiting) {
        this.#waiting.delete(key);
        await task();
      }
      const leftMs = endMs - clock.monotonicMs();
      if (leftMs <= 0 || (this.#fault !== undefined && this.#isSynced)) return;
      if (this.#waiting.size === 0) await this.#pause(leftMs);
    }
  }

  /** Ends early when an event comes. */
  async #pause(durationMs: number): Promise<void> {
    const event = new AbortController();
    this.#wake = () => event.abort();
    const signal = AbortSignal.any([this.#signal, event.signal]);
    await sleep(durationMs, { signal, clock: this.#context.clock }).catch(() => {
      // Woken up, or the end: the caller looks which.
    });
    this.#wake = undefined;
  }

  /** @returns ends it; undefined when the kernel cannot. `onEnd`: the kernel gave it up. */
  #watch(
    path: string,
    onName: (name: string | null) => void,
    options: { readonly onEnd: () => void },
  ): (() => void) | undefined {
    try {
      return this.#context.files.watch(path, onName, (error) => {
        options.onEnd();
        this.#cannotWatch(path, error);
      });
    } catch (error) {
      this.#cannotWatch(path, error);
      return undefined;
    }
  }

  #cannotWatch(path: string, error: unknown): void {
    this.#context.logger.warn("cannot watch a folder: it is looked at every minute", { path, error });
    this.#fault = errorText(error);
    this.#wake?.();
  }

  #mayKnowMore(): boolean {
    let count = 0;
    for (const folder of this.#folders.values()) count += folder.size;
    if (count < MAX_FILES) return true;
    this.#fault = `more than ${MAX_FILES} objects`;
    return false;
  }

  #isWanted(namespace: string): boolean {
    return isNamespaceName(namespace) && (this.#namespace === undefined || this.#namespace === namespace);
  }

  #settle(): void {
    if (this.#signal.aborted) return;
    if (this.#fault !== undefined) this.#lose(this.#fault);
    else if (!this.#isSynced) {
      this.#isSynced = true;
      this.#handler.synced();
    }
  }

  #lose(reason: string): void {
    if (!this.#isSynced || this.#signal.aborted) return;
    this.#isSynced = false;
    this.#handler.lost(reason);
  }

  #stopWatching(): void {
    this.#closeRoot?.();
    this.#closeRoot = undefined;
    for (const folder of this.#folders.values()) folder[Symbol.dispose]();
    this.#waiting.clear();
  }
}
