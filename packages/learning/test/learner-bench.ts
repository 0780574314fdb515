import { ExecEvent, OpenEvent, type ActivityEvent, type ContainerIdentity } from "@kinglet/enrichment";
import { ManualClock } from "@kinglet/lifecycle";
import { noopMetrics } from "@kinglet/metrics";
import { createCapturedLogger, type CapturedLogger } from "@kinglet/testing";
import {
  openLearner,
  type ContainerStart,
  type Learner,
  type LearnerOptions,
  type LearnedProfileStore,
  type LearningView,
} from "../src/index.ts";
import { MemoryStore } from "./memory-store.ts";

/** A container's identity; its id is the name, 64 digits long. */
export function identityOf(name: string, more: Partial<ContainerIdentity> = {}): ContainerIdentity {
  return {
    containerId: name.padEnd(64, "0"),
    podUid: `uid-${name}`,
    namespace: "shop",
    podName: `web-77-${name}`,
    containerName: "app",
    containerType: "containers",
    image: "registry.example/app:1",
    imageId: "registry.example/app@sha256:1",
    nodeName: "node-1",
    ownerApiVersion: "apps/v1",
    ownerKind: "ReplicaSet",
    ownerName: "web-77",
    templateHash: "77",
    podLabels: { app: "web", "pod-template-hash": "77" },
    ...more,
  };
}

let sequence = 0;

export function exec(path: string, ...args: readonly string[]): ExecEvent {
  sequence += 1;
  return new ExecEvent({ sequence, binary: path, args: args.join(" ") });
}

export function open(path: string, ...flags: readonly string[]): OpenEvent {
  sequence += 1;
  return new OpenEvent({ sequence, path, flags: flags.length === 0 ? ["O_RDONLY"] : flags });
}

/** Short times, so that tests read: reports after 2 s, then each 10 s; learned for 100 s. */
export const testTimings = {
  initialDelayMs: 2_000,
  updatePeriodMs: 10_000,
  jitter: 0,
  maxLearningMs: 100_000,
  exitCodeWaitMs: 3_000,
  lateEventsMs: 500,
  persistDelayMs: 100,
  retryMs: 1_000,
  maxRetryMs: 8_000,
  claimWithinMs: 5_000,
} as const;

/** A learner with a clock that is moved by hand and a store in memory. */
export class LearnerBench implements AsyncDisposable {
  readonly clock: ManualClock;
  readonly store: MemoryStore;
  readonly logger: CapturedLogger;
  readonly learner: Learner;
  readonly #controller: AbortController = new AbortController();
  readonly #running: Promise<void>;
  readonly #kill: () => void;

  private constructor(
    clock: ManualClock,
    store: MemoryStore,
    logger: CapturedLogger,
    learner: Learner,
    kill: () => void,
  ) {
    this.#kill = kill;
    this.clock = clock;
    this.store = store;
    this.logger = logger;
    this.learner = learner;
    this.#running = learner.run({ signal: this.#controller.signal });
  }

  static async open(
    options: Partial<LearnerOptions> & { readonly clock?: ManualClock; readonly store?: MemoryStore } = {},
  ): Promise<LearnerBench> {
    const { clock = new ManualClock(), store = new MemoryStore() } = options;
    const logger = createCapturedLogger();
    let isDead = false;
    const ownStore: LearnedProfileStore = {
      update: (namespace, name, merge, { signal }) =>
        isDead ? Promise.reject(new Error("killed")) : store.update(namespace, name, merge, { signal }),
    };
    const learner = await openLearner({
      random: () => 0.5,
      metrics: noopMetrics,
      logger,
      architecture: "amd64",
      ...options,
      timings: { ...testTimings, ...options.timings },
      clock,
      store: ownStore,
    });
    return new LearnerBench(clock, store, logger, learner, () => (isDead = true));
  }

  start(name: string, start: Partial<ContainerStart> = {}, more: Partial<ContainerIdentity> = {}): ContainerIdentity {
    const identity = identityOf(name, more);
    this.learner.containerStarted(identity, { profileName: "p", isAlreadyRunning: false, ...start });
    return identity;
  }

  record(identity: ContainerIdentity, ...events: readonly ActivityEvent[]): readonly number[] {
    return events.map((event) => this.learner.record(event, identity));
  }

  view(identity: ContainerIdentity): LearningView | undefined {
    return this.learner.views().containers.find((one) => one.containerId === identity.containerId);
  }

  /** From now on it does nothing that anybody would notice; what it writes to its directory must not count either. */
  kill(): void {
    this.#kill();
  }

  /** Ends the learner in good order. */
  async stop(): Promise<void> {
    this.#controller.abort();
    await this.#running;
    await this.learner[Symbol.asyncDispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
