/** Rows of the original's catalogue that no other test of the package has: merging as the cache shows it, call stacks, projection. */
import { readFile, writeFile } from "node:fs/promises";

import { parseContainerProfile } from "@kinglet/profile";
import { describe, expect, it } from "vitest";

import { labelled, ref, start } from "../test/cache-fixture.ts";
import { compileProjectionSpec } from "./compile-projection-spec.ts";
import type { ProfileContent } from "./profile-content.ts";
import { projectProfile } from "./project-profile.ts";
import { keepEverything, type ProjectionSpec } from "./projection-spec.ts";
import { unpackProfile } from "./unpack-profile.ts";

const base = {
  capabilities: ["SYS_PTRACE"],
  execs: [{ path: "/bin/ls", args: ["-la"] }],
  rulePolicies: { R0901: { processAllowed: ["ls"] } },
  ingress: [{ identifier: "ing-1", dnsNames: ["a.svc.local"], ports: [] }],
};
const twoContainers = { containers: ["web", "sidecar"], initContainers: [], ephemeralContainers: [] };
const application = {
  capabilities: ["NET_ADMIN"],
  execs: [{ path: "/bin/cat" }],
  rulePolicies: { R0901: { processAllowed: ["cat"] }, R0902: { processAllowed: ["sh"] } },
};

/** The base with overlays named `override`, for a pod whose containers are known or not. */
async function merged(put: (bench: ReturnType<typeof start>) => void, pod: typeof twoContainers | undefined) {
  const bench = start({ podContainers: () => pod });
  bench.source.put("web", base);
  put(bench);
  bench.cache.addContainer(labelled("c1", "override", { workloadName: "" }));
  await bench.clock.advance(0);
  const held = bench.cache.get("c1");
  if (held === undefined) throw new Error("nothing is held");
  const missing = bench.lines.filter(({ level }) => level === "warn").map(({ fields }) => fields["missing"]);
  return { ...bench, held, content: held.content, missing };
}

const onlyWeb = { containers: ["web"], initContainers: [], ephemeralContainers: [] };

describe("ProfileCache", () => {
  it("merges an ApplicationProfile [cache-test TestProjection_UserAPOnly_Match]", async () => {
    const { content, missing, source } = await merged(
      ({ source: s }) => s.putAp("override", { web: application }),
      onlyWeb,
    );
    expect(["SYS_PTRACE", "NET_ADMIN"].map((name) => content.usesCapability(name))).toEqual([true, true]);
    expect(content.counts()["execs"]).toBe(2);
    expect(content.policyOf("R0901")?.processAllowed.toSorted()).toEqual(["cat", "ls"]);
    expect([content.policyOf("R0902")?.processAllowed, missing]).toEqual([["sh"], []]);
    expect(source.objects.get("shop/web")).toMatchObject({ spec: { capabilities: ["SYS_PTRACE"] } });
  });

  it("merges a NetworkNeighborhood [cache-test TestProjection_UserNNOnly_Match]", async () => {
    const ingress = [
      { identifier: "ing-1", dnsNames: ["b.svc.local"] },
      { identifier: "ing-2", dnsNames: ["c.svc.local"] },
    ];
    const { content } = await merged(({ source }) => source.putNn("override", { web: { ingress } }), onlyWeb);
    expect(["a", "b", "c", "d"].map((name) => content.hasDomain("ingress", `${name}.svc.local`))).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });

  it("merges both [cache-test TestProjection_Both]", async () => {
    const { content, metrics } = await merged(({ source }) => {
      source.putAp("override", { web: application });
      source.putNn("override", { web: { ingress: [{ identifier: "ing-new", dnsNames: ["new.svc.local"] }] } });
    }, onlyWeb);
    expect([content.usesCapability("NET_ADMIN"), content.hasDomain("ingress", "new.svc.local")]).toEqual([true, true]);
    expect(content.counts()["ingressDomains"]).toBe(2);
    expect(metrics.read("overlays_total", "network,full")).toBe(1);
  });

  it("merges nothing of other containers, and names those left out [cache-test TestProjection_UserAP_NonMatchingContainer]", async () => {
    const { content, missing } = await merged(
      ({ source }) => source.putAp("override", { other: application }),
      twoContainers,
    );
    expect([content.usesCapability("NET_ADMIN"), content.counts()["execs"]]).toEqual([false, 1]);
    expect(missing).toEqual([["web", "sidecar"]]);
  });

  it("holds what was learned where there are no overlays [cache-test TestProjection_NoUserCRDs]", async () => {
    const { held } = await merged(() => {}, onlyWeb);
    expect([held.origin, held.content.wasExecutedWith("/bin/ls", ["-la"])]).toEqual(["learned", true]);
  });

  it("merges without a word about a pod that is not known [cache-test TestProjection_NilPod]", async () => {
    const { content, missing } = await merged(
      ({ source }) => source.putAp("override", { web: application }),
      undefined,
    );
    expect([content.usesCapability("NET_ADMIN"), missing]).toEqual([true, []]);
  });
});

