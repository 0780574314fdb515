import type { ActivityEvent, ContainerIdentity } from "@kinglet/enrichment";
import type { Clock, ClockTimer } from "@kinglet/lifecycle";

/**
 * Settings of a {@link ProfileGate}.
 *
 * @internal
 */
export interface ProfileGateOptions {
  /** True once it is known whether this container has a profile and the rules can run on it. */
  readonly isReady: (containerId: string) => boolean;
  /** Gets every event exactly once, per container in the order of arrival. */
  readonly pass: (event: ActivityEvent, identity: ContainerIdentity) => void;
  readonly clock: Clock;
  /** Events held at most; above it `enter` asks its caller to wait. */
  readonly maxHeld: number;
  /** After this long an event passes although nothing is known, milliseconds. */
  readonly maxHoldMs: number;
}

interface Held {
  readonly event: ActivityEvent;
  readonly identity: ContainerIdentity;
}

/**
 * Holds the events of a container until the first look at its profile is over.
 *
 * A container's first executions are the ones that matter most, and its profile arrives a request later: without this they would be
 * judged without one. Nothing is lost: what cannot be held is back-pressure on the source.
 *
 * @internal
 */
export class ProfileGate {
  readonly #options: ProfileGateOptions;
  readonly #held: Map<string, Held[]> = new Map();
  readonly #timers: Map<string, ClockTimer> = new Map();
  #size = 0;
  #room: PromiseWithResolvers<void> | undefined;

  constructor(options: ProfileGateOptions) {
    this.#options = options;
  }

  /** Events that are held now. */
  get size(): number {
    return this.#size;
  }

  /** Passes the event on at once where nothing has to be waited for. */
  enter(event: ActivityEvent, identity: ContainerIdentity): void {
    const id = identity.containerId;
    const waiting = this.#held.get(id);
    if (waiting === undefined && this.#options.isReady(id)) {
      this.#options.pass(event, identity);
      return;
    }
    this.#size += 1;
    if (waiting !== undefined) {
      waiting.push({ event, identity });
      return;
    }
    this.#held.set(id, [{ event, identity }]);
    const timer = this.#options.clock.startTimer(() => this.#release(id), this.#options.maxHoldMs);
    timer.unref();
    this.#timers.set(id, timer);
  }

  /** Undefined while there is room for more; else resolves once there is. */
  waitForRoom(): Promise<void> | undefined {
    if (this.#size < this.#options.maxHeld) return undefined;
    this.#room ??= Promise.withResolvers<void>();
    return this.#room.promise;
  }

  /** Something about this container changed: its events pass if it is ready now. */
  check(containerId: string): void {
    if (this.#held.has(containerId) && this.#options.isReady(containerId)) this.#release(containerId);
  }

  /** As {@link ProfileGate.check} for every container. */
  checkAll(): void {
    for (const id of [...this.#held.keys()]) this.check(id);
  }

  /** Forgets what is held, and every timer with it. */
  [Symbol.dispose](): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    this.#held.clear();
    this.#size = 0;
    this.#room?.resolve();
    this.#room = undefined;
  }

  #release(containerId: string): void {
    const waiting = this.#held.get(containerId) ?? [];
    this.#timers.get(containerId)?.cancel();
    this.#timers.delete(containerId);
    this.#held.delete(containerId);
    this.#size -= waiting.length;
    for (const { event, identity } of waiting) this.#options.pass(event, identity);
    if (this.#room !== undefined && this.#size < this.#options.maxHeld) {
      this.#room.resolve();
      this.#room = undefined;
    }
  }
}
