import {
  CapabilityEvent,
  DnsEvent,
  ExecEvent,
  KernelCallEvent,
  LinkEvent,
  NetworkEvent,
  OpenEvent,
  SyscallEvent,
  type ActivityEvent,
  type ContainerIdentity,
} from "@kinglet/enrichment";
import type { RuleDefinition } from "@kinglet/policy-engine";
import { describe, expect, it } from "vitest";

import { profileRules } from "./rules/profile-rules.ts";
import { createAlert, draftAlert, type AlertSource } from "./create-alert.ts";
import { createAlertFromFinding } from "./create-alert-from-finding.ts";
import type { ProfileView } from "./detector.ts";

const base: RuleDefinition = profileRules.find(({ id }) => id === "R0001")!;
const container: ContainerIdentity = {
  containerId: "c".repeat(64),
  podUid: "u1",
  namespace: "shop",
  podName: "web-0",
  containerName: "web",
  containerType: "containers",
  image: "nginx:1.25",
  imageId: "docker.io/library/nginx@sha256:deadbeef",
  nodeName: "node-1",
  ownerApiVersion: "apps/v1",
  ownerKind: "StatefulSet",
  ownerName: "web",
  templateHash: "",
  podLabels: { app: "web" },
};
const profile = {
  name: "statefulset-web",
  namespace: "shop",
  status: "completed",
  completion: "partial",
  checksum: "5f3a",
} as ProfileView;
const origin = { clusterName: "kind", nodeName: "node-0" };
const process = { sequence: 1, execId: "e1", pid: 7, binary: "/bin/ln", time: "2026-11-21T09:00:00Z" };

const alert = (event: ActivityEvent, source: Partial<AlertSource> = {}): ReturnType<typeof createAlert> =>
  createAlert({ rule: base, message: "text", event, container, profile, origin, ...source });

