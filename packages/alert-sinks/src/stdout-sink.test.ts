import { readFileSync, writeFileSync } from "node:fs";

import type { Alert } from "@kinglet/detection";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { createStdoutSink } from "./stdout-sink.ts";

const ordinary: Alert = {
  uniqueId: "0123456789abcdef0123456789abcdef",
  ruleId: "R0001",
  ruleName: "Unexpected process launched",
  severity: 1,
  message: "/usr/bin/wget ran in container web, and the profile does not list it",
  time: "2026-03-04T05:06:07.123456789Z",
  clusterName: "demo",
  nodeName: "node-1",
  namespace: "shop",
  podName: "web-77b4fdf86c-x2x7z",
  podUid: "3f1f2a54-0b8f-4b51-9b56-0d8f4ac7a0e1",
  containerName: "web",
  containerId: "ab".repeat(32),
  image: "registry.example/web:1.2",
  workloadKind: "ReplicaSet",
  workloadName: "web-77b4fdf86c",
  process: {
    pid: 4711,
    uid: 65532,
    binary: "/usr/bin/wget",
    args: "-q http://203.0.113.9/x",
    cwd: "/",
    execId: "bm9kZS0xOjEyMzQ1Njc4OTo0NzEx",
    parentBinary: "/bin/sh",
    parentPid: 4700,
  },
  profile: {
    name: "replicaset-web-77b4fdf86c-web-ab12-cd34",
    status: "completed",
    completion: "partial",
    failOnProfile: true,
  },
};

/** Everything that an alert may say. */
const complete: Alert = {
  ...ordinary,
  repetitionId: "fedcba9876543210fedcba9876543210",
  ruleDescription: "A container ran a program that its profile does not list.",
  mitreTactic: "TA0002",
  mitreTechnique: "T1059",
  isTriggerAlert: true,
  eventKind: "exec",
  arguments: { exec: "/usr/bin/wget", args: "-q http://203.0.113.9/x" },
  podLabels: { app: "web" },
  imageDigest: "registry.example/web@sha256:deadbeef",
  processTree: [{ pid: 4700, binary: "/bin/sh", args: "-c wget" }],
  profileMetadata: {
    name: "replicaset-web-77b4fdf86c-web-ab12-cd34",
    status: "completed",
    completion: "partial",
    failOnProfile: true,
    type: 0,
    profileDependency: 0,
    errorMessage: "",
  },
  allowedBy: { path: "spec.execs", entry: { path: "/usr/bin/wget", args: ["wget", "-q", "http://203.0.113.9/x"] } },
};

/** What a container may put into a path or an argument. */
const hostileText =
  "/tmp/\u001b[2J\u009b31m\r\nR0001 fake\u2028line\u2029\u202egnp.exe\u0007\u0000\ud800 \\u001b \u200b\ufeff";

const hostile: Alert = {
  ...ordinary,
  message: `${hostileText} ran`,
  process: { ...ordinary.process, binary: hostileText, args: hostileText, uid: -1, parentBinary: "" },
  profile: undefined,
  time: "",
};

// The two line ends of the formats themselves are checked apart.
const actsOnTerminal = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\u200b-\u200f\ufeff]/;

async function print(alert: Alert, format: "json" | "console", color = false): Promise<string> {
  let printed = "";
  const sink = createStdoutSink({
    write: async (line) => {
      printed += line;
    },
    format,
    color,
  });
  await sink.publish(alert, { signal: new AbortController().signal });
  expect(printed.endsWith("\n")).toBe(true);
  return printed.slice(0, -1);
}

function expectGolden(name: string, text: string): void {
  const file = new URL(`../golden/${name}`, import.meta.url);
  if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(file, `${text}\n`);
  expect(`${text}\n`).toBe(readFileSync(file, "utf8"));
}

describe("createStdoutSink", () => {
  it("prints JSON with keys in a stable order, whatever order the alert has them in", async () => {
    const reversed = Object.fromEntries(Object.entries(ordinary).toReversed()) as unknown as Alert;
    expectGolden(
      "alert.jsonl",
      [await print(ordinary, "json"), await print(hostile, "json"), await print(complete, "json")].join("\n"),
    );
    expect(JSON.parse(await print(complete, "json"))).toEqual(complete);
    expect(await print(reversed, "json")).toBe(await print(ordinary, "json"));
  });

  it("prints one readable line", async () => {
    expectGolden("alert.txt", [await print(ordinary, "console"), await print(hostile, "console")].join("\n"));
  });

  it("colours only when told", async () => {
    expect(await print(ordinary, "console", true)).toContain("\u001b[36mR0001 severity 1\u001b[0m");
    expect(await print(ordinary, "console")).not.toContain("\u001b");
    expect(await print(ordinary, "json", true)).not.toContain("\u001b");
  });

  it("lets nothing reach a terminal that acts on it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", maxLength: 60 }), async (text) => {
        const alert: Alert = {
          ...ordinary,
          message: text,
          podName: text,
          process: { ...ordinary.process, binary: text, args: text, parentBinary: text },
        };
        expect(await print(alert, "json")).not.toMatch(actsOnTerminal);
        expect(await print(alert, "console")).not.toMatch(actsOnTerminal);
      }),
      { seed: 1, numRuns: 500 },
    );
    for (const format of ["json", "console"] as const) expect(await print(hostile, format)).not.toMatch(actsOnTerminal);
  });

  it("writes JSON that reads back as the same values", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", maxLength: 60 }), async (text) => {
        const alert: Alert = { ...ordinary, message: text, process: { ...ordinary.process, args: text } };
        expect(JSON.parse(await print(alert, "json"))).toEqual(alert);
      }),
      { seed: 1, numRuns: 500 },
    );
    expect(JSON.parse(await print(hostile, "json"))).toEqual({ ...hostile, profile: null });
  });

  it("keeps an escaped text apart from a text that only looks escaped", async () => {
    const line = (binary: string) => print({ ...ordinary, process: { ...ordinary.process, binary } }, "console");
    expect(await line("\u001b")).not.toBe(await line("\\u001b"));
  });

  it("cuts long values on the readable line only", async () => {
    const long = { ...ordinary, process: { ...ordinary.process, args: "a".repeat(5_000) } };
    expect((await print(long, "console")).length).toBeLessThan(1_000);
    expect((await print(long, "json")).length).toBeGreaterThan(5_000);
  });

  it("passes on the failure of the writer and the reason of the signal", async () => {
    const sink = createStdoutSink({ write: () => Promise.reject(new Error("EPIPE")), format: "json", color: false });
    await expect(sink.publish(ordinary, { signal: new AbortController().signal })).rejects.toThrow("EPIPE");
    await expect(sink.publish(ordinary, { signal: AbortSignal.abort(new Error("late")) })).rejects.toThrow("late");
  });
});
