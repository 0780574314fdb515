import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { anyProfile } from "../../test/any-profile.ts";
import { checksum } from "../checksum.ts";
import type { ContainerProfile } from "../container-profile.ts";
import { freezeProfile } from "../freeze-profile.ts";
import { parseContainerProfile } from "../parse-container-profile.ts";
import { applyOverlays, type PodContainerNames, type ProfileOverlay } from "./apply-overlays.ts";
import { parseApplicationProfile } from "./parse-application-profile.ts";
import { parseNetworkNeighborhood } from "./parse-network-neighborhood.ts";

const base = freezeProfile(
  parseContainerProfile({
    metadata: { name: "base", namespace: "default", resourceVersion: "1" },
    spec: {
      capabilities: ["SYS_PTRACE"],
      execs: [{ path: "/bin/ls", args: ["ls", "-la"] }],
      rulePolicies: { R0901: { processAllowed: ["ls"] } },
      ingress: [
        { identifier: "ing-1", dnsNames: ["a.svc.local"], ports: [{ name: "TCP-80", protocol: "TCP", port: 80 }] },
      ],
      matchLabels: { app: "nginx" },
    },
  }),
);
const metadata = { name: "overlay", namespace: "default", resourceVersion: "u1" };
const application = (name: string, spec: object = {}): ProfileOverlay =>
  parseApplicationProfile({ metadata, spec: { containers: [{ name, ...spec }] } });
const network = (name: string, spec: object = {}, head: object = {}): ProfileOverlay =>
  parseNetworkNeighborhood({ metadata, spec: { containers: [{ name, ...spec }], ...head } });
const pod = (...containers: string[]): PodContainerNames => ({
  containers,
  initContainers: [],
  ephemeralContainers: [],
});
const apply = (overlays: readonly ProfileOverlay[], given?: PodContainerNames) =>
  applyOverlays(base, overlays, { containerName: "nginx", pod: given });

const userApplication = application("nginx", {
  capabilities: ["NET_BIND_SERVICE"],
  execs: [{ path: "/bin/cat" }],
  rulePolicies: { R0901: { processAllowed: ["cat"], containerAllowed: true }, R0902: { processAllowed: ["x"] } },
});
const userNetwork = network(
  "nginx",
  {
    ingress: [
      { identifier: "ing-1", dnsNames: ["b.svc.local"], type: "external" },
      { identifier: "ing-new", ipAddress: "10.0.0.1" },
    ],
  },
  { matchLabels: { env: "prod" } },
);

