import { describe, expect, it } from "vitest";

import { defaultCollapseConfiguration, parseCollapseConfiguration } from "./collapse-configuration.ts";
import { parseApplicationProfile } from "./parse-application-profile.ts";
import { parseNetworkNeighborhood } from "./parse-network-neighborhood.ts";

const metadata = { name: "a", namespace: "b" };
const thrownBy = (run: () => unknown): unknown => {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
};

describe("parseApplicationProfile", () => {
  it("reads the three groups, with every list present", () => {
    const profile = parseApplicationProfile({
      apiVersion: "spdx.softwarecomposition.kubescape.io/v1beta1",
      kind: "ApplicationProfile",
      metadata,
      spec: {
        architectures: ["amd64"],
        containers: [{ name: "web", opens: [{ path: "/a" }], egress: [{}] }],
        parts: {},
      },
    });
    expect(profile.spec).toEqual({
      architectures: ["amd64"],
      containers: [
        {
          name: "web",
          capabilities: [],
          execs: [],
          opens: [{ path: "/a", flags: [] }],
          syscalls: [],
          endpoints: [],
          imageID: "",
          imageTag: "",
          rulePolicies: {},
          identifiedCallStacks: [],
        },
      ],
      initContainers: [],
      ephemeralContainers: [],
    });
  });

  it("says everything that is wrong, with the kind", () => {
    const document = { kind: "ContainerProfile", metadata: { name: "a" }, spec: { containers: [{ opens: [{}] }] } };
    expect(thrownBy(() => parseApplicationProfile(document))).toMatchObject({
      code: "KINGLET_ERR_PROFILE_INVALID",
      message: expect.stringMatching(
        /not a valid ApplicationProfile: kind: .*; metadata\.namespace: is required; .*containers\[0\]/,
      ) as unknown,
    });
  });

  it("is bounded in depth", () => {
    let node: object = {};
    for (let depth = 0; depth < 1_000; depth += 1) node = { children: [node] };
    const stacks = [{ callID: "x", callStack: { root: node } }];
    const document = { metadata, spec: { containers: [{ name: "web", identifiedCallStacks: stacks }] } };
    expect(thrownBy(() => parseApplicationProfile(document))).toMatchObject({ code: "KINGLET_ERR_PROFILE_TOO_LARGE" });
  });
});

describe("parseNetworkNeighborhood", () => {
  it("reads groups and selector", () => {
    const { spec } = parseNetworkNeighborhood({
      metadata,
      spec: { matchLabels: { app: "web" }, initContainers: [{ name: "setup", egress: [{ identifier: "x" }] }] },
    });
    expect(spec.matchLabels).toEqual({ app: "web" });
    expect(spec.initContainers[0]).toMatchObject({
      name: "setup",
      ingress: [],
      egress: [{ identifier: "x", ports: [] }],
    });
  });

  it("refuses ports out of range and too many entries", () => {
    const ports = { metadata, spec: { containers: [{ name: "w", egress: [{ ports: [{ port: 65_536 }] }] }] } };
    expect(thrownBy(() => parseNetworkNeighborhood(ports))).toMatchObject({ code: "KINGLET_ERR_PROFILE_INVALID" });
    const names = Array.from({ length: 200_001 }, () => "a");
    const many = { metadata, spec: { containers: [{ name: "w", egress: [{ dnsNames: names }] }] } };
    expect(thrownBy(() => parseNetworkNeighborhood(many))).toMatchObject({ code: "KINGLET_ERR_PROFILE_TOO_LARGE" });
  });
});

describe("parseCollapseConfiguration", () => {
  it("replaces the defaults as a whole", () => {
    const spec = { openDynamicThreshold: 5, endpointDynamicThreshold: 6 };
    expect(parseCollapseConfiguration({ metadata: { name: "default" }, spec })).toEqual({
      ...spec,
      collapseConfigs: [],
    });
    expect(parseCollapseConfiguration({ spec: defaultCollapseConfiguration })).toEqual(defaultCollapseConfiguration);
  });

  it("refuses missing and impossible thresholds and relative prefixes", () => {
    const spec = { openDynamicThreshold: 0, collapseConfigs: [{ prefix: "etc", threshold: 1.5 }, { threshold: 1 }] };
    expect(thrownBy(() => parseCollapseConfiguration({ spec }))).toMatchObject({
      details: {
        list: [
          expect.stringContaining("spec.openDynamicThreshold"),
          "spec.endpointDynamicThreshold: is required",
          "spec.collapseConfigs[0].prefix: expected an absolute path",
          expect.stringContaining("spec.collapseConfigs[0].threshold"),
          "spec.collapseConfigs[1].prefix: is required",
        ],
      },
    });
    const prefixes = Array.from({ length: 1_001 }, () => ({ prefix: "/a", threshold: 1 }));
    const many = { openDynamicThreshold: 1, endpointDynamicThreshold: 1, collapseConfigs: prefixes };
    expect(thrownBy(() => parseCollapseConfiguration({ spec: many }))).toMatchObject({
      code: "KINGLET_ERR_PROFILE_INVALID",
    });
    expect(thrownBy(() => parseCollapseConfiguration("x"))).toMatchObject({ code: "KINGLET_ERR_PROFILE_INVALID" });
  });
});
