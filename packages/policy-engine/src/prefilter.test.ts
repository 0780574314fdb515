import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { compilePrefilter, prefilterProblems, type PrefilterFacts } from "./prefilter.ts";

const none: PrefilterFacts = {
  path: "",
  port: 0,
  direction: "",
  method: "",
  comm: "",
  exepath: "",
  pcomm: "",
  parentPath: "",
};

interface Case {
  readonly state: Readonly<Record<string, unknown>>;
  readonly facts: Partial<PrefilterFacts>;
  readonly isSkipped: boolean;
  /** @defaultValue true */
  readonly isNetwork?: boolean;
}

const ps = { name: "ps", path: "/usr/bin/ps" };
const cases: readonly Case[] = [
  { state: { ignorePrefixes: ["/tmp"] }, facts: { path: "/tmp/x" }, isSkipped: true },
  { state: { ignorePrefixes: ["/tmp"] }, facts: { path: "/tmp" }, isSkipped: true },
  { state: { ignorePrefixes: ["/tmp"] }, facts: { path: "/tmpfiles/x" }, isSkipped: false },
  { state: { ignorePrefixes: ["/tmp/"] }, facts: { path: "/tmp/x" }, isSkipped: true },
  { state: { ignorePrefixes: ["/tmp/"] }, facts: { path: "/tmp" }, isSkipped: true },
  { state: { ignorePrefixes: ["/tmp/"] }, facts: { path: "/tmpfiles" }, isSkipped: false },
  { state: { ignorePrefixes: ["/"] }, facts: { path: "/etc/passwd" }, isSkipped: true },
  { state: { ignorePrefixes: ["/tmp"] }, facts: { path: "" }, isSkipped: false },
  { state: { ignorePrefixes: [""] }, facts: { path: "/x" }, isSkipped: false },
  { state: { includePrefixes: ["/etc"] }, facts: { path: "/etc/passwd" }, isSkipped: false },
  { state: { includePrefixes: ["/etc"] }, facts: { path: "/etcetera" }, isSkipped: true },
  { state: { includePrefixes: ["/etc"] }, facts: { path: "/var/x" }, isSkipped: true },
  { state: { includePrefixes: ["/etc"] }, facts: { path: "" }, isSkipped: false },
  {
    state: { includePrefixes: ["/etc"], ignorePrefixes: ["/etc/ssl"] },
    facts: { path: "/etc/ssl/x" },
    isSkipped: true,
  },
  { state: { includePrefixes: ["/etc"], ignorePrefixes: ["/etc/ssl"] }, facts: { path: "/etc/x" }, isSkipped: false },
  { state: { ports: [22, 2022] }, facts: { port: 22 }, isSkipped: false },
  { state: { ports: [22, 2022] }, facts: { port: 80 }, isSkipped: true },
  { state: { ports: [22, 2022] }, facts: { port: 0 }, isSkipped: false },
  { state: { ports: [22] }, facts: { port: 80 }, isNetwork: false, isSkipped: false },
  { state: { ports: [] }, facts: { port: 80 }, isSkipped: false },
  { state: { direction: "inbound" }, facts: { direction: "inbound" }, isSkipped: false },
  { state: { direction: "inbound" }, facts: { direction: "outbound" }, isSkipped: true },
  { state: { direction: "OutBound" }, facts: { direction: "outbound" }, isSkipped: false },
  { state: { direction: "outbound" }, facts: { direction: "" }, isSkipped: false },
  { state: { direction: "sideways" }, facts: { direction: "outbound" }, isSkipped: false },
  { state: { methods: ["GET", "put"] }, facts: { method: "PUT" }, isSkipped: false },
  { state: { methods: ["GET"] }, facts: { method: "POST" }, isSkipped: true },
  { state: { methods: ["GET"] }, facts: { method: "" }, isSkipped: false },
  { state: { excludeProcesses: [ps] }, facts: { comm: "ps", exepath: "/usr/bin/ps" }, isSkipped: true },
  { state: { excludeProcesses: [ps] }, facts: { comm: "ps", exepath: "/tmp/ps" }, isSkipped: false },
  { state: { excludeProcesses: [ps] }, facts: { comm: "sh", exepath: "/usr/bin/ps" }, isSkipped: false },
  {
    state: { excludeProcesses: [{ name: "ps", path: "/usr//bin/./ps/" }] },
    facts: { comm: "ps", exepath: "/usr/bin/ps" },
    isSkipped: true,
  },
  {
    state: { excludeProcesses: [{ name: "ps", path: "/opt/../usr/bin" }] },
    facts: { comm: "ps", exepath: "/usr/bin/ps" },
    isSkipped: true,
  },
  {
    state: { excludeProcesses: [{ name: "", path: "/usr/bin/ps" }] },
    facts: { comm: "", exepath: "/usr/bin/ps" },
    isSkipped: false,
  },
  {
    state: { excludeProcesses: [{ name: "ps", path: "/" }] },
    facts: { comm: "ps", exepath: "/usr/bin/ps" },
    isSkipped: false,
  },
  {
    state: { excludeProcesses: [{ name: "ps", path: "" }] },
    facts: { comm: "ps", exepath: "/usr/bin/ps" },
    isSkipped: false,
  },
  {
    state: { ignorePrefixes: ["/usr/bin"] },
    facts: { path: "/usr/bin/../../tmp/x", exepath: "/usr/bin/../../tmp/x" },
    isSkipped: false,
  },
  {
    state: { includePrefixes: ["/tmp"] },
    facts: { path: "/usr/bin/../../tmp/x", exepath: "/usr/bin/../../tmp/x" },
    isSkipped: false,
  },
  {
    state: { ignorePrefixes: ["/run/token"] },
    facts: { path: "/run/token/..2026_01_01/token", exepath: "/usr/bin/..app/a" },
    isSkipped: true,
  },
  {
    state: { ignorePrefixes: ["/usr/bin"] },
    facts: { path: "/usr/bin/..app/a", exepath: "/usr/bin/..app/a" },
    isSkipped: true,
  },
  {
    state: { excludeProcesses: [{ name: "ps", path: "/usr/bin" }] },
    facts: { comm: "ps", exepath: "/usr/bin/../../tmp/ps" },
    isSkipped: false,
  },
  {
    state: { excludeParentProcesses: [{ name: "ps", path: "/usr/bin" }] },
    facts: { pcomm: "ps", parentPath: "/usr/bin/../../tmp/ps" },
    isSkipped: false,
  },
  { state: { excludeParentProcesses: [ps] }, facts: { pcomm: "ps", parentPath: "/usr/bin/ps" }, isSkipped: true },
  { state: { excludeParentProcesses: [ps] }, facts: { comm: "ps", exepath: "/usr/bin/ps" }, isSkipped: false },
  { state: { excludeParentProcesses: [ps] }, facts: { pcomm: "ps", parentPath: "/home/ps" }, isSkipped: false },
];