describe("applyOverlays", () => {
  it("adds what a user's application profile says about the container [node-agent TestProjection_UserAPOnly_Match]", () => {
    const { profile, warnings } = apply([userApplication], pod("nginx"));
    expect(profile).not.toBe(base);
    expect(profile.metadata).toBe(base.metadata);
    expect(profile.spec.capabilities).toEqual(["SYS_PTRACE", "NET_BIND_SERVICE"]);
    expect(profile.spec.execs.map((exec) => exec.path)).toEqual(["/bin/ls", "/bin/cat"]);
    expect(profile.spec.rulePolicies).toEqual({
      R0901: { processAllowed: ["cat", "ls"], containerAllowed: true },
      R0902: { processAllowed: ["x"], containerAllowed: false },
    });
    expect(warnings).toEqual([]);
  });

  it("adds peers and extends the known ones [node-agent TestProjection_UserNNOnly_Match]", () => {
    const { profile } = apply([userNetwork], pod("nginx"));
    expect(profile.spec.ingress).toHaveLength(2);
    expect(profile.spec.ingress[0]).toMatchObject({ type: "external", dnsNames: ["a.svc.local", "b.svc.local"] });
    expect(profile.spec.matchLabels).toEqual({ app: "nginx", env: "prod" });
  });

  it("applies both kinds [node-agent TestProjection_Both]", () => {
    const { profile } = apply([userApplication, userNetwork]);
    expect(profile.spec.capabilities).toContain("NET_BIND_SERVICE");
    expect(profile.spec.ingress.map((item) => item.identifier)).toEqual(["ing-1", "ing-new"]);
  });

  it("merges nothing from sections of others and names the containers left out [node-agent TestProjection_UserAP_NonMatchingContainer]", () => {
    const { profile, warnings } = apply([application("other", { capabilities: ["X"] })], pod("nginx", "sidecar"));
    expect(profile).toEqual(base);
    expect(profile.spec).toBe(base.spec);
    expect(warnings).toEqual([
      {
        kind: "application",
        namespace: "default",
        name: "overlay",
        resourceVersion: "u1",
        missing: ["nginx", "sidecar"],
      },
    ]);
  });

  it("merges and warns when only some containers are covered [node-agent TestProjection_UserAP_PartialContainers]", () => {
    const { profile, warnings } = apply([userApplication], {
      containers: ["nginx"],
      initContainers: ["setup"],
      ephemeralContainers: ["debug"],
    });
    expect(profile.spec.capabilities).toContain("NET_BIND_SERVICE");
    expect(warnings.map((warning) => warning.missing)).toEqual([["setup", "debug"]]);
  });

  it("gives an equal profile of its own when there is no overlay [node-agent TestProjection_NoUserCRDs]", () => {
    const { profile, warnings } = apply([], pod("nginx"));
    expect(profile).not.toBe(base);
    expect(profile).toEqual(base);
    expect(warnings).toEqual([]);
  });

  it("merges without warnings when the pod is unknown [node-agent TestProjection_NilPod]", () => {
    const { profile, warnings } = apply([application("nginx", { capabilities: ["X"] }), network("other")]);
    expect(profile.spec.capabilities).toContain("X");
    expect(warnings).toEqual([]);
  });

  it("adds architectures and call stacks and takes seccomp profile and image from the overlay [cache W14]", () => {
    const stack = { callID: "r1", callStack: { root: { frame: { fileID: "1", lineno: "2" } } } };
    const overlay = parseApplicationProfile({
      metadata,
      spec: {
        architectures: ["arm64"],
        initContainers: [
          {
            name: "nginx",
            identifiedCallStacks: [stack, stack],
            seccompProfile: { name: "s" },
            imageID: "sha256:1",
            imageTag: "nginx:1",
          },
        ],
      },
    });
    const { spec } = apply([overlay]).profile;
    expect(spec.architectures).toEqual(["arm64"]);
    expect(spec.identifiedCallStacks.map((item) => item.callID)).toEqual(["r1"]);
    expect(spec.seccompProfile?.name).toBe("s");
    expect([spec.imageID, spec.imageTag]).toEqual(["sha256:1", "nginx:1"]);
    const unchanged = apply([overlay, application("nginx", { capabilities: ["X"] })]).profile.spec;
    expect([unchanged.imageID, unchanged.seccompProfile?.name]).toEqual(["sha256:1", "s"]);
  });

  it("lets the later overlay win where something is replaced [profile overlays]", () => {
    const port = (protocol: string, number: number) => ({ name: "TCP-80", protocol, port: number });
    const first = network("nginx", {
      ingress: [{ identifier: "ing-1", ipAddress: "1.1.1.1", ports: [port("UDP", 1)] }],
    });
    const second = network(
      "nginx",
      { ingress: [{ identifier: "ing-1", ipAddress: "2.2.2.2", ports: [port("UDP", 2), { name: "TCP-9", port: 9 }] }] },
      { matchLabels: { app: "other" } },
    );
    const { spec } = apply([first, second]).profile;
    expect(spec.ingress[0]?.ipAddress).toBe("2.2.2.2");
    expect(spec.ingress[0]?.ports).toEqual([port("UDP", 2), { name: "TCP-9", protocol: "", port: 9 }]);
    expect(spec.matchLabels).toEqual({ app: "other" });
    expect(apply([second, first]).profile.spec.ingress[0]?.ipAddress).toBe("1.1.1.1");
  });

  it("extends selectors: a missing one is made, labels win, requirements are added once and in order", () => {
    const requirement = (key: string, ...values: string[]) => ({ key, operator: "In", values });
    const peer = (podSelector: object) => ({ identifier: "p", podSelector });
    const start = parseContainerProfile({
      metadata: base.metadata,
      spec: { egress: [peer({ matchLabels: { a: "1", b: "1" }, matchExpressions: [requirement("z", "1", "2")] })] },
    });
    const overlay = network("nginx", {
      egress: [
        {
          ...peer({ matchLabels: { b: "2" }, matchExpressions: [requirement("z", "2", "1"), requirement("a", "1")] }),
          namespaceSelector: { matchLabels: { n: "1" } },
        },
      ],
    });
    const [merged] = applyOverlays(start, [overlay], { containerName: "nginx" }).profile.spec.egress;
    expect(merged?.podSelector?.matchLabels).toEqual({ a: "1", b: "2" });
    expect(merged?.podSelector?.matchExpressions.map((item) => item.key)).toEqual(["a", "z"]);
    expect(merged?.namespaceSelector?.matchLabels).toEqual({ n: "1" });
  });

  it("matches peers with those of the base only, and never by an empty identifier", () => {
    const twice = network("nginx", {
      ingress: [
        { identifier: "x", dns: "1" },
        { identifier: "x", dns: "2" },
      ],
    });
    expect(apply([twice]).profile.spec.ingress.map((item) => item.dns)).toEqual(["", "1", "2"]);
    const nameless = parseContainerProfile({ metadata: base.metadata, spec: { egress: [{ dns: "a" }] } });
    const overlay = network("nginx", { egress: [{ ipAddress: "1.1.1.1" }] });
    expect(applyOverlays(nameless, [overlay], { containerName: "nginx" }).profile.spec.egress).toHaveLength(2);
  });

  it("takes the first section of the name: containers, then init, then ephemeral containers [profile overlays]", () => {
    const section = (capability: string) => [{ name: "nginx", capabilities: [capability] }];
    const overlay = parseApplicationProfile({
      metadata,
      spec: {
        ephemeralContainers: section("E"),
        initContainers: section("I"),
        containers: [...section("C"), ...section("D")],
      },
    });
    expect(apply([overlay]).profile.spec.capabilities).toEqual(["SYS_PTRACE", "C"]);
  });

  it("applies the selector of a network neighborhood that has no section for the container [profile overlays]", () => {
    const { spec } = apply([network("other", {}, { matchLabels: { env: "prod" } })]).profile;
    expect(spec.matchLabels).toEqual({ app: "nginx", env: "prod" });
    expect(spec.ingress).toBe(base.spec.ingress);
  });

  it("changes nothing that was given, and adds nothing the second time", () => {
    const overlayOf = ({ metadata: head, spec }: ContainerProfile): readonly ProfileOverlay[] => [
      parseApplicationProfile({ metadata: head, spec: { containers: [{ name: "nginx", ...spec }] } }),
      parseNetworkNeighborhood({ metadata: head, spec: { ...spec, containers: [{ name: "nginx", ...spec }] } }),
    ];
    fc.assert(
      fc.property(anyProfile, anyProfile, (given, added) => {
        const [applicationOverlay, networkOverlay] = overlayOf(freezeProfile(added)) as [
          ProfileOverlay,
          ProfileOverlay,
        ];
        const once = applyOverlays(freezeProfile(given), [applicationOverlay, networkOverlay], {
          containerName: "nginx",
        });
        const again = applyOverlays(once.profile, [applicationOverlay], { containerName: "nginx" });
        expect(checksum(again.profile)).toBe(checksum(once.profile));
      }),
      { seed: 1, numRuns: 100 },
    );
  });
});
