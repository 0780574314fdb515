import { containerSlug } from "@kinglet/profile";
import {
  apiCall,
  apiRequest,
  containerIdOf,
  containerProfilesPath,
  createPod,
  openTempDir,
  podObject,
  TetragonLineWriter,
  waitFor,
  type ClusterFixture,
  type TempDir,
} from "@kinglet/testing";
import { SensorProcess, type SensorOptions } from "./sensor-process.ts";
import { executes, nodeName, prepareShop, type ShopWorkload } from "./shop.ts";

/** The times of learning, scaled: what takes minutes and days takes tenths and seconds. */
export const shortLearning: readonly string[] = [
  ...["--learning-initial-delay", "300ms", "--learning-update-period", "500ms", "--learning-max-time", "3s"],
  ...["--profile-refresh", "1s"],
];

/** A stored profile as tests look at it. */
export interface StoredProfile {
  readonly status: string;
  readonly completion: string;
  readonly resourceVersion: string;
  readonly spec: {
    readonly execs?: readonly { readonly path: string; readonly args?: readonly string[] }[];
    readonly opens?: readonly { readonly path: string; readonly flags?: readonly string[] }[];
    readonly syscalls?: readonly string[];
    readonly rulePolicies?: Readonly<Record<string, { readonly processAllowed?: readonly string[] }>>;
    readonly egress?: readonly { readonly ipAddress?: string; readonly dnsNames?: readonly string[] }[];
  };
}

/** A container with the name of the profile that is learned of it. */
export interface LearnedWorkload extends ShopWorkload {
  readonly profileName: string;
}

/** A namespace of a cluster, an event file and the sensors that read it. */
export class LearningBench implements AsyncDisposable {
  readonly fixture: ClusterFixture;
  readonly namespace: string;
  readonly folder: TempDir;
  readonly events: TetragonLineWriter;

  private constructor(fixture: ClusterFixture, namespace: string, folder: TempDir, events: TetragonLineWriter) {
    this.fixture = fixture;
    this.namespace = namespace;
    this.folder = folder;
    this.events = events;
  }

  static async open(fixture: ClusterFixture, namespace: string): Promise<LearningBench> {
    const folder = await openTempDir("kinglet learning ");
    const events = new TetragonLineWriter(folder.file("tetragon.log"));
    await events.write();
    await prepareShop(fixture, namespace);
    return new LearningBench(fixture, namespace, folder, events);
  }

  async start(options: Partial<SensorOptions> = {}): Promise<SensorProcess> {
    const sensor = await this.launch(options);
    await sensor.ready();
    return sensor;
  }

  /** Starts one that may not get as far as being ready. */
  async launch(options: Partial<SensorOptions> = {}): Promise<SensorProcess> {
    const { args = [], ...others } = options;
    return await SensorProcess.start({
      folder: this.folder.path,
      kubeconfig: this.fixture.kubeconfigPath,
      tetragonFile: this.events.path,
      ...others,
      args: ["--node-name", nodeName, ...shortLearning, ...args],
    });
  }

  /** A pod of a Deployment with these containers, all of which start now. */
  async addPod(
    name: string,
    containers: readonly string[],
    options: {
      readonly startedAt?: string;
      readonly labels?: Readonly<Record<string, string>>;
      /** @defaultValue a ReplicaSet */
      readonly owner?: { readonly apiVersion: string; readonly kind: string; readonly name: string };
      /** Where each container has a volume. */
      readonly mounts?: readonly string[];
    } = {},
  ): Promise<readonly LearnedWorkload[]> {
    const { namespace, fixture } = this;
    const hash = "7d9f6c5b48";
    const replicaSet = `${name}-${hash}`;
    const podName = `${replicaSet}-x2k9p`;
    const owner = options.owner ?? { apiVersion: "apps/v1", kind: "ReplicaSet", name: replicaSet };
    const workloads = containers.map((containerName) => ({
      namespace,
      podName,
      containerName,
      containerId: containerIdOf(`${namespace}/${podName}/${containerName}/0`),
      replicaSet,
      profileName: containerSlug({ ...owner, namespace, containerType: "containers", containerName }),
    }));
    const pod = podObject({
      name: podName,
      namespace,
      nodeName,
      labels: { app: name, "pod-template-hash": hash, ...options.labels },
      ownerReferences: [owner],
      containers: workloads.map((workload) => ({ name: workload.containerName, containerId: workload.containerId })),
    });
    const state = { running: { startedAt: options.startedAt ?? nextSecond() } };
    const mounts = options.mounts ?? [];
    const spec = {
      ...pod.spec,
      volumes: mounts.map((_, at) => ({ name: `volume-${String(at)}`, emptyDir: {} })),
      containers: workloads.map(({ containerName }) => ({
        name: containerName,
        image: `registry.example/${containerName}:1.0`,
        volumeMounts: mounts.map((mountPath, at) => ({ name: `volume-${String(at)}`, mountPath })),
      })),
    };
    await createPod(fixture, {
      ...pod,
      spec,
      status: { ...pod.status, containerStatuses: statusesOf(workloads, state) },
    });
    return workloads;
  }