interface Node {
  readonly frame: { readonly fileID: string; readonly lineno: string; readonly frameType: number };
  readonly children: readonly Node[];
}

const frame = (id: string, ...children: Node[]): Node => {
  const [fileID = "", lineno = ""] = id.split(":");
  return { frame: { fileID, lineno, frameType: 0 }, children };
};
const root = (...children: Node[]): Node => frame("", ...children);

/** Root-to-leaf paths of each call id, through the cache. */
async function pathsOf(stacks: Readonly<Record<string, Node>>): Promise<(callId: string) => readonly string[]> {
  const { cache, source, clock } = start();
  const identifiedCallStacks = Object.entries(stacks).map(([callID, top]) => ({ callID, callStack: { root: top } }));
  source.put("web", { identifiedCallStacks });
  cache.addContainer(ref("c1", "web"));
  await clock.advance(0);
  const index = cache.get("c1")?.content.callStackIndex;
  return (callId) =>
    index?.paths(callId).map((path) => path.map(({ fileID, lineno }) => `${fileID}:${lineno}`).join("/")) ?? [];
}

describe("ProfileContent", () => {
  it("indexes the call stacks of the profile [cache-test TestCallStackIndexBuiltFromProfile]", async () => {
    const paths = await pathsOf({ r1: root(frame("f1:10", frame("f2:20"))) });
    expect(paths("r1")).toEqual(["f1:10/f2:20"]);
  });

  it("keeps branches apart after the frames that they share [cache-test CallStack_Branching]", async () => {
    const shared = (...leaves: Node[]): Node => root(frame("1:1", frame("2:2", frame("3:867979", ...leaves))));
    const paths = await pathsOf({ r1: shared(frame("4:1"), frame("5:1")) });
    expect(paths("r1")).toEqual(["1:1/2:2/3:867979/4:1", "1:1/2:2/3:867979/5:1"]);
  });

  it("holds a line of frames as one path [cache-test CallStack_Basic]", async () => {
    expect((await pathsOf({ r1: root(frame("1:1", frame("2:1", frame("3:1")))) }))("r1")).toEqual(["1:1/2:1/3:1"]);
  });

  it("keeps a last frame without a file [cache-test CallStack_WithSpecialFrame]", async () => {
    expect((await pathsOf({ r1: root(frame("1:1", frame("0:4012"))) }))("r1")).toEqual(["1:1/0:4012"]);
  });

  it("holds no path of an empty stack [cache-test CallStack_Empty]", async () => {
    expect((await pathsOf({ r1: root() }))("r1")).toEqual([]);
  });

  it("keeps the stacks of several calls apart [cache-test CallStack_MultipleCallIDs]", async () => {
    const paths = await pathsOf({ r1: root(frame("1:1", frame("2:1"))), r2: root(frame("1:1", frame("9:1"))) });
    expect([paths("r1"), paths("r2"), paths("r3")]).toEqual([["1:1/2:1"], ["1:1/9:1"], []]);
  });

  it.each<readonly [surface: string, yes: string, no: string]>([
    ["prefix, itself and longer", "/etc", "/et/c"],
    ["prefix of nothing, which begins everything", "", "/nowhere"],
    ["prefix in several bytes", "/tmp/\u22ef", "/tmp/\u22ef\u22ef"],
  ])("finds a %s [cache-test TestTrie_*]", (_, yes, no) => {
    const content = project(rich, keepEverything);
    expect([content.hasOpenWithPrefix(yes), content.hasOpenWithPrefix(no)]).toEqual([true, false]);
  });

  it("finds endings, and what lies in the middle, of endpoints [cache-test TestTrie_*]", () => {
    const content = project(rich, keepEverything);
    expect([content.hasOpenWithSuffix("wd"), content.hasOpenWithSuffix("/wd")]).toEqual([true, false]);
    expect([content.someEndpoint((one) => one.includes("users")), content.someEndpoint(() => false)]).toEqual([
      true,
      false,
    ]);
  });
});

const rich = {
  capabilities: ["CHOWN", "SETUID"],
  syscalls: ["read", "write"],
  execs: [
    { path: "/bin/ls", args: ["ls", "-la"] },
    { path: "/bin/true" },
    { path: "/usr/bin/*", args: ["run", "\u22ef"] },
    { path: "/opt/\u22ef/agent" },
  ],
  opens: [
    { path: "/etc/passwd", flags: ["O_RDONLY"] },
    { path: "/etc/passwd", flags: ["O_WRONLY", "O_TRUNC"] },
    { path: "/etc/ssl/*", flags: ["O_RDONLY"] },
    { path: "/tmp/\u22ef/x", flags: ["O_RDWR"] },
    { path: "/var/log/app.log", flags: ["O_APPEND"] },
  ],
  endpoints: [
    { endpoint: ":80/users/\u22ef", methods: ["GET"], direction: "inbound" },
    { endpoint: ":443/", methods: ["POST"], direction: "outbound" },
    { endpoint: ":0/health", methods: ["GET"], direction: "inbound" },
  ],
  rulePolicies: { R1: { processAllowed: ["ls"] } },
};
const network = {
  ingress: [{ identifier: "i", dnsNames: ["Peer.Example.com."], ipAddress: "10.0.0.7", ports: [] }],
  egress: [
    {
      identifier: "a",
      dns: "one.example.com.",
      dnsNames: ["*.cdn.example.com"],
      ipAddress: "10.0.0.1",
      ipAddresses: ["10.1.0.0/16", "2001:db8::1", "10.0.0.2"],
      ports: [
        { name: "TCP-443", protocol: "TCP", port: 443 },
        { name: "UDP-53", protocol: "UDP", port: 53 },
      ],
    },
  ],
};

