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
 * its container never became known · `ignored`: in a namespace that is not watched · `judged`: the rules have seen it.
 */
type Outcome = "host" | "replay" | "runtime" | "unresolved" | "ignored" | "judged";

/**
 * What a pipeline works with.
 *
 * @internal
 */
export interface EventPipelineOptions {
  readonly source: Pick<TetragonFileSource, "acknowledge" | "confirmAlert" | "wasConfirmed">;
  readonly index: ContainerIndex;
  readonly detector: Detector;
  /** True once the first look at this container's profile is over. */
  readonly isProfileKnown: (containerId: string) => boolean;
  /** True when the container has a profile, so that the rules must be compiled before its events pass. */
  readonly hasProfile: (containerId: string) => boolean;
  readonly ignoredNamespaces: ReadonlySet<string>;
  /** Bound of the waiting room and of the profile gate, events. */
  readonly maxWaiting: number;
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

/**
 * The way of one event: source → container → profile → rules → alert → confirmed → acknowledged.
 *
 * An event is acknowledged once every alert that it caused has left, so after a crash reading resumes before the first one that has not.
 * An alert that had left already is not sent again.
 *
 * @internal
 */
export class EventPipeline {
  readonly #options: EventPipelineOptions;
  readonly #alerts: AlertQueue;
  readonly #room: WaitingRoom;
  readonly #gate: ProfileGate;
  readonly #executions: Counter<"outcome">;
  /** Alerts that have not left yet, by the sequence of their event. */
  readonly #pending: Map<number, number> = new Map();
  #alertRoom: PromiseWithResolvers<void> | undefined;
  #confirmFailures = 0;

  constructor(options: EventPipelineOptions, alerts: AlertQueue) {
    this.#options = options;
    this.#alerts = alerts;
    const { index, clock, metrics, maxWaiting } = options;
    this.#executions = metrics.counter(executions);
    this.#room = new WaitingRoom({
      index,
      clock,
      metrics,
      maxEntries: maxWaiting,
      deliver: (event, identity) => this.#identified(event, identity),
    });
    this.#gate = new ProfileGate({
      isReady: (id) => options.isProfileKnown(id) && (options.detector.isPrepared || !options.hasProfile(id)),
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

  [Symbol.dispose](): void {
    this.#room[Symbol.dispose]();
  }

  #identified(event: RuntimeEvent, identity: ContainerIdentity | undefined): void {
    if (event.kind !== "exec") return;
    if (identity === undefined) return this.#end(event, "unresolved");
    if (this.#options.ignoredNamespaces.has(identity.namespace)) return this.#end(event, "ignored");
    this.#gate.enter(event, identity);
  }

  #judge(event: ExecEvent, identity: ContainerIdentity): void {
    const { source, detector } = this.#options;
    let leaving = 0;
    if (detector.isPrepared) {
      for (const alert of detector.detect(event, identity)) {
        if (source.wasConfirmed(alert.uniqueId)) continue;
        if (this.#alerts.offer(alert, event.sequence)) leaving += 1;
      }
    }
    this.#executions.add(1, { outcome: "judged" });
    if (leaving === 0) source.acknowledge(event.sequence);
    else this.#pending.set(event.sequence, leaving);
  }

  #settle(sequence: number): void {
    const left = (this.#pending.get(sequence) ?? 1) - 1;
    if (left > 0) {
      this.#pending.set(sequence, left);
      return;
    }
    this.#pending.delete(sequence);
    this.#options.source.acknowledge(sequence);
    if (this.#alertRoom !== undefined && this.#alerts.size <= alertHighWater) {
      this.#alertRoom.resolve();
      this.#alertRoom = undefined;
    }
  }

  #end(event: ExecEvent, outcome: Outcome): void {
    this.#executions.add(1, { outcome });
    this.#options.source.acknowledge(event.sequence);
  }

  #backPressure(): void | Promise<void> {
    const gate = this.#gate.waitForRoom();
    if (this.#alerts.size > alertHighWater) this.#alertRoom ??= Promise.withResolvers<void>();
    const alerts = this.#alertRoom?.promise;
    if (gate === undefined || alerts === undefined) return gate ?? alerts;
    return gate.then(() => alerts);
  }
}
