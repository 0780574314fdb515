import { AlertQueue } from "@kinglet/alert-sinks";
import type { Alert, AlertDraft, AlertSink } from "@kinglet/detection";
import {
  ContainerIndex,
  ExecEvent,
  type ActivityEvent,
  type ContainerIdentity,
  type PodView,
} from "@kinglet/enrichment";
import { ManualClock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { noopMetrics, type LabelValues, type Metrics } from "@kinglet/metrics";
import { parseContainerProfile, type ContainerProfile } from "@kinglet/profile";
import { ProfileCache } from "@kinglet/profile-cache";
import type { EventPipelineOptions } from "../../src/applets/sensor/events/event-pipeline-options.ts";
import { alertCapacity, EventPipeline } from "../../src/applets/sensor/events/event-pipeline.ts";
import type { JudgementParts } from "../../src/applets/sensor/events/judgement-parts.ts";

export const idOf = (container: number): string => String(container).padStart(12, "0").padEnd(64, "f");

const podOf = (container: number): PodView => ({
  metadata: {
    name: `p${container}`,
    namespace: container === 9 ? "ignored" : "shop",
    uid: `u${container}`,
    resourceVersion: "1",
  },
  spec: { containers: [{ name: "main" }] },
  status: { containerStatuses: [{ name: "main", containerID: `containerd://${idOf(container)}` }] },
});

/** `/bad` is in no profile, and two rules object to `/worse`. */
export const execIn = (container: number, sequence: number, binary = "/bad", rawBytes = 1000): ExecEvent =>
  new ExecEvent({
    sequence,
    containerIdPrefix: idOf(container).slice(0, 31),
    execId: `e${sequence}`,
    binary,
    rawBytes,
  });

const draftsOf = ({ execId, binary }: ActivityEvent): readonly AlertDraft[] => {
  const ids = { "/bad": [execId], "/worse": [execId, `${execId}+`] }[binary] ?? [];
  return ids.map((uniqueId) => {
    const alert = { uniqueId, process: { binary } } as unknown as Alert;
    return Object.assign(alert, { build: () => alert });
  });
};

/** Remembers everything; confirms what it was told to have persisted. */
class RecordingSource {
  readonly acknowledged: number[] = [];
  readonly confirmed: Set<string> = new Set();
  acknowledge(sequence: number): void {
    this.acknowledged.push(sequence);
  }
  async confirmAlert(_sequence: number, uniqueId: string): Promise<void> {
    this.confirmed.add(uniqueId);
  }
  wasConfirmed(uniqueId: string): boolean {
    return this.confirmed.has(uniqueId);
  }
}

/** Publishes, hangs or fails as told. */
class ScriptedSink implements AlertSink {
  readonly name = "scripted";
  readonly published: string[] = [];
  state: "works" | "hangs" | "fails" = "works";
  #released = Promise.withResolvers<void>();

  async publish(alert: Alert): Promise<void> {
    while (this.state === "hangs") await this.#released.promise;
    if (this.state === "fails") throw new Error("no space left on device");
    this.published.push(alert.uniqueId);
  }

  become(state: "works" | "hangs" | "fails"): void {
    this.state = state;
    this.#released.resolve();
    this.#released = Promise.withResolvers<void>();
  }
}

export const anyProfile: ContainerProfile = parseContainerProfile({
  metadata: {
    name: "x",
    namespace: "shop",
    uid: "1",
    resourceVersion: "1",
    annotations: { "kubescape.io/status": "completed", "kubescape.io/completion": "complete" },
  },
  spec: {},
});

export interface PipelineBenchOptions extends Partial<
  Pick<EventPipelineOptions, "maxWaiting" | "maxWaitingBytes" | "isLearning">
> {
  readonly capacity?: number;
  /** Answers of the profile store; default a profile for every container. */
  readonly answer?: () => Promise<ContainerProfile | undefined>;
  readonly isPrepared?: boolean;
}

/** The real parts around a pipeline, a reader that heeds back-pressure, and a world that can be told what happens. */
export class PipelineBench implements AsyncDisposable {
  readonly clock: ManualClock = new ManualClock();
  readonly source: RecordingSource = new RecordingSource();
  readonly sink: ScriptedSink = new ScriptedSink();
  readonly outcomes: Map<string, number> = new Map();
  readonly index: ContainerIndex;
  readonly profiles: ProfileCache;
  readonly alerts: AlertQueue;
  readonly pipeline: EventPipeline;
  readonly delivered: number[] = [];
  readonly detector: { find: (event: ActivityEvent, container: ContainerIdentity) => readonly AlertDraft[] } = {
    find: (event, { containerId }) => (this.profiles.hasProfile(containerId) ? draftsOf(event) : []),
  };
  /** How often the pipeline asked for what events pass. */
  firstEvents = 0;
  /** False: the copy of the pods may be behind. */
  isConnected = true;
  readonly stop: AbortController = new AbortController();
  readonly #feed: ExecEvent[] = [];
  #isWaiting = false;
  #isReading = true;

  constructor({
    maxWaiting = 4,
    maxWaitingBytes = 1_000_000,
    capacity,
    answer,
    isPrepared = true,
    isLearning = false,
  }: PipelineBenchOptions = {}) {
    const { clock } = this;
    const common = { clock, logger: noopLogger, metrics: noopMetrics };
    this.index = new ContainerIndex({ clock });
    this.profiles = new ProfileCache({
      ...common,
      source: { getContainerProfile: answer ?? (async () => anyProfile) },
      maxEntries: 100,
      random: () => 0,
    });
    this.alerts = new AlertQueue({
      ...common,
      sinks: [this.sink],
      maxEntries: capacity ?? alertCapacity(maxWaiting),
      maxAttempts: Number.MAX_SAFE_INTEGER,
      publishTimeoutMs: 2_000_000_000,
      random: () => 0,
      onConfirmed: (alert, sequence) => this.pipeline.confirmed(alert, sequence),
      onFailed: async (_alert, sequence) => this.pipeline.abandoned(sequence),
    });
    this.pipeline = new EventPipeline(
      {
        ...common,
        metrics: this.#metrics(),
        source: this.source,
        index: this.index,
        isIndexCurrent: () => this.isConnected,
        detector: this.detector,
        isProfileKnown: (id) => this.profiles.isKnown(id),
        onFirstEvent: () => {
          this.firstEvents += 1;
        },
        isLearning,
        ignoredNamespaces: new Set(["ignored"]),
        maxWaiting,
        maxWaitingBytes,
      },
      this.alerts,
    );
    this.profiles.onKnown((id) => this.pipeline.profileChanged(id));
    if (isPrepared) this.prepare();
    const { signal } = this.stop;
    void this.profiles.run({ signal });
    void this.alerts.run({ signal }).catch(() => {});
  }

  read(...events: ExecEvent[]): void {
    this.#feed.push(...events);
    this.#pump();
  }

  addPod(container: number): void {
    const { added } = this.index.setPod(podOf(container));
    for (const { containerId, namespace, podName, containerName } of added) {
      this.profiles.addContainer({ containerId, namespace, podName, containerName, profileName: `p${container}` });
    }
    this.pipeline.containersAdded(added);
  }

  removePod(container: number): void {
    for (const { containerId } of this.index.removePod(`u${container}`)) this.profiles.removeContainer(containerId);
  }

  prepare(parts: Partial<JudgementParts> = {}): void {
    const nothing = {
      learner: undefined,
      remember: () => {},
      ended: () => {},
      complete: (alert: Alert) => alert,
      left: () => {},
      admit: () => true,
      isRepeated: () => false,
    };
    this.pipeline.prepared({ ...nothing, ...parts });
  }

  /** As the sensor stops: reading ends, what has been raised leaves. */
  async shutDown(): Promise<void> {
    this.#isReading = false;
    const drained = this.alerts.drain({ timeoutMs: 5000 });
    await this.clock.advance(5000);
    await drained;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop.abort(new Error("stop"));
    this.pipeline[Symbol.dispose]();
    this.index[Symbol.dispose]();
    await this.clock.advance(0);
  }

  #pump(): void {
    while (!this.#isWaiting && this.#isReading) {
      const event = this.#feed.shift();
      if (event === undefined) return;
      this.delivered.push(event.sequence);
      const pending = this.pipeline.deliver(event);
      if (pending === undefined) continue;
      this.#isWaiting = true;
      void pending.then(() => {
        this.#isWaiting = false;
        this.#pump();
      });
    }
  }

  #metrics(): Metrics {
    const add = (value = 1, labels: LabelValues<string> = {}): void => {
      const { outcome = "" } = labels as { readonly outcome?: string };
      this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + value);
    };
    return {
      ...noopMetrics,
      counter: ({ name }) => ({ add: name === "kinglet_sensor_executions_total" ? add : () => {} }),
    };
  }
}

/** What the cache loads with the first profile takes real time: before the tests that count turns of the clock. */
export async function loadProfileParts(): Promise<void> {
  await using bench = new PipelineBench();
  bench.addPod(1);
  await bench.profiles.waitUntilKnown({ signal: new AbortController().signal });
}

/** `1 … count`. */
export const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index + 1);
