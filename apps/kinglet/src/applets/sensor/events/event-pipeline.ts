import type { AlertQueue } from "@kinglet/alert-sinks";
import type { Alert, AlertDraft } from "@kinglet/detection";
import { WaitingRoom, type ActivityEvent, type ContainerIdentity, type RuntimeEvent } from "@kinglet/enrichment";
import type { Counter } from "@kinglet/metrics";
import { activities, executions, heldExecutions } from "../metrics.ts";
import type { EventPipelineOptions } from "./event-pipeline-options.ts";
import type { JudgementParts } from "./judgement-parts.ts";
import { ProfileGate } from "./profile-gate.ts";

/**
 * What became of one event.
 *
 * `host`: belongs to no container · `replay`: ran before the source started · `runtime`: the container runtime's own doing · `repeated`: the
 * same process did the same a moment ago · `unresolved`: its container never became known · `ignored`: in a namespace that is not watched ·
 * `unprofiled`: it waited for the first look at its container's profile in vain · `judged`: the rules have seen it.
 */
type Outcome = "host" | "replay" | "runtime" | "repeated" | "unresolved" | "ignored" | "unprofiled" | "judged";

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

/** An event that is judged and not done with: alerts have not left, or what was learned or counted of it may be lost. */
interface Pending {
  alerts: number;
  /** What is being written for it: what was learned, the number of what was held back. */
  disks: number;
  /** Of the event itself, which only its alerts hold. */
  bytes: number;
}

/** An alert that found the queue full. */
interface Refused {
  readonly alert: Alert;
  readonly sequence: number;
}

