import type { AlertQueue } from "@kinglet/alert-sinks";
import type { Alert, Detector } from "@kinglet/detection";
import {
  WaitingRoom,
  type ContainerIdentity,
  type ContainerIndex,
  type ExecEvent,
  type RuntimeEvent,
} from "@kinglet/enrichment";
import type { Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import type { Counter, Metrics } from "@kinglet/metrics";
import type { TetragonFileSource } from "@kinglet/runtime-events";
import { executions, heldExecutions } from "./metrics.ts";
import { ProfileGate } from "./profile-gate.ts";

/**
 * What became of one execution.
 *
 * `host`: belongs to no container · `replay`: ran before the source started · `runtime`: the container runtime's own doing · `unresolved`:
 * its container never became known · `ignored`: in a namespace that is not watched · `unprofiled`: it waited for the first look at its
 * container's profile in vain · `judged`: the rules have seen it.
 */
type Outcome = "host" | "replay" | "runtime" | "unresolved" | "ignored" | "unprofiled" | "judged";

/**
 * What a pipeline works with.
 *
 * @internal
 */
export interface EventPipelineOptions {
  readonly source: Pick<TetragonFileSource, "acknowledge" | "confirmAlert" | "wasConfirmed">;
  readonly index: ContainerIndex;
  /** False while the copy of the pods may be behind. */
  readonly isIndexCurrent: () => boolean;
  readonly detector: Detector;
  /** True once the first look at this container's profile is over. */
  readonly isProfileKnown: (containerId: string) => boolean;
  /** True when the container has a profile, so that the rules must be compiled before its events pass. */
  readonly hasProfile: (containerId: string) => boolean;
  readonly ignoredNamespaces: ReadonlySet<string>;
  /** Bound of the waiting room and of the profile gate, events. */
  readonly maxWaiting: number;
  /**
   * Bound of what waits for a container, a profile or a receiver of alerts, bytes as read: arguments are the container's to choose, and
   * so is their length.
   */
  readonly maxWaitingBytes: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** How long an execution waits for the first look at its container's profile when the API does not answer. */
const maxHoldMs = 30_000;

/** Alerts that may wait before the source is asked to wait: a few, so that a receiver that stalls costs no memory. */
const alertHighWater = 64;

/**
 * Capacity of the alert queue with which no alert is ever refused: back-pressure starts at the high-water mark, and what was waiting in the
 * pipeline at that moment still fits.
 *
 * @param maxWaiting - as given to the pipeline.
 *
 * @internal
 */
export function alertCapacity(maxWaiting: number): number {
  return alertHighWater + 2 * maxWaiting + 1024;
}

const noAlerts: readonly Alert[] = [];

/** An event whose alerts have not all left. */
interface Pending {
  alerts: number;
  readonly bytes: number;
}

/** An alert that found the queue full. */
interface Refused {
  readonly alert: Alert;
  readonly sequence: number;
}

/**
 * The way of one event: source → container → profile → rules → alert → confirmed → acknowledged.
 *
 * An event is acknowledged once every alert that it caused has left, so after a crash reading resumes before the first one that has not.
 * An alert that had left already is not sent again. An alert that the queue refuses is offered again once there is room; while the sensor
 * stops there is none any more, its event stays open, and the next start raises it again.
 *
 * @internal
 */
export class EventPipeline {
  readonly #options: EventPipelineOptions;
  readonly #alerts: Pick<AlertQueue, "offer" | "size" | "waitForRoom">;
  readonly #room: WaitingRoom;
  readonly #gate: ProfileGate;
  readonly #executions: Counter<"outcome">;
  /** Alerts that have not left yet, by the sequence of their event. */
  readonly #pending: Map<number, Pending> = new Map();
  /** In order; while there is one, later alerts queue up behind it. */
  readonly #refused: Refused[] = [];
  readonly #disposed: AbortController = new AbortController();
  #isOffering = false;
  #heldBytes = 0;
  #less: PromiseWithResolvers<void> | undefined;
  #confirmFailures = 0;

  constructor(options: EventPipelineOptions, alerts: Pick<AlertQueue, "offer" | "size" | "waitForRoom">) {
    this.#options = options;
    this.#alerts = alerts;
    const { index, clock, metrics, maxWaiting } = options;
    this.#executions = metrics.counter(executions);
    this.#room = new WaitingRoom({
      index,
      clock,
      metrics,
      maxEntries: maxWaiting,
      // What waits for the connection must not hold the reader up as long as the connection is lost.
      isCurrent: () => options.isIndexCurrent() || this.#heldBytes * 2 >= options.maxWaitingBytes,
      deliver: (event, identity) => this.#identified(event, identity),
    });
    this.#gate = new ProfileGate({
      isReady: (id) => this.#isReady(id),
      pass: (event, identity) => this.#judge(event, identity),
      clock,
      maxHeld: maxWaiting,
      maxHoldMs,
    });
    const held = metrics.gauge(heldExecutions);
    metrics.onCollect(() => held.set(this.#gate.size));
  }

  /** Takes the next event of the source; a promise asks the source to wait. */
  deliver(event: RuntimeEvent): void | Promise<void> {
    if (event.kind !== "exec") {
      this.#options.source.acknowledge(event.sequence);
      return undefined;
    }
    if (event.isReplay) return this.#end(event, "replay");
    if (event.isRuntimeStage) return this.#end(event, "runtime");
    if (event.containerIdPrefix === "" && event.podName === "" && event.podUid === "") return this.#end(event, "host");
    this.#heldBytes += event.rawBytes;
    this.#room.submit(event);
    return this.#backPressure();
  }

  /** The index has learned of containers: events that waited for them go on. */
  containersAdded(identities: readonly ContainerIdentity[]): void {
    this.#room.containersAdded(identities);
  }

  /** The first look at a container's profile is over, or its profile changed. */
  profileChanged(containerId: string): void {
    this.#gate.check(containerId);
  }

  /** The rules are compiled. */
  detectorPrepared(): void {
    this.#gate.checkAll();
  }

  /**
   * An alert has left: persisted, then the event is done with.
   *
   * When it cannot be persisted the sensor goes on: the alert is out, and only a crash before the next success would repeat it.
   */
  async confirmed(alert: Alert, sequence: number): Promise<void> {
    try {
      await this.#options.source.confirmAlert(sequence, alert.uniqueId);
    } catch (error) {
      this.#confirmFailures += 1;
      if (this.#confirmFailures === 1) {
        this.#options.logger.error("the checkpoint cannot be written: a crash may repeat alerts", { error });
      }
    }
    this.#settle(sequence);
  }

  /** An alert was given up on; it is counted elsewhere. */
  abandoned(sequence: number): void {
    this.#settle(sequence);
  }

  /** Events that wait for a container or a profile. */
  get waiting(): number {
    return this.#room.size + this.#gate.size;
  }

  /** Forgets what waits, unacknowledged: the next start reads it again. */
  [Symbol.dispose](): void {
    this.#disposed.abort();
    this.#room[Symbol.dispose]();
    this.#gate[Symbol.dispose]();
  }

  #identified(event: RuntimeEvent, identity: ContainerIdentity | undefined): void {
    if (event.kind !== "exec") return;
    if (identity !== undefined && !this.#options.ignoredNamespaces.has(identity.namespace)) {
      this.#gate.enter(event, identity);
      return;
    }
    this.#end(event, identity === undefined ? "unresolved" : "ignored");
    this.#release(event.rawBytes);
  }

  #isReady(containerId: string): boolean {
    const { isProfileKnown, detector, hasProfile } = this.#options;
    return isProfileKnown(containerId) && (detector.isPrepared || !hasProfile(containerId));
  }

  #judge(event: ExecEvent, identity: ContainerIdentity): void {
    const { source, detector } = this.#options;
    const outcome = this.#isReady(identity.containerId) ? "judged" : "unprofiled";
    const found = detector.isPrepared ? detector.detect(event, identity) : noAlerts;
    const leaving = found.length === 0 ? found : found.filter((alert) => !source.wasConfirmed(alert.uniqueId));
    if (leaving.length === 0) {
      this.#end(event, outcome);
      this.#release(event.rawBytes);
      return;
    }
    this.#executions.add(1, { outcome });
    this.#pending.set(event.sequence, { alerts: leaving.length, bytes: event.rawBytes });
    for (const alert of leaving) this.#offer(alert, event.sequence);
  }

  #offer(alert: Alert, sequence: number): void {
    if (this.#refused.length === 0 && this.#alerts.offer(alert, sequence)) return;
    this.#refused.push({ alert, sequence });
    if (!this.#isOffering) void this.#offerAgain();
  }

  async #offerAgain(): Promise<void> {
    this.#isOffering = true;
    try {
      for (let next = this.#refused[0]; next !== undefined; next = this.#refused[0]) {
        await this.#alerts.waitForRoom({ signal: this.#disposed.signal });
        if (this.#alerts.offer(next.alert, next.sequence)) this.#refused.shift();
      }
    } catch {
      // The sensor stops: what is left stays unacknowledged.
    } finally {
      this.#isOffering = false;
    }
  }

  #settle(sequence: number): void {
    const pending = this.#pending.get(sequence);
    if (pending === undefined) return;
    pending.alerts -= 1;
    if (pending.alerts === 0) {
      this.#pending.delete(sequence);
      this.#options.source.acknowledge(sequence);
    }
    this.#release(pending.alerts === 0 ? pending.bytes : 0);
  }

  #release(bytes: number): void {
    this.#heldBytes -= bytes;
    if (this.#less === undefined || this.#isFull()) return;
    this.#less.resolve();
    this.#less = undefined;
  }

  /** While it is true something is on its way out, whose end calls `#release`. */
  #isFull(): boolean {
    return (
      this.#alerts.size > alertHighWater || this.#refused.length > 0 || this.#heldBytes > this.#options.maxWaitingBytes
    );
  }

  #end(event: ExecEvent, outcome: Outcome): void {
    this.#executions.add(1, { outcome });
    this.#options.source.acknowledge(event.sequence);
  }

  #backPressure(): void | Promise<void> {
    const gate = this.#gate.waitForRoom();
    const room = this.#room.waitForRoom();
    const isFull = this.#isFull();
    if (gate === undefined && room === undefined && !isFull) return undefined;
    if (isFull) this.#less ??= Promise.withResolvers<void>();
    return Promise.all([gate, room, this.#less?.promise]).then(() => {});
  }
}