function project(spec: object, projection: ProjectionSpec, sum = "sum"): ProfileContent {
  const profile = parseContainerProfile({ metadata: { name: "web", namespace: "shop" }, spec });
  return projectProfile(profile.spec, sum, projection);
}

const filtered = [
  { opens: [{ prefix: "/etc" }], execs: [{ exact: "/bin/ls" }], capabilities: "all", endpoints: "all" },
  { opens: [{ suffix: ".log" }], syscalls: [{ contains: "rea" }] },
];
const cases: readonly (readonly [name: string, spec: object, projection: () => ProjectionSpec])[] = [
  ["rich-filtered", rich, () => compileProjectionSpec(filtered)],
  ["rich-passthrough", rich, () => keepEverything],
  ["network-all", network, () => compileProjectionSpec([{ egressAddresses: "all", egressDomains: "all" }])],
];

describe("projectProfile", () => {
  it.each(cases)(
    "keeps of %s what its golden file says [cache-test TestApply_Golden]",
    async (name, spec, projection) => {
      const content = project(spec, projection());
      const { checksum, projectionHash } = content;
      const found = `${JSON.stringify({ checksum, projectionHash, kept: unpackProfile(content) }, undefined, 2)}\n`;
      const file = new URL(`../golden/${name}.json`, import.meta.url);
      // oxlint-disable-next-line node/no-process-env -- a person asks for new golden files
      if (process.env["UPDATE_GOLDEN"] === "1") await writeFile(file, found);
      expect(found).toBe(await readFile(file, "utf8"));
    },
  );

  it.each(cases)(
    "makes the same of what it made of %s [cache-test TestApply_GoldenIdempotent]",
    (_, spec, projection) => {
      const once = project(spec, projection());
      const twice = projectProfile(unpackProfile(once), "sum", projection());
      expect(unpackProfile(twice)).toEqual(unpackProfile(once));
    },
  );

  it("has the hash of its declarations, in whatever order [cache-test TestApply_GoldenSpecHashStable]", () => {
    const hashes = [filtered, filtered.toReversed()].map((declared) => compileProjectionSpec(declared).hash);
    expect(new Set([...hashes, project(rich, compileProjectionSpec(filtered)).projectionHash]).size).toBe(1);
  });

  it("answers as the profile itself does, also once it was unpacked [cache-test TestApply_*]", () => {
    for (const [, spec, projection] of cases) {
      const direct = project(spec, projection());
      const again = projectProfile(unpackProfile(direct), "sum", projection());
      const paths = ["/bin/ls", "/bin/true", "/usr/bin/x", "/opt/a/agent", "/etc/passwd", "/etc/ssl/a", "/tmp/a/x"];
      const answers = (content: ProfileContent): unknown => [
        paths.map((path) => [content.wasExecuted(path), content.wasOpened(path)]),
        [["ls", "-la"], ["run", "x"], []].map((args) => paths.map((path) => content.wasExecutedWith(path, args))),
        [["O_RDONLY"], ["O_TRUNC", "O_WRONLY"]].map((flags) => paths.map((path) => content.wasOpenedWith(path, flags))),
        [":80/users/5", ":443/", ":9/health"].map((one) => content.wasEndpointAccessedWith(one, "GET")),
        ["10.0.0.1", "10.1.2.3", "2001:db8::1"].map((one) => content.hasAddressPort("egress", one, 443, "TCP")),
        ["one.example.com", "x.cdn.example.com"].map((one) => content.hasDomain("egress", one)),
        [content.policyOf("R1"), content.usesSyscall("read"), content.usesCapability("CHOWN")],
      ];
      expect(answers(again)).toEqual(answers(direct));
    }
  });

  it("takes a star and \u22ef for wildcards and the rest for what it is [cache-test TestProjectField_*]", () => {
    const content = project(
      { opens: [{ path: "/etc/ssl/*" }, { path: "/opt/\u22ef/agent" }, { path: "/a" }] },
      keepEverything,
    );
    expect([content.counts()["opens"], content.wasOpened("/opt/x/agent"), content.wasOpened("/etc/ssl/a/b")]).toEqual([
      1,
      true,
      true,
    ]);
  });
});
