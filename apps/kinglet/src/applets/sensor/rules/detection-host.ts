import { readFileSync } from "node:fs";
import { posix } from "node:path";
import type { ContainerCommands, DetectionHost } from "@kinglet/detection";
import type { ContainerDetails, PodDetails } from "../pods/pod-details.ts";

/** What is read of a process's environment at most, bytes. */
const maxEnvironmentBytes = 262_144;

/**
 * What rules ask of the cluster and the node.
 *
 * @internal
 */
export function createDetectionHost(options: {
  readonly podOf: (namespace: string, podName: string) => PodDetails | undefined;
  readonly apiServerAddresses: readonly string[];
  readonly procRoot: string;
}): DetectionHost {
  const { podOf, apiServerAddresses, procRoot } = options;
  const find = (namespace: string, podName: string, name: string): ContainerDetails | undefined => {
    const pod = podOf(namespace, podName);
    return pod === undefined ? undefined : containersOf(pod).find((container) => container.name === name);
  };
  return {
    apiServerAddresses,
    mountPathsOf: (namespace, podName, name) => {
      const container = find(namespace, podName, name);
      if (container === undefined) return undefined;
      // As the kubelet and the runtime understand them, not as they were written.
      return (container.volumeMounts ?? []).map(({ mountPath }) => posix.resolve("/", mountPath));
    },
    hasContainer: (namespace, podName, name) =>
      podOf(namespace, podName) === undefined ? undefined : find(namespace, podName, name) !== undefined,
    commandsOf: (namespace, podName, name): ContainerCommands | undefined => {
      const pod = podOf(namespace, podName);
      const container = find(namespace, podName, name);
      if (pod === undefined || container === undefined) return undefined;
      const { command = [], args = [], lifecycle } = container;
      return {
        isPodEnding: pod.metadata.deletionTimestamp !== undefined,
        // Arguments alone go to a program that the image names.
        command: command.length === 0 ? command : [...command, ...args],
        postStart: lifecycle?.postStart?.exec?.command ?? [],
        preStop: lifecycle?.preStop?.exec?.command ?? [],
      };
    },
    processEnvironment: (pid) => readEnvironment(`${procRoot}/${pid}/environ`),
  };
}

function containersOf({ spec }: PodDetails): readonly ContainerDetails[] {
  return [...spec.containers, ...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])];
}

function readEnvironment(path: string): Readonly<Record<string, string>> | undefined {
  let text: string;
  try {
    text = readFileSync(path, "latin1").slice(0, maxEnvironmentBytes);
  } catch {
    // It has ended, or this process may not look: the rule that asks is told so.
    return undefined;
  }
  const variables: Record<string, string> = {};
  for (const entry of text.split("\0")) {
    const at = entry.indexOf("=");
    if (at > 0) variables[entry.slice(0, at)] = entry.slice(at + 1);
  }
  return variables;
}
