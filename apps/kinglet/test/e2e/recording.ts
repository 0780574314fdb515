import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { containerSlug } from "@kinglet/profile";
import { containerProfileObject, podObject, type ContainerProfileObject, type PodObject } from "@kinglet/testing";
import { nodeName } from "./shop.ts";

const fixtures = join(import.meta.dirname, "../../../../packages/runtime-events/fixtures/recording");

/** Where the recorded pods live in the cluster of the test. */
export const namespace = "recorded";

/** The export files of a recording as they were rotated, oldest first; the last one is `tetragon.log`. */
export function recordedFiles(
  name: "export" | "export-rate-limited",
): readonly { readonly name: string; readonly text: string }[] {
  return readdirSync(join(fixtures, name))
    .toSorted()
    .map((file) => ({
      name: file.slice(0, -".gz".length),
      text: gunzipSync(readFileSync(join(fixtures, name, file))).toString("utf8"),
    }));
}

/** A container that was started for the recording. */
export interface RecordedContainer {
  readonly id: string;
  readonly name: string;
  readonly podUid: string;
  readonly podName: string;
  /** Name of its profile. */
  readonly profileName: string;
}

/** The containers of the recording, without the sandboxes: a pod's status does not name those. */
export function recordedContainers(): readonly RecordedContainer[] {
  const truth = gunzipSync(readFileSync(join(fixtures, "ground-truth.log.gz"))).toString("utf8");
  const containers: RecordedContainer[] = [];
  for (const [, program = "", id = "", podUid = ""] of truth.matchAll(
    / CREATE name=(\S+) id=([0-9a-f]{64}) pod=(\S+)/g,
  )) {
    if (program === "pause") continue;
    // A container that was started again has a new id: in one state of the pod it needs a name of its own.
    const name = `${program}-${id.slice(0, 8)}`;
    const podName = `pod-${podUid.slice(0, 8)}`;
    const slug = {
      apiVersion: "v1",
      namespace,
      kind: "Pod",
      name: podName,
      containerType: "containers",
      containerName: name,
    } as const;
    containers.push({ id, name, podUid, podName, profileName: containerSlug(slug) });
  }
  return containers;
}

/** The pods that those containers belong to. */
export function recordedPods(containers: readonly RecordedContainer[]): readonly PodObject[] {
  return [...Map.groupBy(containers, (container) => container.podName)].map(([name, own]) =>
    podObject({
      name,
      namespace,
      nodeName,
      containers: own.map((container) => ({ name: container.name, containerId: container.id })),
    }),
  );
}

/** The outcomes of executions that the recording must lead to, computed from its lines alone. */
export interface ExpectedOutcomes {
  /** Events by kind, as the source counts them. */
  readonly kinds: Readonly<Record<string, number>>;
  readonly outcomes: Readonly<Record<"host" | "replay" | "runtime" | "unresolved" | "judged", number>>;
  /** Executions that are judged, by container id. */
  readonly judged: ReadonlyMap<string, readonly { readonly binary: string; readonly execId: string }[]>;
  /** Programs that ran in a container before the source began, by container id: it tells of them, too. */
  readonly replayed: ReadonlyMap<string, ReadonlySet<string>>;
  /** What the source says that it left out. */
  readonly droppedUpstream: number;
}

interface RecordedLine {
  readonly process_exec?: { readonly process: RecordedProcess };
  readonly rate_limit_info?: { readonly number_of_dropped_process_events?: string };
}

interface RecordedProcess {
  readonly exec_id: string;
  readonly binary: string;
  readonly arguments?: string;
  readonly flags?: string;
  readonly docker?: string;
  readonly pod?: object;
}

const kindOf: Readonly<Record<string, string>> = {
  process_exec: "exec",
  process_exit: "exit",
  process_kprobe: "kprobe",
  rate_limit_info: "rateLimit",
};

/** Reads the lines with nothing but JSON.parse, so that a fault of the reader cannot hide in the expectation. */
export function expectedOutcomes(lines: readonly string[], containers: readonly RecordedContainer[]): ExpectedOutcomes {
  const kinds: Record<string, number> = {};
  const outcomes = { host: 0, replay: 0, runtime: 0, unresolved: 0, judged: 0 };
  const judged = new Map<string, { readonly binary: string; readonly execId: string }[]>();
  const replayed = new Map<string, Set<string>>();
  let droppedUpstream = 0;
  for (const line of lines) {
    const event = JSON.parse(line) as RecordedLine & Record<string, unknown>;
    const member = Object.keys(event).find((key) => key in kindOf) ?? `unexpected: ${line.slice(0, 40)}`;
    const kind = kindOf[member] ?? member;
    kinds[kind] = (kinds[kind] ?? 0) + 1;
    droppedUpstream += Number(event.rate_limit_info?.number_of_dropped_process_events ?? 0);
    const process = event.process_exec?.process;
    if (process === undefined) continue;
    const container = containers.find(({ id }) => process.docker !== undefined && id.startsWith(process.docker));
    if ((process.flags ?? "").split(" ").includes("procFS")) {
      outcomes.replay += 1;
      if (container === undefined) continue;
      const own = replayed.get(container.id) ?? new Set();
      replayed.set(container.id, own.add(process.binary));
    } else if (process.docker !== undefined && process.binary === "/dev/fd/6" && process.arguments === "init")
      outcomes.runtime += 1;
    else if (process.docker === undefined && process.pod === undefined) outcomes.host += 1;
    else if (container === undefined) outcomes.unresolved += 1;
    else {
      outcomes.judged += 1;
      const own = judged.get(container.id) ?? [];
      judged.set(container.id, own);
      own.push({ binary: process.binary, execId: process.exec_id });
    }
  }
  return { kinds, outcomes, judged, replayed, droppedUpstream };
}

/** Profiles that permit exactly what each container did. */
export function recordedProfiles(
  containers: readonly RecordedContainer[],
  judged: ExpectedOutcomes["judged"],
  isLeftOut: (container: RecordedContainer, binary: string) => boolean = () => false,
): readonly ContainerProfileObject[] {
  return containers.map((container) => {
    const binaries = new Set((judged.get(container.id) ?? []).map((execution) => execution.binary));
    // Whatever the arguments: which they were is another rule's affair.
    const execs = [...binaries]
      .filter((binary) => !isLeftOut(container, binary))
      .map((path) => ({ path, args: ["\u22ef\u22ef"] }));
    return containerProfileObject({ name: container.profileName, namespace, execs });
  });
}
