import type { ContainerIdentity } from "@kinglet/enrichment";
import { openLearner, type Learner, type LearnerOptions } from "@kinglet/learning";
import type { Clock } from "@kinglet/lifecycle";
import { giveBackMemory } from "@kinglet/memory-limit";
import type { InstanceIdParts } from "@kinglet/profile";
import type { BlindInterval, RuntimeEventSource } from "@kinglet/runtime-events";
import type { PodDetails, StatusDetails } from "../pods/pod-details.ts";
import { tetragonSurfaces, type TetragonSurfacesOptions } from "../events/tetragon-surfaces.ts";
import { catchUp, type CatchUpOptions } from "./catch-up.ts";
import { createThriftyStore } from "./thrifty-store.ts";

/**
 * What learning works with.
 *
 * @internal
 */
export interface ContainerLearningOptions {
  readonly learner: LearnerOptions;
  /** Absent when Tetragon is none of the sources: what auditd sees is what its rules say, so events must tell. */
  readonly tetragon?: Pick<TetragonSurfacesOptions, "policies" | "client"> | undefined;
  readonly source: Pick<RuntimeEventSource, "health">;
  readonly files: CatchUpOptions["files"];
  /** When the source was opened, milliseconds since 1970: what it has lost until the first look was lost since then. */
  readonly openedAtMs: number;
  /** True when the source goes on where the process before this one ended. */
  readonly isContinued: boolean;
  /** When the first event was given up that was the container's or, by all its names, may have been of one shortly before it. */
  readonly missedSince: (container: ContainerIdentity) => number | undefined;
  readonly clock: Clock;
}

/** So often at most is looked for blind times while events come; a source remembers them for ten minutes. Milliseconds. */
const checkEveryMs = 60_000;

/**
 * Tells a learner which containers come and go, and when the source saw nothing.
 *
 * It has no timer: what the source missed is asked for before a container begins or ends, before anything final is said, and while events
 * come.
 *
 * @internal
 */
export class ContainerLearning implements AsyncDisposable {
  readonly learner: Learner;
  readonly #options: ContainerLearningOptions;
  /** Intervals that the learner knows, with their ends: a source may tell one again that became longer. */
  #told: ReadonlySet<string> = new Set();
  #dropped = 0;
  #checkedAtMs: number;

  constructor(learner: Learner, options: ContainerLearningOptions) {
    this.learner = learner;
    this.#options = options;
    this.#checkedAtMs = options.openedAtMs;
  }

