import { execFileSync } from "node:child_process";
import { open } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { sensorBench } from "./sensor-bench.ts";

const bench = sensorBench();

describe("sensor with a pipe in the place of a file", () => {
  it.each([
    ["--kubeconfig", "KINGLET_ERR_KUBE_CLIENT_CONFIG", (pipe: string) => ["--kubeconfig", pipe]],
    ["--debug-token-file", "KINGLET_ERR_ENDPOINTS_TOKEN_FILE", (pipe: string) => ["--debug-token-file", pipe]],
    [
      "--webhook-token-file",
      "KINGLET_ERR_ENDPOINTS_TOKEN_FILE",
      (pipe: string) => ["--scope", "cluster", "--falco-bind", "127.0.0.1:0", "--webhook-token-file", pipe],
    ],
    [
      "--export-headers",
      "KINGLET_ERR_ALERT_SINKS_UNUSABLE_FILE",
      (pipe: string) => [
        "--export-http",
        "http://127.0.0.1:1",
        "--export-headers",
        `authorization=Bearer <file:${pipe}>`,
      ],
    ],
    ["--export-csv", "KINGLET_ERR_ALERT_SINKS_UNUSABLE_FILE", (pipe: string) => ["--export-csv", pipe]],
  ])("ends with 3 and the reason for %s", async (_setting, code, args) => {
    const pipe = bench.folder.file("pipe");
    execFileSync("mkfifo", [pipe]);
    const ended = await bench.ends(bench.working(...args(pipe)));
    expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code: 3, stdout: "" });
    expect(ended.stderr).toContain(code);
  });

  it("ends with 0 at the stop signal while nobody writes to that of --config", async () => {
    const pipe = bench.folder.file("pipe");
    execFileSync("mkfifo", [pipe]);
    const sensor = await bench.start({ args: ["--config", pipe] });
    // Only who reads it makes this come back.
    const writer = await open(pipe, "w");
    expect(await sensor.stop()).toBe(0);
    await writer.close();
  });
});
