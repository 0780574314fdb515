import type { ContainerIdentity } from "@kinglet/enrichment";
import { openLearner, type Learner, type LearnerOptions } from "@kinglet/learning";
import type { Clock, ClockTimer } from "@kinglet/lifecycle";
import type { InstanceIdParts } from "@kinglet/profile";
import type { RuntimeEventSource } from "@kinglet/runtime-events";
import type { PodDetails, StatusDetails } from "../pods/pod-details.ts";

/**
 * What learning works with.
 *
 * @internal
 */
export interface ContainerLearningOptions {
  readonly learner: LearnerOptions;
  readonly source: Pick<RuntimeEventSource, "health">;
  /** When this process began to watch, milliseconds since 1970: containers that are older ran already. */
  readonly startedAtMs: number;
  /** True when the source goes on where the process before this one ended. */
  readonly isContinued: boolean;
  /** When the first event of a container was given up, because nobody knew the container yet. */
  readonly missedSince: (containerId: string) => number | undefined;
  /** How often is looked whether the source was blind, milliseconds. */
  readonly blindCheckMs: number;
  readonly clock: Clock;
}

/** Kubernetes tells start times in whole seconds. */
const startResolutionMs = 1_000;

/**
 * Tells a learner which containers come and go, and when the source saw nothing.
 *
 * @internal
 */
export class ContainerLearning implements AsyncDisposable {
  readonly learner: Learner;
  readonly #options: ContainerLearningOptions;
  #timer: ClockTimer | undefined;
  /** Intervals that the learner knows, by begin and container; true: the end too. */
  readonly #told: Map<string, boolean> = new Map();
  #dropped = 0;
  #checkedAtMs: number;

  constructor(learner: Learner, options: ContainerLearningOptions) {
    this.learner = learner;
    this.#options = options;
    this.#checkedAtMs = options.startedAtMs;
    this.#checkLater();
  }

  /** A container whose profile's name is known; also one that ended before anybody looked. */
  watched(identity: ContainerIdentity, profileName: string, instance: InstanceIdParts, pod: PodDetails): void {
    const status = statusesOf(pod).find(({ containerID }) => idOf(containerID) === identity.containerId);
    const text = status?.state?.running?.startedAt ?? status?.state?.terminated?.startedAt;
    const startedAtMs = text === undefined ? Number.NaN : Date.parse(text);
    const isAlreadyRunning = startedAtMs + startResolutionMs <= this.#options.startedAtMs;
    // What ended before this process began has left nothing to learn.
    if (isAlreadyRunning && status?.state?.running === undefined) return;
    this.learner.containerStarted(identity, {
      profileName,
      instance,
      isAlreadyRunning,
      isContinued: this.#options.isContinued,
      ...(Number.isNaN(startedAtMs) ? {} : { startedAtMs }),
    });
    const missedSince = this.#options.missedSince(identity.containerId);
    if (missedSince !== undefined) {
      this.learner.sourceBlind(missedSince, this.#options.clock.now(), [identity.containerId]);
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

  /** Reports to the learner what the source could not see since the last time. */
  checkBlindness(): void {
    const { source, clock } = this.#options;
    const { blindIntervals, droppedByUs, droppedUpstream } = source.health();
    const keys = blindIntervals.map(({ fromMs, containerId = "" }) => `${fromMs}/${containerId}`);
    for (const [at, { fromMs, untilMs, containerId }] of blindIntervals.entries()) {
      const key = keys[at] ?? "";
      if (this.#told.get(key) === (untilMs !== undefined)) continue;
      this.#told.set(key, untilMs !== undefined);
      this.learner.sourceBlind(fromMs, untilMs, containerId === undefined ? "all" : [containerId]);
    }
    // The source keeps the last ones only.
    for (const key of this.#told.keys()) if (!keys.includes(key)) this.#told.delete(key);
    const now = clock.now();
    const dropped = droppedByUs + droppedUpstream;
    if (dropped > this.#dropped) this.learner.sourceBlind(this.#checkedAtMs, now, "all");
    this.#dropped = dropped;
    this.#checkedAtMs = now;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.cancel();
    this.checkBlindness();
    await this.learner[Symbol.asyncDispose]();
  }

  #ended(containerID: string | undefined, exitCode: number): void {
    const id = idOf(containerID);
    if (id === undefined) return;
    this.checkBlindness();
    this.learner.containerEnded(id, exitCode);
  }

  #checkLater(): void {
    this.#timer = this.#options.clock.startTimer(() => {
      this.checkBlindness();
      this.#checkLater();
    }, this.#options.blindCheckMs);
    this.#timer.unref();
  }
}

/** Reads what an earlier process left behind. @internal */
export async function openContainerLearning(options: ContainerLearningOptions): Promise<ContainerLearning> {
  let learning: ContainerLearning | undefined;
  // Before it says that a profile is complete it is to know of the last moment, too.
  const onDeciding = (): void => learning?.checkBlindness();
  learning = new ContainerLearning(await openLearner({ ...options.learner, onDeciding }), options);
  return learning;
}

function statusesOf({ status }: PodDetails): readonly StatusDetails[] {
  return [
    ...(status?.containerStatuses ?? []),
    ...(status?.initContainerStatuses ?? []),
    ...(status?.ephemeralContainerStatuses ?? []),
  ];
}

/** Without the runtime's name in front. */
function idOf(containerID: string | undefined): string | undefined {
  return containerID?.slice(containerID.indexOf("://") + 3);
}
