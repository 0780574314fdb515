import type { Clock } from "@kinglet/lifecycle";
import type { Metrics } from "@kinglet/metrics";
import type { ContainerIdentity } from "./container-identity.ts";
import type { EventOrigin } from "./event-origin.ts";
import type { PodView } from "./pod-view.ts";

/** Settings of a {@link ContainerIndex}. @public */
export interface ContainerIndexOptions {
  readonly clock: Clock;
  readonly metrics?: Metrics;
  readonly terminatedGraceMs?: number;
  readonly maxTerminated?: number;
}

/** @public */
export class ContainerIndex {
  constructor(_options: ContainerIndexOptions) {}
  get size(): number {
    return 0;
  }
  setPod(_pod: PodView): {
    readonly added: readonly ContainerIdentity[];
    readonly removed: readonly ContainerIdentity[];
  } {
    throw new Error("not yet");
  }
  removePod(_podUid: string): readonly ContainerIdentity[] {
    throw new Error("not yet");
  }
  get(_containerId: string): ContainerIdentity | undefined {
    return undefined;
  }
  findByPrefix(_prefix: string): ContainerIdentity | undefined {
    return undefined;
  }
  find(_event: EventOrigin): ContainerIdentity | undefined {
    return undefined;
  }
  values(): IterableIterator<ContainerIdentity> {
    return [][Symbol.iterator]();
  }
  [Symbol.dispose](): void {}
}
