import { describe, expect, it } from "vitest";

import {
  authoredContainerProfileName,
  isLearnedProfile,
  resolveAuthoredProfile,
  userManagedName,
} from "./authored-profile.ts";
import { parseContainerProfile } from "./parse-container-profile.ts";

const exec = (path: string) => ({ execs: [{ path }] });
const grouped = parseContainerProfile({
  metadata: { name: "authored", namespace: "shop" },
  spec: {
    architectures: ["amd64"],
    matchLabels: { app: "web" },
    containers: [{ name: "app", ...exec("/bin/app") }],
    initContainers: [{ name: "setup", ...exec("/bin/setup") }],
    ephemeralContainers: [{ name: "debug", ...exec("/bin/debug") }],
  },
});

describe("resolveAuthoredProfile", () => {
  it("gives a flat document back as it is [node-agent TestResolveAuthoredContainerSection]", () => {
    const flat = parseContainerProfile({ metadata: grouped.metadata, spec: exec("/bin/x") });
    expect(resolveAuthoredProfile(flat, "any")).toBe(flat);
  });

  it("makes a flat profile of the container's section in any group [node-agent TestResolveAuthoredContainerSection]", () => {
    for (const name of ["app", "setup", "debug"]) {
      const profile = resolveAuthoredProfile(grouped, name);
      expect(profile?.spec.execs.map((item) => item.path)).toEqual([`/bin/${name}`]);
      expect(profile?.metadata).toBe(grouped.metadata);
      expect(profile?.spec).toMatchObject({
        architectures: ["amd64"],
        matchLabels: { app: "web" },
        containers: [],
        initContainers: [],
        ephemeralContainers: [],
      });
      expect(profile?.spec).not.toHaveProperty("name");
    }
  });

  it("gives a container that a grouped document does not name nothing [node-agent TestResolveAuthoredSection_SharedNarrative]", () => {
    expect(resolveAuthoredProfile(grouped, "sidecar")).toBeUndefined();
  });

  it("gives nothing for a learned profile [node-agent TestResolveAuthoredSection_SharedNarrative]", () => {
    const metadata = { ...grouped.metadata, annotations: { "kubescape.io/status": "completed" } };
    expect(isLearnedProfile({ metadata })).toBe(true);
    expect(isLearnedProfile(grouped)).toBe(false);
    expect(resolveAuthoredProfile({ ...grouped, metadata }, "app")).toBeUndefined();
  });
});

describe("authoredContainerProfileName", () => {
  it("appends the container to the label", () => {
    expect(authoredContainerProfileName("shop", "web")).toBe("shop-web");
  });
});

describe("userManagedName", () => {
  it("puts ug- before the workload's slug", () => {
    expect(userManagedName("replicaset-web-77b4fdf86c")).toBe("ug-replicaset-web-77b4fdf86c");
  });
});
