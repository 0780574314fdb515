import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { httpGet, openSimCluster, waitFor, type SimClusterFixture } from "@kinglet/testing";
import { parse } from "yaml";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bundlePath, executablePath } from "../artefact/built-program.ts";
import { LearningBench } from "./learning-bench.ts";
import type { SensorProcess } from "./sensor-process.ts";
import { executes } from "./shop.ts";

let fixture: SimClusterFixture;
let bench: LearningBench;

beforeEach(async () => {
  fixture = await openSimCluster();
  bench = await LearningBench.open(fixture, "shop");
});
afterEach(async () => {
  await bench[Symbol.asyncDispose]();
  await fixture[Symbol.asyncDispose]();
});

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `kinglet sensor ...` to its end. */
function command(...args: readonly string[]): Promise<Outcome> {
  const [program = "", ...first] = existsSync(executablePath) ? [executablePath] : [process.execPath, bundlePath];
  return new Promise((resolve) => {
    execFile(program, [...first, "sensor", ...args], { env: { PATH: "/usr/bin:/bin" } }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
    });
  });
}

async function alertedOn(sensor: SensorProcess, binary: string, args = ""): Promise<boolean> {
  const [cart] = workloads;
  const { line, execId } = executes(cart!, binary, args);
  const before = await sensor.metric('kinglet_sensor_executions_total{outcome="judged"}');
  await bench.events.write(line);
  await bench.settled(sensor, before + 1);
  return sensor.alerts().some(({ ruleId, process }) => ruleId === "R0001" && process.execId === execId);
}

let workloads: Awaited<ReturnType<LearningBench["addPod"]>>;

/** A container with a learned profile. */
async function learn(sensor: SensorProcess): Promise<void> {
  workloads = await bench.addPod("cart", ["app"]);
  await bench.execute(workloads[0]!, "/app", "/bin/sh");
  await bench.learned(workloads[0]!);
  await bench.active(sensor, workloads[0]!);
}

