import { containerSlug } from "@kinglet/profile";
import {
  apiCall,
  containerIdOf,
  containerProfileObject,
  containerProfilesPath,
  createNamespace,
  createNode,
  createPod,
  installCrds,
  podObject,
  type ClusterFixture,
} from "@kinglet/testing";
import { permittedArguments, permittedProgram, type LoadedContainer } from "./reference-load.ts";

/**
 * Makes running pods of one container each, ten to a namespace. The first `learned` of every ten have no profile: the sensor
 * learns them; the others have a completed one.
 */
export async function loadCluster(
  fixture: ClusterFixture,
  count: number,
  learned: number,
): Promise<readonly LoadedContainer[]> {
  await installCrds(fixture);
  await createNode(fixture, "node-a");
  const loaded: LoadedContainer[] = [];
  for (let at = 0; at < count; at++) {
    const namespace = `shop-${Math.floor(at / 10)}`;
    if (at % 10 === 0) await createNamespace(fixture, namespace);
    const podName = `shop-${at}`;
    const containerId = containerIdOf(`${namespace}/${podName}/app/0`);
    const parts = { apiVersion: "v1", namespace, kind: "Pod", name: podName } as const;
    const name = containerSlug({ ...parts, containerType: "containers", containerName: "app" });
    const hasProfile = at % 10 >= learned;
    if (hasProfile) await apiCall(fixture, "POST", containerProfilesPath(namespace), profileOf(name, namespace, at));
    const pod = podObject({ name: podName, namespace, nodeName: "node-a", containers: [{ name: "app", containerId }] });
    const stored = (await createPod(fixture, pod)) as { readonly metadata: { readonly uid: string } } & typeof pod;
    loaded.push({ containerId, namespace, podName, podUid: stored.metadata.uid, hasProfile });
  }
  return loaded;
}

/** As large as the profile that the cache's budget names: 500 openings, 50 executions, 120 calls, 50 peers; different in each container. */
function profileOf(name: string, namespace: string, at: number): object {
  const opens = Array.from({ length: 500 }, (_none, n) => ({
    path: `/usr/share/shop/${at}/file-${n}`,
    flags: ["O_RDONLY"],
  }));
  opens.push({ path: "/usr/share/shop/data/*", flags: ["O_RDONLY"] });
  const execs = Array.from({ length: 50 }, (_none, n) => `/usr/bin/tool-${at}-${n}`);
  const egress = Array.from({ length: 50 }, (_none, n) => ({
    identifier: `peer-${n}`,
    type: "external",
    ipAddress: `10.2.0.${n + 1}`,
    ports: [{ name: "TCP-8080", protocol: "TCP", port: 8080 }],
  }));
  const syscalls = Array.from({ length: 120 }, (_none, n) => `call_${n}`);
  const profile = containerProfileObject({
    name,
    namespace,
    execs: [{ path: permittedProgram, args: [permittedProgram, ...permittedArguments] }, ...execs],
  });
  return { ...profile, spec: { ...profile.spec, opens, syscalls, egress } };
}