/**
 * The way of one event: source → container → profile → rules → alert → confirmed → acknowledged.
 *
 * An event is acknowledged once every alert that it caused has left and what was learned of it is kept, so after a crash reading resumes before the first one that has not.
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
  readonly #activities: Counter<"kind" | "outcome">;
  #judgement: JudgementParts | undefined;
  #isFirst = true;
  /** By sequence. */
  readonly #pending: Map<number, Pending> = new Map();
  readonly #persisted = (sequence: number): void => this.#settle(sequence, false);
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
    this.#activities = metrics.counter(activities);
    this.#room = new WaitingRoom({
      index,
      clock,
      metrics,
      maxEntries: maxWaiting,
      maxBytes: options.maxWaitingBytes,
      sizeOf: keptBytes,
      isCurrent: () => options.isIndexCurrent(),
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
    if (event.kind === "exec") {
      if (event.isReplay && !this.#options.isLearning) return this.#end(event, "replay");
      if (event.isRuntimeStage) return this.#end(event, "runtime");
    } else if (!isActivity(event)) {
      if (event.kind === "exit") this.#judgement?.ended(event);
      this.#options.source.acknowledge(event.sequence);
      return undefined;
    }
    if (event.containerIdPrefix === "" && event.podName === "" && event.podUid === "") {
      return this.#end(event, outcomeOf(event, "host"));
    }
    if (this.#judgement?.isRepeated(event) === true) return this.#end(event, "repeated");
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

  /** The rules are there, and everything else that an event passes. */
  prepared(parts: JudgementParts): void {
    this.#judgement = parts;
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
    this.#settle(sequence, true);
  }

  /** An alert was given up on; it is counted elsewhere. */
  abandoned(sequence: number): void {
    this.#settle(sequence, true);
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
    if (!isActivity(event)) return;
    if (identity !== undefined && !this.#options.ignoredNamespaces.has(identity.namespace)) {
      this.#heldBytes += keptBytes(event);
      this.#gate.enter(event, identity);
      if (this.#isFirst) {
        this.#isFirst = false;
        this.#options.onFirstEvent();
      }
      return;
    }
    if (identity === undefined) this.#options.onMissed?.(event, undefined);
    this.#end(event, outcomeOf(event, identity === undefined ? "unresolved" : "ignored"));
  }

  #isReady(containerId: string): boolean {
    return this.#judgement !== undefined && this.#options.isProfileKnown(containerId);
  }

  /** @param heldBytes - given: it has waited for whose the other address is, and waits no more. */
  #judge(event: ActivityEvent, identity: ContainerIdentity, heldBytes?: number): void {
    const { detector } = this.#options;
    const judgement = this.#judgement;
    // As it was when it came: judging works arguments out.
    const held = heldBytes ?? keptBytes(event);
    const outcome = outcomeOf(event, this.#isReady(identity.containerId) ? "judged" : "unprofiled");
    if (judgement === undefined) {
      this.#options.onMissed?.(event, identity.containerId);
      this.#end(event, outcome);
      this.#release(held);
      return;
    }
    const { learner, peers } = judgement;
    const found = detector.find(event, identity);
    if (event.kind === "network" && heldBytes === undefined && peers !== undefined) {
      const again = (): void => {
        if (!this.#disposed.signal.aborted) this.#judge(event, identity, held);
      };
      if (peers.holds(event, identity, again)) return;
    }
    judgement.remember(event, identity.containerId);
    const position = learner === undefined ? 0 : learner.record(event, identity);
    // What left before a restart is no repetition, it is the same alert.
    const leaving = found.length === 0 ? found : found.filter((draft) => this.#leaves(draft, judgement));
    const isKept = leaving.length < found.length && judgement.held?.isPending === true;
    const isLearning = position !== 0;
    const disks = (isLearning ? 1 : 0) + (isKept ? 1 : 0);
    if (leaving.length === 0 && disks === 0) {
      this.#end(event, outcome);
      this.#release(held);
      return;
    }
    this.#count(event, outcome);
    // What waits for nothing but a disk keeps no event: one that is full must not hold up detection.
    const bytes = leaving.length > 0 ? held : 0;
    this.#pending.set(event.sequence, { alerts: leaving.length, disks, bytes });
    if (bytes === 0) this.#release(held);
    if (isLearning) learner?.whenPersisted(position, event.sequence, this.#persisted);
    if (isKept) judgement.held?.whenKept(event.sequence, this.#persisted);
    for (const draft of leaving) this.#offer(judgement.complete(draft.build(), event), event.sequence);
  }

  #leaves(alert: AlertDraft, judgement: JudgementParts): boolean {
    if (!this.#options.source.wasConfirmed(alert.uniqueId)) return judgement.admit(alert);
    judgement.left(alert);
    return false;
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

  #settle(sequence: number, isAlert: boolean): void {
    const pending = this.#pending.get(sequence);
    if (pending === undefined) return;
    if (isAlert) pending.alerts -= 1;
    else pending.disks -= 1;
    const bytes = pending.alerts === 0 ? pending.bytes : 0;
    pending.bytes -= bytes;
    if (pending.alerts === 0 && pending.disks === 0) {
      this.#pending.delete(sequence);
      this.#options.source.acknowledge(sequence);
    }
    this.#release(bytes);
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

  #end(event: ActivityEvent, outcome: Outcome): void {
    this.#count(event, outcome);
    this.#options.source.acknowledge(event.sequence);
  }

  #count(event: ActivityEvent, outcome: Outcome): void {
    if (event.kind === "exec") this.#executions.add(1, { outcome });
    else this.#activities.add(1, { kind: event.kind, outcome });
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

/** What ran before the source started is no news, whatever becomes of it. */
function outcomeOf(event: ActivityEvent, outcome: Outcome): Outcome {
  return event.kind === "exec" && event.isReplay ? "replay" : outcome;
}

function keptBytes(event: RuntimeEvent): number {
  return event.kind === "exec" ? event.keptBytes : event.rawBytes + 512;
}

/** Everything that a process did; what is left over was not understood, or ends something. */
function isActivity(event: RuntimeEvent): event is ActivityEvent {
  switch (event.kind) {
    case "exit":
    case "kprobe":
    case "lsm":
    case "loader":
    case "tracepoint":
    case "uprobe":
    case "usdt":
    case "throttle":
    case "rateLimit":
      return false;
    default:
      return true;
  }
}