describe("sensor allow", () => {
  it.each(["yaml", "json"])(
    "prints the profile as %s that silences exactly that alert when it is applied",
    async (output) => {
      await using sensor = await bench.start();
      await learn(sensor);
      expect(await alertedOn(sensor, "/usr/bin/curl")).toBe(true);
      expect(await alertedOn(sensor, "/usr/bin/nc")).toBe(true);
      const alert = sensor.alerts().find(({ process }) => process.binary === "/usr/bin/curl");
      expect(alert?.allowedBy).toEqual({
        path: "spec.execs",
        entry: { path: "/usr/bin/curl", args: ["/usr/bin/curl"] },
      });
      const file = bench.folder.file("alert.json");
      await writeFile(file, JSON.stringify(alert));
      const printed = await command("allow", file, "--kubeconfig", fixture.kubeconfigPath, "--output", output);
      expect(printed).toMatchObject({ code: 0, stderr: "" });
      // As `kubectl apply` does with an object that it has not made: a merge patch with the document, checked field by field.
      await bench.call("PATCH", `${bench.pathOf(workloads[0]!)}?fieldValidation=Strict`, parse(printed.stdout));
      await waitFor(async () => !(await alertedOn(sensor, "/usr/bin/curl")), {
        describe: "curl to be allowed",
        timeoutMs: 15_000,
      });
      expect(await alertedOn(sensor, "/usr/bin/nc")).toBe(true);
      expect(await alertedOn(sensor, "/bin/sh")).toBe(false);
    },
  );

  it("prints an authored profile for pods with the label, complete without the learned one", async () => {
    await using sensor = await bench.start();
    await learn(sensor);
    expect(await alertedOn(sensor, "/usr/bin/curl")).toBe(true);
    const file = bench.folder.file("alert.json");
    await writeFile(file, JSON.stringify(sensor.alerts()[0]));
    const { code, stdout, stderr } = await command(
      "allow",
      file,
      "--kubeconfig",
      fixture.kubeconfigPath,
      "--as",
      "by-hand",
      "--output",
      "json",
    );
    expect(code).toBe(0);
    expect(stderr).toContain("kubescape.io/user-defined-profile: by-hand");
    const { metadata, spec } = JSON.parse(stdout) as {
      readonly metadata: object;
      readonly spec: { readonly execs: { readonly path: string }[] };
    };
    const annotations = { "kinglet.dev/observed-surfaces": expect.stringContaining("execs") as string };
    expect(metadata).toEqual({ name: "by-hand-app", namespace: "shop", annotations });
    expect(spec.execs.map(({ path }) => path).toSorted()).toEqual(["/app", "/bin/sh", "/usr/bin/curl"]);
  });

  it("says that wildcards stand for arguments that were too long for an alert", async () => {
    const file = bench.folder.file("alert.json");
    const profile = bench.folder.file("profile.json");
    const entry = { path: "/bin/sh", args: ["/bin/sh", "-c", "\u22ef"] };
    const allowedBy = { path: "spec.execs", entry, isShortened: true };
    await writeFile(
      file,
      JSON.stringify({ uniqueId: "1", namespace: "shop", containerName: "app", profile: { name: "p" }, allowedBy }),
    );
    await writeFile(profile, JSON.stringify({ metadata: { name: "p" }, spec: { execs: [] } }));
    const { code, stdout, stderr } = await command("allow", file, "--profile", profile, "--output", "json");
    expect([code, (JSON.parse(stdout) as { readonly spec: unknown }).spec]).toEqual([0, { execs: [entry] }]);
    expect(stderr).toContain("executions that differ only there");
  });

  it("says why it cannot", async () => {
    const file = bench.folder.file("alert.json");
    await writeFile(file, "no alert");
    expect(await command("allow", file)).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("is no alert of the sensor") as string,
    });
    await writeFile(file, JSON.stringify({ uniqueId: "1", namespace: "shop", ruleId: "R1000", profile: null }));
    expect(await command("allow", file)).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("rule R1000 does not ask the profile") as string,
    });
    for (const [ruleId, why] of [
      ["KINGLET-BUDGET", "were held back"],
      ["KINGLET-GAP", "were lost"],
    ] as const) {
      await writeFile(file, JSON.stringify({ uniqueId: "1", namespace: "shop", ruleId, containerId: "" }));
      const { code, stderr } = await command("allow", file);
      expect([code, stderr.includes(why), stderr.includes("rule")]).toEqual([3, true, false]);
    }
    const allowedBy = { path: "spec.opens", entry: { path: "/*", flags: ["O_RDONLY"] } };
    for (const more of [{ allowedBy }, {}]) {
      const alert = { uniqueId: "1", namespace: "shop", ruleId: "R0010", profileMetadata: { name: "p" }, ...more };
      await writeFile(file, JSON.stringify({ ...alert, profile: { name: "p" } }));
      expect(await command("allow", file)).toMatchObject({
        code: 3,
        stdout: "",
        stderr: expect.stringContaining("this and nothing else") as string,
      });
    }
    for (const none of ["x", { path: "nope", entry: 5 }, { path: "spec.execs" }]) {
      await writeFile(
        file,
        JSON.stringify({ uniqueId: "1", namespace: "shop", profile: { name: "p" }, allowedBy: none }),
      );
      expect(await command("allow", file)).toMatchObject({
        code: 3,
        stderr: expect.stringContaining("is no alert of the sensor") as string,
      });
    }
    expect(await command("allow", "/nowhere")).toMatchObject({ code: 3 });
    expect(await command("allow")).toMatchObject({ code: 2 });
  });
});