describe("createAlert", () => {
  it("names who, where and what, with the profile the container was judged by [profile 5.7]", () => {
    const event = new ExecEvent({ ...process, args: "-s /a /b", argv: ["ln", "-s", "/a", "/b"], uid: 0, cwd: "/" });
    expect(alert(event, { uniqueKey: "ln|/bin/ln", severity: 9 })).toMatchObject({
      ruleId: "R0001",
      ruleDescription: base.description,
      mitreTactic: base.mitreTactic,
      isTriggerAlert: base.isTriggerAlert,
      severity: 9,
      eventKind: "exec",
      arguments: { exec: "/bin/ln", args: "-s /a /b", apChecksum: "5f3a" },
      podLabels: { app: "web" },
      imageDigest: "docker.io/library/nginx@sha256:deadbeef",
      profile: { name: "statefulset-web", failOnProfile: true },
      profileMetadata: { type: 0, profileDependency: 0, failOnProfile: true, completion: "partial", errorMessage: "" },
      allowedBy: { path: "spec.execs", entry: { path: "/bin/ln", args: ["ln", "-s", "/a", "/b"] } },
    });
  });

  it("has one id for each event and one for all that the rule takes for the same", () => {
    const at = (execId: string): ReturnType<typeof createAlert> =>
      alert(new ExecEvent({ ...process, execId }), { uniqueKey: "ln|/bin/ln" });
    expect(at("e1").uniqueId).toBe(at("e1").uniqueId);
    expect(at("e1").uniqueId).not.toBe(at("e2").uniqueId);
    expect(at("e1").repetitionId).toBe(at("e2").repetitionId);
    const open = (path: string): string => alert(new OpenEvent({ ...process, path })).uniqueId;
    expect(open("/a")).not.toBe(open("/b"));
  });

  it("says that a rule without tag fits no type of profile, and that there is no profile", () => {
    const event = new ExecEvent(process);
    expect(alert(event, { rule: { ...base, tags: [] } }).profileMetadata).toMatchObject({
      failOnProfile: false,
      errorMessage: "the rule has neither the tag applicationprofile nor networkprofile",
    });
    expect(alert(event, { profile: undefined }).profileMetadata).toMatchObject({ name: "", failOnProfile: false });
    const independent = alert(event, { rule: { ...base, profileDependency: 2 } });
    expect(independent.profileMetadata).toBeUndefined();
    expect(independent.profile).toMatchObject({ name: "statefulset-web", failOnProfile: false });
  });

  const allowances: readonly (readonly [string, ActivityEvent, unknown])[] = [
    [
      "an opening",
      new OpenEvent({ ...process, path: "/etc/shadow", flags: ["O_RDONLY"] }),
      { path: "spec.opens", entry: { path: "/etc/shadow", flags: ["O_RDONLY"] } },
    ],
    [
      "a capability",
      new CapabilityEvent({ ...process, capability: "SYS_ADMIN" }),
      { path: "spec.capabilities", entry: "SYS_ADMIN" },
    ],
    ["a system call", new SyscallEvent({ ...process, name: "mount" }), { path: "spec.syscalls", entry: "mount" }],
    ["a bpf call", new KernelCallEvent({ ...process, kind: "bpf" }), { path: "spec.syscalls", entry: "bpf" }],
    [
      "a connection",
      new NetworkEvent({ ...process, address: "1.2.3.4", port: 443, protocol: "TCP" }),
      {
        path: "spec.egress",
        entry: { type: "external", ipAddress: "1.2.3.4", ports: [{ name: "TCP-443", protocol: "TCP", port: 443 }] },
      },
    ],
    [
      "a name",
      new DnsEvent({ ...process, name: "x.test." }),
      { path: "spec.egress", entry: { type: "external", dnsNames: ["x.test."] } },
    ],
  ];
  it.each(allowances)("names the entry of the profile that would allow %s", (_what, event, expected) => {
    expect(alert(event).allowedBy).toMatchObject(expected as object);
  });

  it("names a policy where the rule heeds policies, and nothing where the rule does not ask the profile", () => {
    const event = new LinkEvent({ ...process, kind: "symlink", oldPath: "/etc/shadow", newPath: "/tmp/x" });
    expect(alert(event, { rule: { ...base, id: "R1010", supportPolicy: true } }).allowedBy).toEqual({
      path: "spec.rulePolicies",
      entry: { R1010: { processAllowed: ["ln"], containerAllowed: false } },
    });
    expect(alert(event, { rule: { ...base, profileDependency: 2 } }).allowedBy).toBeUndefined();
  });

  it("puts the wildcard for one argument in the place of a secret", () => {
    const argv = ["mysql", "--password", "hunter2", "--token=abc", "-h", "db"];
    const event = new ExecEvent({ ...process, argv, args: argv.slice(1).join(" ") });
    const text = JSON.stringify(alert(event));
    expect(text).not.toMatch(/hunter2|abc"/);
    expect(alert(event).allowedBy?.entry).toEqual({
      path: "/bin/ln",
      args: ["mysql", "--password", "⋯", "⋯", "-h", "db"],
    });
  });
});

describe("draftAlert", () => {
  it("knows what decides whether the alert leaves, and builds it without that changing [rules T-3]", () => {
    const event = new ExecEvent({ ...process, args: "-s /a /b", argv: ["ln", "-s", "/a", "/b"] });
    const draft = draftAlert({ rule: base, message: "text", uniqueKey: "k", event, container, profile, origin });
    const { build, ...key } = draft;
    expect(Object.keys(key).toSorted()).toEqual(
      [
        "clusterName",
        "containerId",
        "namespace",
        "nodeName",
        "profile",
        "repetitionId",
        "ruleId",
        "severity",
        "uniqueId",
      ].toSorted(),
    );
    expect(build()).toMatchObject(key);
    expect(build()).toEqual(
      createAlert({ rule: base, message: "text", uniqueKey: "k", event, container, profile, origin }),
    );
  });

  it("makes an alert of less than 16 KiB of any command line [rules T-1]", () => {
    for (const piece of ["-Dabc=xyz ", "abcdefghij", "token=abc ", 'a b" ', '"', "\u001b", "\u4e2d ", "\u{1f600}"]) {
      const args = piece.repeat(60_000 / piece.length);
      const argv = ["/bin/ln", ...args.split(" ")];
      const built = alert(new ExecEvent({ ...process, args, argv }), { message: args });
      expect(Buffer.byteLength(JSON.stringify(built))).toBeLessThan(16_384);
      expect([built.message, built.process.args, built.arguments?.["args"]]).toEqual(
        Array.from({ length: 3 }, () => expect.stringMatching(/\.\.\. \[cut: 60000 characters\]$/)),
      );
      expect(built.allowedBy?.isShortened).toBe(true);
    }
  });
});

describe("createAlertFromFinding", () => {
  it("keeps what the other program said, and names the node where it did not", () => {
    const finding = {
      source: "falco",
      ruleId: "FALCO",
      ruleName: "Terminal shell",
      severity: 5,
      message: "shell",
      time: "2026-11-21T09:00:00Z",
      namespace: "shop",
      podName: "web-0",
      containerName: "web",
      nodeName: "",
      user: "root",
      uniqueId: "f".repeat(32),
      details: { proc: "sh" },
    } as const;
    expect(createAlertFromFinding(finding, origin)).toMatchObject({
      ruleName: "Terminal shell",
      eventKind: "falco",
      arguments: { user: "root", proc: "sh" },
      nodeName: "node-0",
      profile: undefined,
    });
  });
});
