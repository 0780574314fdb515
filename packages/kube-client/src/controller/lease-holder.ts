import { hasCode } from "@kinglet/errors";
import type { Clock } from "@kinglet/lifecycle";
import type { KubeClient } from "../kube-client.ts";
import { leases, microTime, type LeaseObject, type LeaseSpec } from "./lease.ts";

/** What a {@link LeaseHolder} works with. */
export interface LeaseHolderOptions {
  readonly client: Pick<KubeClient, "get" | "create" | "replace">;
  readonly namespace: string;
  readonly name: string;
  readonly identity: string;
  readonly leaseDurationMs: number;
  /** Of one call to the API. */
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/**
 * One instance's view of a Lease, and its attempts to hold it.
 */
export class LeaseHolder {
  readonly #options: LeaseHolderOptions;
  /** What was seen last, and when this process saw it change. */
  #observed: LeaseObject | undefined;
  #observedMs = Number.NEGATIVE_INFINITY;
  /** When the request of the last successful renewal was sent: from then on the others wait. */
  renewedMs: number = Number.NEGATIVE_INFINITY;

  constructor(options: LeaseHolderOptions) {
    this.#options = options;
  }

  /** Somebody else was seen to hold the lease. */
  get isSomebodyElses(): boolean {
    const holder = this.#observed?.spec?.holderIdentity ?? "";
    return holder !== "" && holder !== this.#options.identity;
  }

  /**
   * Takes the lease when it is free or has run out, renews it when it is ours.
   *
   * @returns false when somebody else holds it, or was faster.
   */
  async acquireOrRenew(signal: AbortSignal): Promise<boolean> {
    const { client, namespace, name, timeoutMs } = this.#options;
    const isOurs = this.#observed !== undefined && this.#holdsNow(this.#observed);
    // A renewal needs no look at the lease first: the server compares the version.
    if (isOurs && (await this.#write(this.#observed, signal))) return true;
    let current: LeaseObject;
    try {
      current = await client.get<LeaseObject>(leases, name, { namespace, timeoutMs, signal });
    } catch (error) {
      if (!hasCode(error, "KINGLET_ERR_KUBE_CLIENT_NOT_FOUND")) throw error;
      return this.#write(undefined, signal);
    }
    this.#observe(current);
    return this.#isTaken(current) ? false : this.#write(current, signal);
  }

  /** Gives the lease back, best effort: whoever waits may take it at once. */
  async release(): Promise<void> {
    const current = this.#observed;
    if (current === undefined || current.spec?.holderIdentity !== this.#options.identity) return;
    const { client, clock, namespace, timeoutMs } = this.#options;
    const now = microTime(clock.now());
    const spec = { ...current.spec, holderIdentity: "", leaseDurationSeconds: 1, renewTime: now, acquireTime: now };
    this.#observed = undefined;
    try {
      await client.replace(leases, { ...current, spec }, { namespace, timeoutMs });
    } catch {
      // It runs out by itself.
    }
  }

  /** @returns false when somebody else wrote, or deleted it, in between. */
  async #write(current: LeaseObject | undefined, signal: AbortSignal): Promise<boolean> {
    const { client, clock, namespace, name, identity, leaseDurationMs, timeoutMs } = this.#options;
    const sentMs = clock.monotonicMs();
    const now = microTime(clock.now());
    const former: LeaseSpec = current?.spec ?? {};
    const isRenewal = former.holderIdentity === identity;
    const spec: LeaseSpec = {
      ...former,
      holderIdentity: identity,
      leaseDurationSeconds: Math.max(1, Math.round(leaseDurationMs / 1000)),
      acquireTime: isRenewal ? (former.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: (former.leaseTransitions ?? 0) + (isRenewal || current === undefined ? 0 : 1),
    };
    const options = { namespace, timeoutMs, signal };
    try {
      const written =
        current === undefined
          ? await client.create<LeaseObject>(
              leases,
              { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { name, namespace }, spec },
              options,
            )
          : await client.replace<LeaseObject>(leases, { ...current, spec }, options);
      this.#observe(written);
    } catch (error) {
      const isRace =
        hasCode(error, "KINGLET_ERR_KUBE_CLIENT_CONFLICT") ||
        hasCode(error, "KINGLET_ERR_KUBE_CLIENT_ALREADY_EXISTS") ||
        // Somebody deleted it: whoever makes it again first holds it.
        (current !== undefined && hasCode(error, "KINGLET_ERR_KUBE_CLIENT_NOT_FOUND"));
      if (isRace) return false;
      throw error;
    }
    this.renewedMs = sentMs;
    return true;
  }

  #observe(lease: LeaseObject): void {
    const isSame = JSON.stringify(lease.spec) === JSON.stringify(this.#observed?.spec);
    if (!isSame || this.#observed === undefined) this.#observedMs = this.#options.clock.monotonicMs();
    this.#observed = lease;
  }

  #holdsNow(lease: LeaseObject): boolean {
    const validMs = this.renewedMs + this.#options.leaseDurationMs;
    return lease.spec?.holderIdentity === this.#options.identity && this.#options.clock.monotonicMs() < validMs;
  }

  #isTaken(lease: LeaseObject): boolean {
    const { holderIdentity = "", leaseDurationSeconds } = lease.spec ?? {};
    if (holderIdentity === "" || holderIdentity === this.#options.identity) return false;
    const durationMs = leaseDurationSeconds === undefined ? this.#options.leaseDurationMs : leaseDurationSeconds * 1000;
    return this.#options.clock.monotonicMs() < this.#observedMs + durationMs;
  }
}
