import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openSimCluster, waitFor, type SimClusterFixture } from "@kinglet/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { LearningBench } from "./learning-bench.ts";
import { SensorProcess } from "./sensor-process.ts";
import { nodeName } from "./shop.ts";

const rule = (expression: string): string => `apiVersion: kubescape.io/v1
kind: Rules
metadata: { name: own }
spec:
  rules:
    - id: OWN1
      name: own
      enabled: true
      severity: 5
      profileDependency: 2
      expressions:
        message: "'own'"
        uniqueId: event.comm
        ruleExpression: [{ eventType: exec, expression: "${expression}" }]
`;

describe("sensor --rules-dir", () => {
  let fixture: SimClusterFixture;
  let bench: LearningBench;
  let folder: string;
  let tests = 0;

  beforeAll(async () => {
    fixture = await openSimCluster();
  });
  afterAll(() => fixture?.[Symbol.asyncDispose]());
  beforeEach(async () => {
    tests += 1;
    bench = await LearningBench.open(fixture, `files-${String(tests)}`);
    folder = bench.folder.file("rules");
  });
  afterEach(() => bench[Symbol.asyncDispose]());

  const start = (): Promise<SensorProcess> =>
    SensorProcess.start({
      folder: bench.folder.path,
      kubeconfig: fixture.kubeconfigPath,
      tetragonFile: bench.events.path,
      args: ["--node-name", nodeName, "--rules-dir", folder],
    });
  const write = async (name: string, text: string): Promise<void> => {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, name), text);
  };

  it.each([
    ["that is not there", async () => {}, "ENOENT"],
    ["that is a file", () => writeFile(folder, "x"), "ENOTDIR"],
  ])("ends with 3 and the reason for a folder %s", async (_what, prepare, reason) => {
    await prepare();
    await using sensor = await start();
    expect(await sensor.ended).toBe(3);
    expect(sensor.stderr()).toContain("KINGLET_ERR_KINGLET_RULES_DIR");
    expect(sensor.stderr()).toContain(reason);
  });

  it("runs the others and names a file that is no YAML: a typo must not end the sensors of all nodes", async () => {
    await write("bad.yaml", "kind: [Rules");
    await write("rules.yaml", rule("event.comm == 'x'"));
    await using sensor = await start();
    await sensor.ready();
    let text = "";
    await waitFor(
      async () => {
        ({ text } = await sensor.debug("/debug/rules"));
        return text.includes('"OWN1"') && text.includes("bad.yaml");
      },
      { describe: () => `the rule to run and the file to be named: ${text}` },
    );
    expect(sensor.stderr()).toContain("bad.yaml");
    expect(await sensor.stop()).toBe(0);
  });

  it("says at the start what is wrong with a rule, before anything happened", async () => {
    await write("rules.yaml", rule("event.nosuch == 'x' &&"));
    await using sensor = await start();
    await sensor.ready();
    await waitFor(async () => sensor.stderr().includes("OWN1"), { describe: "the rule to be named" });
    expect(await sensor.stop()).toBe(0);
  });

  it("says nothing of rules that are right", async () => {
    await write("rules.yaml", rule("event.comm == 'x'"));
    await using sensor = await start();
    await sensor.ready();
    let text = "";
    const isRunning = (): boolean =>
      (JSON.parse(text) as { readonly rules: readonly { readonly ruleId: string }[] }).rules.some(
        ({ ruleId }) => ruleId === "OWN1",
      );
    await waitFor(
      async () => {
        ({ text } = await sensor.debug("/debug/rules"));
        return isRunning();
      },
      { describe: () => `the rule to run: ${text}` },
    );
    expect(sensor.stderr()).not.toContain('"level":"error"');
    expect(await sensor.stop()).toBe(0);
  });
});
