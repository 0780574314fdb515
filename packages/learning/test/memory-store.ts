import { createError } from "@kinglet/errors";
import { profileStatus, type ContainerProfile } from "@kinglet/profile";
import { storageErrors } from "@kinglet/storage-client";
import type { LearnedProfileStore, LearnedUpdate } from "../src/index.ts";

/** A store in memory that says what was written, and fails as it is told. */
export class MemoryStore implements LearnedProfileStore {
  readonly objects: Map<string, ContainerProfile> = new Map();
  /** What was written, `name status completion`. */
  readonly writes: string[] = [];
  /** Calls that failed or not. */
  calls = 0;
  /** `down`: throws a retryable error; `invalid`: throws one that is not. */
  mode: "works" | "down" | "invalid" | "hangs" = "works";
  /** Names of objects that nobody can use. */
  readonly broken: Set<string> = new Set();
  /** Over this many bytes of JSON an object is too large. */
  maxBytes: number = Number.POSITIVE_INFINITY;

  get(name: string, namespace = "shop"): ContainerProfile | undefined {
    return this.objects.get(`${namespace}/${name}`);
  }

  async update(
    namespace: string,
    name: string,
    merge: (current: ContainerProfile | undefined) => ContainerProfile | undefined,
    options: { readonly signal: AbortSignal },
  ): Promise<LearnedUpdate> {
    this.calls += 1;
    options.signal.throwIfAborted();
    if (this.mode === "hangs") {
      await new Promise((_resolve, reject) => {
        options.signal.addEventListener("abort", () => reject(options.signal.reason as Error), { once: true });
      });
    }
    const place = { object: name, store: "memory", problem: "told so" };
    if (this.mode === "down") throw createError(storageErrors, "KINGLET_ERR_STORAGE_CLIENT_UNAVAILABLE", place);
    if (this.mode === "invalid" || this.broken.has(name))
      throw createError(storageErrors, "KINGLET_ERR_STORAGE_CLIENT_INVALID", place);
    const key = `${namespace}/${name}`;
    const current = this.objects.get(key);
    const next = merge(current);
    if (next === undefined) return { outcome: "skipped" };
    if (JSON.stringify(next) === JSON.stringify(current)) return { outcome: "unchanged" };
    if (JSON.stringify(next).length > this.maxBytes) return { outcome: "too-large" };
    this.objects.set(key, next);
    const { status, completion } = profileStatus(next);
    this.writes.push(`${name} ${status} ${completion}`.trim());
    return { outcome: "written" };
  }
}
