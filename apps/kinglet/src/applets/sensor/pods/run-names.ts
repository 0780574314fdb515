import { hasCode } from "@kinglet/errors";
import type { ContainerIdentity } from "@kinglet/enrichment";
import { pods, type KubeClient } from "@kinglet/kube-client";
import { createBackoff, SingleFlight, sleep, type Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import { podSpecHash } from "@kinglet/profile";

/**
 * What {@link RunNames} work with.
 *
 * @internal
 */
export interface RunNamesOptions {
  readonly client: Pick<KubeClient, "get">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** @defaultValue `Math.random` */
  readonly random?: () => number;
}

interface RunPod {
  readonly metadata: { readonly uid: string };
  readonly spec: unknown;
}

/** Requests at the same time: each connection that is open costs about 0.5 MB of TLS buffers. */
const maxRequests = 2;
/** Time of one request, milliseconds. */
const requestTimeoutMs = 5_000;

/**
 * Finds the hash that the profiles of a CronJob's runs are kept under. It is over the pod's whole spec, of which the sensor keeps next to
 * nothing: the pod is fetched once.
 *
 * Guarantees: one request at a time for all containers of a pod, two for all pods; a hash is fetched once for as long as the pod is not
 * forgotten; what may pass is tried again, after 1 s to 1 min, until the signal fires.
 *
 * @internal
 */
export class RunNames {
  readonly #options: RunNamesOptions;
  readonly #flights: SingleFlight<string | undefined>;
  /** By pod uid; an entry for each pod that is watched, see `forget`. */
  readonly #hashes = new Map<string, string | undefined>();
  readonly #turns: (() => void)[] = [];
  #requests = 0;
  #isForbidden = false;

  constructor(options: RunNamesOptions) {
    this.#options = options;
    this.#flights = new SingleFlight({ clock: options.clock });
  }

  /**
   * @returns `undefined` when there will be none: the pod is gone, cannot be hashed, or may not be read. Its containers are then known by
   * the name of their run.
   * @throws the signal's reason.
   */
  async hashOf(pod: ContainerIdentity, signal: AbortSignal): Promise<string | undefined> {
    if (this.#hashes.has(pod.podUid)) return this.#hashes.get(pod.podUid);
    const hash = await this.#flights.run(pod.podUid, (flight) => this.#find(pod, flight), { signal });
    signal.throwIfAborted();
    this.#hashes.set(pod.podUid, hash);
    return hash;
  }

  /** Lets go of a pod that is no longer watched. */
  forget(podUid: string): void {
    this.#hashes.delete(podUid);
  }

  async #find(pod: ContainerIdentity, signal: AbortSignal): Promise<string | undefined> {
    const { clock, logger, random = Math.random } = this.#options;
    const backoff = createBackoff({ initialMs: 1_000, maxMs: 60_000, random });
    for (;;) {
      try {
        return await this.#fetch(pod, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (hasCode(error, "KINGLET_ERR_KUBE_CLIENT_NOT_FOUND")) return undefined;
        if (!mayPass(error)) {
          this.#refused(pod, error);
          return undefined;
        }
        logger.debug("a run of a CronJob is not named yet", { namespace: pod.namespace, pod: pod.podName, error });
      }
      await sleep(backoff.nextDelayMs(), { signal, clock });
    }
  }

  async #fetch({ namespace, podName, podUid }: ContainerIdentity, signal: AbortSignal): Promise<string | undefined> {
    await this.#turn(signal);
    try {
      const options = { namespace, signal, timeoutMs: requestTimeoutMs };
      const pod = await this.#options.client.get<RunPod>(pods, podName, options);
      // Another pod of this name: ours is gone.
      return pod.metadata.uid === podUid ? podSpecHash(pod.spec) : undefined;
    } finally {
      this.#requests -= 1;
      this.#turns.shift()?.();
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    while (this.#requests >= maxRequests) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#turns.push(resolve);
      await promise;
    }
    this.#requests += 1;
    if (!signal.aborted) return;
    this.#requests -= 1;
    this.#turns.shift()?.();
    signal.throwIfAborted();
  }

  #refused({ namespace, podName }: ContainerIdentity, error: unknown): void {
    const isForbidden = hasCode(error, "KINGLET_ERR_KUBE_CLIENT_FORBIDDEN");
    // The same for every pod: said once.
    if (isForbidden && this.#isForbidden) return;
    this.#isForbidden ||= isForbidden;
    const message = isForbidden
      ? "runs of CronJobs have no profile in common: the sensor may not get pods"
      : "a run of a CronJob has no profile in common with the others";
    this.#options.logger.warn(message, { namespace, pod: podName, error });
  }
}

/** True for faults of the moment. A pod that cannot be hashed, and a permission that is missing, stay as they are. */
function mayPass(error: unknown): boolean {
  const isForbidden = hasCode(error, "KINGLET_ERR_KUBE_CLIENT_FORBIDDEN");
  return !isForbidden && (error as { readonly retryable?: unknown }).retryable === true;
}