describe("sensor explain", () => {
  it("says which profile holds and why, what is learned, which rules hold and what happened last", async () => {
    await using sensor = await bench.start();
    await learn(sensor);
    await alertedOn(sensor, "/usr/bin/curl", "--password hunter2");
    const target = `shop/${workloads[0]!.podName}`;
    const text = await command("explain", target, "--debug-bind", sensor.debugBind);
    expect(text).toMatchObject({ code: 0, stderr: "" });
    expect(text.stdout).toContain(`${target}/app  active`);
    expect(text.stdout).toMatch(/profile {4}replicaset-cart-\S+ \(learned, completed\)/);
    expect(text.stdout).toMatch(/learning {3}completed/);
    expect(text.stdout).toMatch(/rules {6}\d+: .*R0001/);
    expect(text.stdout).toMatch(/no event so far for .*R0005/);
    expect(text.stdout).toMatch(/exec {2}\/usr\/bin\/curl$/m);
    expect(text.stdout).toContain("source tetragon-file: connected");
    expect(text.stdout).not.toContain("hunter2");
    const json = await command("explain", `${target}/app`, "--debug-bind", sensor.debugBind, "--output", "json");
    const { containers, source } = JSON.parse(json.stdout) as {
      readonly containers: readonly Record<string, unknown>[];
      readonly source: Record<string, unknown>;
    };
    expect(containers).toHaveLength(1);
    expect(containers[0]).toMatchObject({ state: "active", learning: { state: "completed" }, bindings: [] });
    expect(source).toMatchObject({ name: "tetragon-file", blindIntervals: [] });
    const rules = containers[0]?.["rules"] as readonly Record<string, unknown>[];
    const coverageOf = (wanted: string): unknown => rules.find(({ id }) => id === wanted)?.["coverage"];
    expect([coverageOf("R0001"), coverageOf("R0005")]).toEqual(["fed", "unseen"]);
    const { text: answer } = await httpGet(`http://${sensor.debugBind}/debug/rules`);
    const { coverage, notes } = JSON.parse(answer) as { readonly coverage: readonly object[]; readonly notes: unknown };
    expect(coverage).toContainEqual({
      ruleId: "R0001",
      ruleName: "Unexpected process launched",
      state: "fed",
      fedBy: ["tetragon-file"],
      reason: "",
    });
    expect(notes).toEqual([]);
  });

  it("names conditions that nothing feeds and what rules leave out of their declaration; the rules run [rules N-1] [rules N-2]", async () => {
    const rule = {
      enabled: true,
      id: "T1",
      name: "shell with a request",
      expressions: {
        message: "event.exepath + ' ran'",
        uniqueId: "event.exepath",
        ruleExpression: [
          {
            eventType: "exec",
            expression: "event.exepath == '/bin/sh' && cp.was_path_opened(event.containerId, event.path)",
          },
          { eventType: "exec", expression: "true" },
          { eventType: "http", expression: "http.request.method == 'POST'" },
        ],
      },
      profileDependency: 0,
      profileDataRequired: { opens: [{ prefix: "/etc/" }] },
      severity: 3,
    };
    const fed = {
      ...rule,
      id: "T2",
      expressions: {
        ...rule.expressions,
        ruleExpression: [rule.expressions.ruleExpression[1], rule.expressions.ruleExpression[2]],
      },
    };
    const folder = bench.folder.file("rules");
    await mkdir(folder);
    const asks = {
      ...fed,
      id: "T3",
      expressions: {
        ...rule.expressions,
        ruleExpression: [{ eventType: "open", expression: "!cp.was_path_opened(event.containerId, event.path)" }],
      },
    };
    await writeFile(`${folder}/rules.json`, JSON.stringify({ kind: "Rules", spec: { rules: [rule, fed, asks] } }));
    await using sensor = await bench.start({ args: ["--rules-dir", folder] });
    await learn(sensor);
    await alertedOn(sensor, "/bin/sh");
    const target = `shop/${workloads[0]!.podName}`;
    const { stdout } = await command("explain", target, "--debug-bind", sensor.debugBind);
    expect(stdout).toContain(
      "rule T2 runs without expressions.ruleExpression[1].expression: 1:1 no source feeds events of type http\n",
    );
    expect(stdout).toContain(
      "rule T2 sees a part: for the rest it needs a source that reads requests, which none here does\n",
    );
    expect(stdout).toContain(
      "rule T3 asks for more than it declares: profileDataRequired.opens: leaves out what cp.was_path_opened() asks for (all)",
    );
    expect(stdout).toMatch(/rule T1 is invalid and does not run: .*field event.path is not available/);
    expect(sensor.alerts().some(({ ruleId, process }) => ruleId === "T2" && process.binary === "/bin/sh")).toBe(true);
    expect(await sensor.metric("kinglet_detection_partial_rules")).toBe(1);
    expect(await sensor.metric("kinglet_detection_undeclared_rules")).toBe(1);
    expect(await sensor.metric("kinglet_detection_invalid_rules")).toBe(1);
  });

  it("says why there is nothing to say", async () => {
    await using sensor = await bench.start();
    const ask = (target: string): Promise<Outcome> => command("explain", target, "--debug-bind", sensor.debugBind);
    expect(await ask("shop/nobody")).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("there is no pod shop/nobody") as string,
    });
    expect(await ask("kube-system/dns")).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("is not watched") as string,
    });
    expect(await ask("shop")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("is not NAMESPACE/POD") as string,
    });
    expect(await command("explain", "shop/x", "--debug-bind", "127.0.0.1:1")).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("does not answer") as string,
    });
  });
});
