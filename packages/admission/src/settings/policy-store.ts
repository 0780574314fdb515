import { describeError, hasCode } from "@kinglet/errors";
import type { Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import type { Counter, Gauge, Metrics } from "@kinglet/metrics";
import type { BundleContent, BundleIndex } from "@kinglet/policy-engine/bundle";
import type { PolicySetOptions } from "@kinglet/policy-engine/security-policy";
import { bundleIsStale, bundleLoads, policiesInForce, unreadablePolicies } from "../metrics.ts";
import { ActivePolicies } from "./active-policies.ts";
import type { PolicyBuilder } from "./build-policies.ts";
import { loadBundleParts, loadPolicyParts } from "./lazy.ts";
import { readCopy, writeCopy } from "./last-good-copy.ts";

/** Where a bundle came from; a later one in this list gives way to an earlier one. @public */
export type BundleSource = "api" | "folder" | "copy";

const ranks: Readonly<Record<BundleSource, number>> = { api: 0, folder: 1, copy: 2 };

/** @public */
export interface PolicyStoreOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** File of the last good copy; none is kept without. */
  readonly copyPath: string | undefined;
  /** How policies match. @defaultValue whole names, each required entry */
  readonly matching?: PolicySetOptions;
  /** Told when policies came into force, and when what is said about them changed. */
  onChange(): void;
  /** Told before work that holds the event loop. */
  beforeWork?(): void;
}

/**
 * The policies in force, wherever they come from.
 *
 * Guarantees: a bundle is in force as a whole or not at all; one that is broken changes nothing, and `problem` says so; what came from the API is not replaced by what a
 * folder or the copy says; the bundle in force is kept as a file, so that a restart does without the API.
 *
 * @public
 */
export class PolicyStore {
  readonly #options: PolicyStoreOptions;
  readonly #loads: Counter<"source" | "result">;
  readonly #stale: Gauge;
  readonly #count: Gauge;
  readonly #unreadable: Gauge;
  #active: ActivePolicies | undefined;
  #source: BundleSource | undefined;
  #problem = "";
  /** What is wrong with the bundle in force itself. */
  #note = "";
  #builder: PolicyBuilder | undefined;
  /** Offers are taken one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: PolicyStoreOptions) {
    const { metrics } = options;
    this.#options = options;
    this.#loads = metrics.counter(bundleLoads);
    this.#stale = metrics.gauge(bundleIsStale);
    this.#count = metrics.gauge(policiesInForce);
    this.#unreadable = metrics.gauge(unreadablePolicies);
    this.#stale.set(0);
  }

  /** Undefined before the first good bundle. */
  get active(): ActivePolicies | undefined {
    return this.#active;
  }

  get source(): BundleSource | undefined {
    return this.#source;
  }

  /** Why the newest bundle is not in force; empty when it is. */
  get problem(): string {
    return this.#problem;
  }

  /** True when this bundle is the one in force, and from no lesser source. */
  isInForce(source: BundleSource, sha256: string): boolean {
    return this.#active?.sha256 === sha256 && this.#source !== undefined && ranks[this.#source] <= ranks[source];
  }

  /**
   * Takes a bundle, unless it is in force already or comes from a lesser source.
   *
   * @returns whether it is in force now; false also for one that is broken, which `problem` tells.
   */
  offer(source: BundleSource, index: BundleIndex, pieces: readonly Uint8Array[]): Promise<boolean> {
    const taken = this.#turn.then(() => this.#take(source, index, pieces));
    this.#turn = taken.catch(() => {});
    return taken;
  }

  /** Says that a source has something that cannot even be offered. */
  reject(source: BundleSource, error: unknown): void {
    if (this.#source !== undefined && ranks[this.#source] < ranks[source]) return;
    const reason = describeError(error);
    this.#loads.add(1, {
      source,
      result: hasCode(error, "KINGLET_ERR_POLICY_ENGINE_BUNDLE_HASH") ? "incomplete" : "broken",
    });
    const problem = `${source}: ${reason}`;
    if (problem === this.#problem) return;
    this.#options.logger.warn("policies could not be loaded, what is in force stays", {
      source,
      error,
      running: this.#active?.sha256,
    });
    this.#tell(problem);
  }

  /** Offers the copy of the last run; does nothing where there is none. */
  async loadCopy(): Promise<void> {
    const { copyPath } = this.#options;
    if (copyPath === undefined) return;
    const file = readCopy(copyPath);
    if (file === undefined) return;
    try {
      const { unpackBundle } = await loadBundleParts();
      const { index, pieces } = unpackBundle(file);
      await this.offer("copy", index, pieces);
    } catch (error) {
      this.reject("copy", error);
    }
  }

  async #take(source: BundleSource, index: BundleIndex, pieces: readonly Uint8Array[]): Promise<boolean> {
    if (this.#source !== undefined && ranks[this.#source] < ranks[source]) return false;
    if (this.#active?.sha256 === index.sha256) {
      this.#source = source;
      // The same bundle: what was wrong with other ones is over, what could not be read of this one is not.
      if (this.#problem !== this.#note) this.#tell(this.#note);
      return true;
    }
    try {
      const { decodeBundle, packBundle } = await loadBundleParts();
      this.#options.beforeWork?.();
      const content = await decodeBundle(index, pieces);
      const { logger, copyPath } = this.#options;
      const { active, unreadable } = await this.#build(index.sha256, content);
      for (const policy of unreadable.slice(0, 10))
        logger.error("a policy of the bundle cannot be read and is left out", { policy });
      this.#active = active;
      this.#source = source;
      this.#count.set(active.size);
      this.#unreadable.set(unreadable.length);
      this.#loads.add(1, { source, result: "loaded" });
      logger.info("policies are in force", {
        source,
        policies: active.size,
        unreadable: unreadable.length,
        sha256: index.sha256,
      });
      const first = unreadable[0] ?? "";
      this.#note =
        unreadable.length === 0 ? "" : `${unreadable.length} policies of the bundle cannot be read: ${first}`;
      this.#tell(this.#note);
      if (copyPath !== undefined && source !== "copy") await this.#keepCopy(copyPath, packBundle(index, pieces));
      return true;
    } catch (error) {
      this.reject(source, error);
      return false;
    }
  }

  async #build(sha256: string, content: BundleContent): ReturnType<PolicyBuilder["build"]> {
    const { clock, matching } = this.#options;
    const monotonicMs = (): number => clock.monotonicMs();
    if (content.policies.length === 0) return { active: new ActivePolicies(sha256, [], monotonicMs), unreadable: [] };
    if (this.#builder === undefined) {
      const { createPolicyBuilder } = await loadPolicyParts();
      this.#builder = createPolicyBuilder(matching ?? {}, monotonicMs);
    }
    return this.#builder.build(sha256, content);
  }

  async #keepCopy(path: string, file: Uint8Array): Promise<void> {
    try {
      await writeCopy(path, file);
    } catch (error) {
      // Without a copy a restart waits for the API: no reason not to work now.
      this.#options.logger.warn("the copy of the policies could not be written", { path, error });
    }
  }

  #tell(problem: string): void {
    this.#problem = problem;
    this.#stale.set(problem === "" ? 0 : 1);
    this.#options.onChange();
  }
}
