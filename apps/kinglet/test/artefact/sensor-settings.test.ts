import { mkdir, writeFile } from "node:fs/promises";
import { waitFor } from "@kinglet/testing";
import { describe, expect, it } from "vitest";
import { sensorBench } from "./sensor-bench.ts";

const bench = sensorBench();

describe("sensor settings", () => {
  it("reports all wrong settings at once, each with its origin and what is permitted, and ends with 2", async () => {
    const ended = await bench.ends(
      [
        "--scope",
        "galaxy",
        "--profile-refresh",
        "10ms",
        "--tetragn-file",
        "x",
        "--output=xml",
        "--ignore-namespaces",
        "a".repeat(64),
      ],
      { KINGLET_LOG_LEVEL: "loud" },
    );
    expect([ended.code, ended.stdout]).toEqual([2, ""]);
    const lines = ended.stderr.trimEnd().split("\n");
    expect(lines.at(-1)).toContain("--help");
    const problems = lines.slice(0, -1);
    expect(problems.every((line) => line.startsWith("sensor: KINGLET_ERR_SETTINGS_INVALID: "))).toBe(true);
    const about = (text: string): string =>
      problems.find((line) => line.includes(text)) ?? `nothing about ${text} in:\n${ended.stderr}`;
    expect(about("galaxy")).toMatch(/scope.*node.*cluster/);
    expect(about("profileRefresh")).toMatch(/1000|1s/);
    expect(about("profileRefresh")).toMatch(/86400000|24h/);
    expect(about("tetragn-file")).toContain("tetragon-file");
    expect(about("xml")).toMatch(/auto.*json.*text/);
    expect(about("ignoreNamespaces")).toContain("63");
    expect(about("loud")).toMatch(/KINGLET_LOG_LEVEL/);
    expect(problems).toHaveLength(6);
  });

  it("refuses a memory limit that is none, from a flag and from the environment", async () => {
    const isRefused = /^sensor: memlimit: .*KINGLET_ERR_MEMORY_LIMIT_INVALID.*banana/m;
    const asFlag = await bench.ends(["--node-name", "n1", "--memlimit", "banana"]);
    expect([asFlag.code, asFlag.stderr]).toEqual([2, expect.stringMatching(isRefused)]);
    const fromEnv = await bench.ends(["--node-name", "n1"], { KINGLET_MEMLIMIT: "banana" });
    expect([fromEnv.code, fromEnv.stderr]).toEqual([2, expect.stringMatching(isRefused)]);
  });

  it("refuses a memory limit in which nothing runs, and says how much is needed", async () => {
    const ended = await bench.ends(["--node-name", "n1", "--memlimit", "1Ki"]);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/^sensor: memlimit: .*KINGLET_ERR_MEMORY_LIMIT_TOO_LOW.*1Ki is below 32Mi/m);
  });

  it("ends with 3 when a file of TLS towards the agent is missing, and names it and its flag", async () => {
    const ended = await bench.ends(
      bench.working(
        ...["--event-sources", "tetragon-grpc", "--tetragon-address", "tcp:127.0.0.1:1"],
        ...["--tetragon-ca-file", "/nonexistent/ca.pem"],
      ),
    );
    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain("KINGLET_ERR_RUNTIME_EVENTS_TLS_FILE");
    expect(ended.stderr).toMatch(/--tetragon-ca-file, \/nonexistent\/ca\.pem, cannot be read: ENOENT/);
  });

  it("wants a node name with the scope of a node, and a folder with the store of one", async () => {
    const ended = await bench.ends(["--profile-store", "directory"]);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/^sensor: nodeName: .*--node-name.*NODE_NAME/m);
    expect(ended.stderr).toMatch(/^sensor: profileDir: .*--profile-dir/m);
  });

  it("takes flags before the environment, the environment before the file, the file before defaults, and says so", async () => {
    const file = bench.folder.file("kinglet.yaml");
    await writeFile(
      file,
      "clusterName: from-file\nlogLevel: debug\nscope: cluster\nignoreNamespaces:\n  - one\n  - two\n",
    );
    const args = ["--config", file, "--log-level", "warn"];
    const env = { KINGLET_SCOPE: "node", NODE_NAME: "node-b", KINGLET_LOG_LEVEL: "error" };
    const text = await bench.ends([...args, "--print-config"], env);
    expect(text, text.stderr).toMatchObject({ code: 0, stderr: "" });
    expect(text.stdout).toMatch(/clusterName.*from-file.*kinglet\.yaml/);
    expect(text.stdout).toMatch(/logLevel.*warn.*--log-level/);
    expect(text.stdout).toMatch(/scope.*node.*KINGLET_SCOPE/);
    expect(text.stdout).toMatch(/nodeName.*node-b.*NODE_NAME/);
    expect(text.stdout).toMatch(/startAt.*end.*default/);
    const json = await bench.ends([...args, "--print-config", "--output", "json"], env);
    const shown = JSON.stringify(JSON.parse(json.stdout));
    for (const value of ["from-file", "node-b", "KINGLET_SCOPE", "two"]) expect(shown).toContain(value);
    // What was printed as text is a file again.
    const saved = bench.folder.file("saved.yaml");
    await writeFile(saved, text.stdout);
    const again = await bench.ends(["--config", saved, "--print-config", "--output", "json"]);
    const values = (printed: string): unknown =>
      JSON.parse(printed, (key, value: unknown) => (key === "origin" || key === "source" ? undefined : value));
    expect(values(again.stdout)).toEqual(values(json.stdout));
  });

  it("warns of a variable that nobody reads, and goes on", async () => {
    await using sensor = await bench.start({ env: { KINGLET_NODENAME: "typo" } });
    await sensor.ready();
    expect(sensor.stderr()).toMatch(/"level":"warn".*KINGLET_NODENAME/);
  });

  it("is not ready while the folder of the event file is missing, and does not wait for the file itself", async () => {
    await using sensor = await bench.start({ tetragonFile: bench.folder.file("not-mounted/tetragon.log") });
    await waitFor(async () => (await sensor.http("/readyz")).text.includes("not-mounted of the event file"), {
      describe: () => `a reason: ${sensor.stderr()}`,
    });
    expect((await sensor.http("/readyz")).status).toBe(503);
    await mkdir(bench.folder.file("not-mounted"));
    await sensor.ready();
    expect(await sensor.metric("kinglet_runtime_events_connected")).toBe(0);
  });
});