  /** The kubelet reports another state of a pod's containers. */
  async report(workloads: readonly ShopWorkload[], state: object, more: object = {}): Promise<void> {
    const path = `/api/v1/namespaces/${this.namespace}/pods/${workloads[0]?.podName ?? ""}/status`;
    await apiCall(this.fixture, "PATCH", path, {
      status: { containerStatuses: statusesOf(workloads, state), ...more },
    });
  }

  /** The container did these; each is an execution of its own. */
  async execute(workload: ShopWorkload, ...binaries: readonly string[]): Promise<readonly string[]> {
    const lines = binaries.map((binary) => executes(workload, binary));
    await this.events.write(...lines.map(({ line }) => line));
    return lines.map(({ execId }) => execId);
  }

  pathOf(workload: LearnedWorkload): string {
    return `${containerProfilesPath(this.namespace)}/${workload.profileName}`;
  }

  async profile(workload: LearnedWorkload): Promise<StoredProfile | undefined> {
    const { status, body } = await apiRequest(this.fixture, "GET", this.pathOf(workload));
    if (status !== 200) return undefined;
    const { metadata, spec } = body as {
      readonly metadata: {
        readonly resourceVersion: string;
        readonly annotations?: Readonly<Record<string, string>>;
      };
      readonly spec: StoredProfile["spec"];
    };
    return {
      status: metadata.annotations?.["kubescape.io/status"] ?? "",
      completion: metadata.annotations?.["kubescape.io/completion"] ?? "",
      resourceVersion: metadata.resourceVersion,
      spec,
    };
  }

  /** Waits for a stored profile that fits. */
  async learned(
    workload: LearnedWorkload,
    fits: (profile: StoredProfile) => boolean = ({ status }) => status === "completed",
    timeoutMs = 20_000,
  ): Promise<StoredProfile> {
    let found: StoredProfile | undefined;
    await waitFor(
      async () => {
        found = await this.profile(workload);
        return found !== undefined && fits(found);
      },
      { describe: () => `the profile of ${workload.containerName}; it is ${JSON.stringify(found)}`, timeoutMs },
    );
    return found!;
  }

  /** Waits until the sensor judges this container by a profile. */
  async active(sensor: SensorProcess, workload: ShopWorkload): Promise<void> {
    let text = "";
    await waitFor(
      async () => {
        ({ text } = await sensor.debug("/debug/containers"));
        const { containers } = JSON.parse(text) as {
          readonly containers: readonly { readonly containerId: string; readonly state: string }[];
        };
        return containers.some(({ containerId, state }) => containerId === workload.containerId && state === "active");
      },
      { describe: () => `an active profile; containers: ${text}`, timeoutMs: 20_000 },
    );
  }

  /** Waits until nothing is under way: every event that was written is judged, every alert has left. */
  async settled(sensor: SensorProcess, judged: number): Promise<void> {
    await waitFor(
      async () =>
        (await sensor.metric('kinglet_sensor_executions_total{outcome="judged"}')) >= judged &&
        (await sensor.metric("kinglet_runtime_events_open")) === 0,
      { describe: `${judged} executions to be judged`, timeoutMs: 20_000 },
    );
  }

  async call(...[method, path, body]: [method: string, path: string, body?: unknown]): Promise<unknown> {
    return apiCall(this.fixture, method, path, body);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.events.close();
    await this.folder[Symbol.asyncDispose]();
  }
}

/**
 * A start that is surely one after the sensor's, as Kubernetes tells it: in whole seconds. Of a container that starts in the second in which
 * the sensor began to watch nobody could tell which of them was first.
 */
export function nextSecond(): string {
  return secondsOf(new Date(Date.now() + 999));
}

/** As Kubernetes tells times: whole seconds. */
export function secondsOf(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}

function statusesOf(workloads: readonly ShopWorkload[], state: object): readonly object[] {
  return workloads.map(({ containerName, containerId }) => ({
    name: containerName,
    image: "registry.example/app:1",
    imageID: "registry.example/app@sha256:0123",
    containerID: `containerd://${containerId}`,
    ready: true,
    restartCount: 0,
    ...("running" in state || "terminated" in state ? { state } : state),
  }));
}
