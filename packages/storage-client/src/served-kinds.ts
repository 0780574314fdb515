import type { KubeClient } from "@kinglet/kube-client";
import { SingleFlight, type Clock } from "@kinglet/lifecycle";

import { PROFILE_GROUP_VERSION, type ProfileKind } from "./profile-kind.ts";

/** How long "not served" is believed, milliseconds: definitions may be installed any time. */
const BELIEVED_MS = 60_000;
/** Far more than the group has. */
const MAX_RESOURCES = 1_000;

/**
 * Which kinds the API serves, be it as custom resources or through an aggregated API: one request for the group, asked only when somebody needs to know.
 *
 * Guarantees: a kind that was served once is not called unserved later by this object (the API behind it may restart); an answer that is no list of
 * resources says nothing. Kept: three names.
 *
 * @internal
 */
export class ServedKinds {
  readonly #client: Pick<KubeClient, "request">;
  readonly #clock: Clock;
  readonly #flights = new SingleFlight<void>();
  readonly #seen = new Set<string>();
  #askedMs = Number.NEGATIVE_INFINITY;
  #isGroupServed = false;

  constructor(client: Pick<KubeClient, "request">, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** True when it is known already, without asking, that the group is there and this kind is not. */
  isKnownMissing(kind: ProfileKind): boolean {
    return this.#isFresh() && this.#isMissing(kind);
  }

  /**
   * Asks, unless the last answer is younger than a minute.
   *
   * @returns true when the server serves the group and says nothing of this kind, now or before.
   * @throws what the client throws.
   */
  async isMissing(kind: ProfileKind, signal: AbortSignal): Promise<boolean> {
    if (!this.#isFresh()) await this.#flights.run("group", (own) => this.#ask(own), { signal });
    return this.#isMissing(kind);
  }

  #isFresh(): boolean {
    return this.#clock.monotonicMs() - this.#askedMs < BELIEVED_MS;
  }

  #isMissing(kind: ProfileKind): boolean {
    return this.#isGroupServed && !this.#seen.has(kind);
  }

  async #ask(signal: AbortSignal): Promise<void> {
    const path = `/apis/${PROFILE_GROUP_VERSION}`;
    const answer = await this.#client.request({ method: "GET", path, accept: "application/json", signal });
    const { resources } = answer as { readonly resources?: unknown };
    this.#isGroupServed = Array.isArray(resources) && resources.length > 0;
    this.#askedMs = this.#clock.monotonicMs();
    if (!Array.isArray(resources)) return;
    for (const resource of (resources as readonly unknown[]).slice(0, MAX_RESOURCES)) {
      const { kind, name } = (resource ?? {}) as { readonly kind?: unknown; readonly name?: unknown };
      // Sub-resources carry the kind of their parent.
      if (isProfileKind(kind) && name === `${kind.toLowerCase()}s`) this.#seen.add(kind);
    }
  }
}

function isProfileKind(kind: unknown): kind is ProfileKind {
  return kind === "ContainerProfile" || kind === "ApplicationProfile" || kind === "NetworkNeighborhood";
}
