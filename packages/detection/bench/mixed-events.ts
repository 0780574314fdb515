import {
  DnsEvent,
  ExecEvent,
  LinkEvent,
  NetworkEvent,
  OpenEvent,
  type ActivityEvent,
  type ContainerIdentity,
} from "@kinglet/enrichment";
import { parseContainerProfile, type ContainerProfile } from "@kinglet/profile";

import type { DetectionHost } from "../src/index.ts";

const list = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));

export const container: ContainerIdentity = {
  containerId: "ab".repeat(32),
  podUid: "uid",
  namespace: "shop",
  podName: "web-1",
  containerName: "web",
  containerType: "containers",
  image: "web:1",
  imageId: "",
  nodeName: "node-1",
  ownerApiVersion: "apps/v1",
  ownerKind: "ReplicaSet",
  ownerName: "web",
  templateHash: "",
  podLabels: { app: "web" },
};

/** 500 opens, 50 executions, 120 system calls, 50 peers. */
export const profile: ContainerProfile = parseContainerProfile({
  metadata: { name: "web", namespace: "shop" },
  spec: {
    opens: list(500, (at) => ({ path: `/usr/lib/app/module-${at % 37}/part-${at}.so`, flags: ["O_RDONLY"] })),
    execs: list(50, (at) => ({
      path: `/usr/bin/tool-${at}`,
      args: [`/usr/bin/tool-${at}`, "--config", "/etc/tool.conf"],
    })),
    syscalls: list(120, (at) => `syscall_${at}`),
    capabilities: ["NET_BIND_SERVICE"],
    egress: list(50, (at) => ({
      identifier: `peer-${at}`,
      type: "external",
      dnsNames: [`api-${at}.example.com.`],
      ipAddress: `203.0.113.${at}`,
      ports: [{ name: "TCP-443", protocol: "TCP", port: 443 }],
    })),
  },
});

export const host: DetectionHost = {
  mountPathsOf: () => ["/data", "/var/run/secrets/kubernetes.io/serviceaccount"],
  hasContainer: () => true,
  apiServerAddresses: ["10.96.0.1"],
  processEnvironment: () => ({}),
  commandsOf: () => undefined,
};

const origin = {
  sequence: 1,
  pid: 7,
  uid: 0,
  binary: "/usr/bin/tool-1",
  parentBinary: "/usr/bin/tool-0",
  parentPid: 1,
};

/**
 * One second of the reference load, all of it in the profile: 1000 opens, 10 executions, 110 connections, 20 links, 2 look-ups. (Requests have
 * no source here: 100 connections stand for them.) Spread, not in blocks.
 */
export function mixedEvents(): readonly ActivityEvent[] {
  const slots: { readonly at: number; readonly event: ActivityEvent }[] = [];
  const spread = (count: number, make: (index: number) => ActivityEvent): void => {
    for (let index = 0; index < count; index++) slots.push({ at: (index + 0.5) / count, event: make(index) });
  };
  spread(
    1000,
    (at) =>
      new OpenEvent({
        ...origin,
        path: `/usr/lib/app/module-${(at % 500) % 37}/part-${at % 500}.so`,
        flags: ["O_RDONLY"],
        flagsRaw: 0,
      }),
  );
  spread(10, (at) => {
    const binary = `/usr/bin/tool-${at}`;
    return new ExecEvent({ ...origin, binary, argv: [binary, "--config", "/etc/tool.conf"], cwd: "/srv" });
  });
  spread(110, (at) => new NetworkEvent({ ...origin, address: `203.0.113.${at % 50}`, port: 443, protocol: "TCP" }));
  spread(10, (at) => new LinkEvent({ ...origin, kind: "symlink", oldPath: `/srv/a-${at}`, newPath: `/srv/b-${at}` }));
  spread(10, (at) => new LinkEvent({ ...origin, kind: "hardlink", oldPath: `/srv/a-${at}`, newPath: `/srv/b-${at}` }));
  spread(2, (at) => new DnsEvent({ ...origin, name: `api-${at}.example.com.` }));
  return slots.sort((left, right) => left.at - right.at).map(({ event }) => event);
}
