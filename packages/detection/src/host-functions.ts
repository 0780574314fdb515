import type { CelFunctions } from "@kinglet/policy-engine";

import type { DetectionHost } from "./detection-host.ts";

/** Variables through which the dynamic loader brings foreign code into a process. */
const loaderVariables = ["LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT"] as const;

/**
 * The functions `k8s.*` and `process.*` over a host.
 *
 * Their answers are not remembered: a pod of the same name may be another one, and so may a process of the same number.
 *
 * @internal
 */
export function createHostFunctions(host: DetectionHost): CelFunctions {
  return {
    "k8s.get_container_mount_paths": (namespace, podName, containerName) => {
      const paths = host.mountPathsOf(namespace, podName, containerName);
      if (paths === undefined) throw new Error(`the specification of pod ${namespace}/${podName} is not known`);
      return paths;
    },
    "k8s.is_api_server_address": (address) =>
      address !== "" && host.apiServerAddresses.includes(withoutMapping(address)),
    "k8s.get_container_by_name": (namespace, podName, containerName) =>
      host.hasContainer(namespace, podName, containerName) === true,
    "process.get_process_env": (pid) => environmentOf(host, pid),
    "process.get_ld_hook_var": (pid) => {
      const environment = environmentOf(host, pid);
      return loaderVariables.find((name) => (environment[name] ?? "") !== "") ?? "";
    },
  };
}

function environmentOf(host: DetectionHost, pid: number): Readonly<Record<string, string>> {
  const environment = host.processEnvironment(pid);
  if (environment === undefined) throw new Error(`the environment of process ${pid} cannot be read`);
  return environment;
}

/** A socket of both families names an IPv4 peer in the form of IPv6. */
function withoutMapping(address: string): string {
  // Asked of every connection: most addresses do not begin with a colon.
  return address.startsWith(":") && /^::ffff:[0-9.]+$/i.test(address) ? address.slice(7) : address;
}
