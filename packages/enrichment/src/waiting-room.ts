import type { Clock } from "@kinglet/lifecycle";
import type { Metrics } from "@kinglet/metrics";
import type { ContainerIdentity } from "./container-identity.ts";
import type { ContainerIndex } from "./container-index.ts";
import type { RuntimeEvent } from "./runtime-event.ts";

/** Settings of a {@link WaitingRoom}. @public */
export interface WaitingRoomOptions<Event extends RuntimeEvent = RuntimeEvent> {
  readonly index: Pick<ContainerIndex, "find">;
  readonly clock: Clock;
  readonly maxEntries: number;
  /** @defaultValue 5000 */
  readonly maxWaitMs?: number;
  readonly metrics?: Metrics;
  readonly deliver: (event: Event, identity: ContainerIdentity | undefined) => void;
}

/** @public */
export class WaitingRoom<Event extends RuntimeEvent = RuntimeEvent> {
  constructor(_options: WaitingRoomOptions<Event>) {}
  get size(): number {
    return 0;
  }
  get dropped(): number {
    return 0;
  }
  submit(_event: Event): void {}
  containersAdded(_identities: readonly ContainerIdentity[]): void {}
  [Symbol.dispose](): void {}
}