describe("Prefilter", () => {
  it.each(cases)("of $state skips $facts: $isSkipped [cel P-1]", ({ state, facts, isSkipped, isNetwork = true }) => {
    expect(compilePrefilter(state)?.skips({ ...none, ...facts }, isNetwork)).toBe(isSkipped);
  });

  it("agrees with the obvious version on any paths and prefixes [cel P-1]", () => {
    const segment = fc.constantFrom(
      "a",
      "ab",
      "b",
      "tmp",
      "tmpfiles",
      "etc",
      "proc",
      "kubernetes.io",
      "\u0161",
      "\u{1f600}",
    );
    const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join("/")}`);
    const prefix = fc.oneof(
      { weight: 20, arbitrary: fc.tuple(path, fc.constantFrom("", "/", "//", "/.")).map((both) => both.join("")) },
      { weight: 1, arbitrary: fc.constantFrom("", "/") },
    );
    // Absolute, relative, with a slash at the end, and of 64 KiB.
    const opened = fc.tuple(fc.constantFrom("", "x", "/"), path, fc.constantFrom("", "/", "x", "/x".repeat(32_768)));
    const prefixes = fc.array(prefix, { maxLength: 6 });
    const covers = (list: readonly string[], text: string): boolean =>
      list.some((one) => one !== "" && `${text}/`.startsWith(`${one.replace(/[/.]+$/u, "")}/`));
    fc.assert(
      fc.property(prefixes, prefixes, prefixes, opened, (ignored, includePrefixes, deeper, pieces) => {
        // Some of what is ignored lies below what is included.
        const ignorePrefixes = [...ignored, ...deeper.map((one, at) => `${includePrefixes[at] ?? ""}${one}`)];
        const asked = pieces.join("");
        const isIncluding = includePrefixes.some((one) => one !== "");
        const isSkipped = covers(ignorePrefixes, asked) || (isIncluding && !covers(includePrefixes, asked));
        const filter = compilePrefilter({ ignorePrefixes, includePrefixes });
        expect(filter?.skips({ ...none, path: asked }, false)).toBe(isSkipped);
      }),
      { seed: 1, numRuns: 3_000 },
    );
  });
});

describe("compilePrefilter", () => {
  it("has parameters of the binding replace those of the rule, key by key [cel P-2]", () => {
    const state = { ignorePrefixes: ["/tmp"], ports: [22], own: 1 };
    const filter = compilePrefilter(state, { ignorePrefixes: ["/var"] });
    const skips = (facts: Partial<PrefilterFacts>): boolean | undefined => filter?.skips({ ...none, ...facts }, true);
    expect([skips({ path: "/tmp/x" }), skips({ path: "/var/x" }), skips({ port: 80 })]).toEqual([false, true, true]);
  });

  it("makes none of keys that it does not know, and of none [cel P-2]", () => {
    expect(compilePrefilter()).toBeUndefined();
    expect(compilePrefilter({ threshold: 5 }, { note: "x" })).toBeUndefined();
    expect(compilePrefilter({ ports: [22] }, { ports: null })).toBeUndefined();
  });
});

describe("prefilterProblems", () => {
  it.each([
    ["ignorePrefixes", "/tmp"],
    ["includePrefixes", [1]],
    ["ports", [70_000]],
    ["ports", ["22"]],
    ["direction", "sideways"],
    ["methods", "GET"],
    ["excludeProcesses", ["ps"]],
    ["excludeParentProcesses", [{ name: "ps" }]],
  ])("names %s when it is %j [cel P-3]", (key, value) => {
    expect(prefilterProblems({ [key]: value }).map((problem) => problem.key)).toEqual([key]);
  });

  it("has nothing against what is right, and against keys of others [cel P-3]", () => {
    expect(prefilterProblems({ ports: [0, 65_535], direction: "Inbound", excludeProcesses: [ps], own: "x" })).toEqual(
      [],
    );
  });
});