  /** A container whose profile's name is known; also one that ended before anybody looked. */
  watched(identity: ContainerIdentity, profileName: string, instance: InstanceIdParts, pod: PodDetails): void {
    const { startedAt, isOver } = runOf(pod, identity.containerId);
    const startedAtMs = startedAt === undefined ? Number.NaN : Date.parse(startedAt);
    const watchingSinceMs = this.#watchingSinceMs();
    // Kubernetes cuts off what is less than a second: the time that it tells is the earliest one. One that nobody tells may be any.
    const isAlreadyRunning = !(startedAtMs >= watchingSinceMs);
    // What ended before anybody watched has left nothing to learn.
    if (isAlreadyRunning && isOver) return;
    const blindIntervals = this.checkBlindness();
    this.learner.containerStarted(identity, {
      profileName,
      instance,
      isAlreadyRunning,
      isContinued: this.#options.isContinued,
      ...(Number.isNaN(startedAtMs) ? {} : { startedAtMs }),
    });
    // What was told of it alone was told of nobody until now.
    for (const { fromMs, untilMs, containerId } of blindIntervals) {
      if (containerId === identity.containerId) this.learner.sourceBlind(fromMs, untilMs, [containerId]);
    }
    const missedSince = this.#options.missedSince(identity);
    if (missedSince !== undefined) {
      // What began at this very moment is meant, too.
      this.learner.sourceBlind(missedSince, this.#options.clock.now() + 1, [identity.containerId]);
    }
    this.seen(pod);
  }

  /** Asked for every event that a rule with policies looks at. */
  isLearning(containerId: string): boolean {
    return this.learner.isLearning(containerId);
  }

  /** The pod changed: some of its containers may have ended. */
  seen(pod: PodDetails): void {
    for (const { containerID, state, lastState } of statusesOf(pod)) {
      if (state?.terminated !== undefined) this.#ended(containerID, state.terminated.exitCode ?? 0);
      const last = lastState?.terminated;
      if (last !== undefined) this.#ended(last.containerID, last.exitCode ?? 0);
    }
  }

  /** A container is no longer there; its exit code may follow. */
  left(containerId: string): void {
    this.checkBlindness();
    this.learner.containerEnded(containerId);
  }

  /**
   * Reports to the learner what the source could not see since the last time.
   *
   * @returns the last times, told before or now.
   */
  checkBlindness(): readonly BlindInterval[] {
    const { source, clock } = this.#options;
    const { blindIntervals, droppedByUs, droppedUpstream } = source.health();
    // The source keeps the last ones only, and so does this.
    const told = new Set<string>();
    for (const { fromMs, untilMs, containerId } of blindIntervals) {
      const key = `${fromMs}/${untilMs ?? ""}/${containerId ?? ""}`;
      told.add(key);
      if (!this.#told.has(key))
        this.learner.sourceBlind(fromMs, untilMs, containerId === undefined ? "all" : [containerId]);
    }
    this.#told = told;
    const now = clock.now();
    const dropped = droppedByUs + droppedUpstream;
    // The wall clock may have been put back meanwhile: then nobody knows better than that it lies between the two.
    const [fromMs, untilMs] = now < this.#checkedAtMs ? [now, this.#checkedAtMs] : [this.#checkedAtMs, now];
    if (dropped > this.#dropped) this.learner.sourceBlind(fromMs, untilMs, "all");
    this.#dropped = dropped;
    this.#checkedAtMs = now;
    return blindIntervals;
  }

  /** An event came, of whatever container. Once per event: one comparison. */
  sawEvent(receivedAtMs: number): void {
    if (Math.abs(receivedAtMs - this.#checkedAtMs) >= checkEveryMs) this.checkBlindness();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.checkBlindness();
    await this.learner[Symbol.asyncDispose]();
  }

  /** Since when nothing is missed but in times that the source calls blind; never, while it does not watch yet. */
  #watchingSinceMs(): number {
    const { source, openedAtMs } = this.#options;
    const health = source.health();
    return "watchingSinceMs" in health ? (health.watchingSinceMs ?? Number.POSITIVE_INFINITY) : openedAtMs;
  }

  #ended(containerID: string | undefined, exitCode: number): void {
    const id = idOf(containerID);
    if (id === undefined) return;
    this.checkBlindness();
    this.learner.containerEnded(id, exitCode);
  }
}

/** Reads what an earlier process left behind. @internal */
export async function openContainerLearning(options: ContainerLearningOptions): Promise<ContainerLearning> {
  let learning: ContainerLearning | undefined;
  // Before it says that a profile is complete it is to know of the last moment, too.
  const onDeciding = (): void => void learning?.checkBlindness();
  const store = createThriftyStore(options.learner.store, giveBackMemory);
  const { learner, tetragon } = options;
  const { logger, metrics } = learner;
  const observed = tetragon === undefined ? [] : await tetragonSurfaces({ ...tetragon, logger, metrics });
  const caughtUp = (): (() => boolean) => catchUp(options);
  learning = new ContainerLearning(await openLearner({ observed, ...learner, store, onDeciding, caughtUp }), options);
  return learning;
}

function statusesOf({ status }: PodDetails): readonly StatusDetails[] {
  return [
    ...(status?.containerStatuses ?? []),
    ...(status?.initContainerStatuses ?? []),
    ...(status?.ephemeralContainerStatuses ?? []),
  ];
}

/** What the pod tells of the time in which a container ran: in its own status, or in the one of what runs in its place. */
function runOf(
  pod: PodDetails,
  containerId: string,
): { readonly startedAt?: string | undefined; readonly isOver: boolean } {
  let isOver = false;
  for (const { containerID, state, lastState } of statusesOf(pod)) {
    const isOwn = idOf(containerID) === containerId;
    if (isOwn && state?.running !== undefined) return { startedAt: state.running.startedAt, isOver: false };
    if (isOwn && state?.terminated !== undefined) return { startedAt: state.terminated.startedAt, isOver: true };
    const last = lastState?.terminated;
    if (idOf(last?.containerID) === containerId) return { startedAt: last?.startedAt, isOver: true };
    if (isOwn && state !== undefined) isOver = true;
  }
  return { isOver };
}

/** Without the runtime's name in front. */
function idOf(containerID: string | undefined): string | undefined {
  return containerID?.slice(containerID.indexOf("://") + 3);
}
