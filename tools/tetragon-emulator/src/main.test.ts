import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { runGrpcSource } from "../test/source-run.ts";
import { renderProto } from "./render-proto.ts";
import { spawnTetragonEmulator } from "./spawn-emulator.ts";

const run = promisify(execFile);

describe("tetragon-emulator", () => {
  it("explains itself", async () => {
    const program = ["--conditions=@kinglet/source", join(import.meta.dirname, "main.ts"), "--help"];
    const { stdout } = await run(process.execPath, program);
    expect(stdout).toContain("--address unix:/tmp/tetragon.sock --rate 100");
  });

  it("names a wrong option", async () => {
    for (const [option, value, complaint] of [
      ["--rate", "fast", "--rate fast: not a number"],
      ["--fault", "rain@1", "--fault rain@1: one of unavailable, "],
    ] as const) {
      await expect(spawnTetragonEmulator([option, value])).rejects.toThrow(complaint);
    }
  });
});

describe("spawnTetragonEmulator", () => {
  it("plays the recording from another process, faults and strange events included, and tells its counts", async () => {
    const plan = ["--rate", "5000", "--loops", "1", "--wait-for-client", "--metrics", "127.0.0.1:0"];
    const faults = ["--strange", "missing-time,unknown-member/1000", "--delayed", "0.01/1/20/0.5", "--seed", "7"];
    await using agent = await spawnTetragonEmulator(["--address", "tcp:127.0.0.1:0", ...plan, ...faults]);
    expect(agent.metricsUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
    await using source = await runGrpcSource({ address: agent.address, ignoresHealthChecks: false });
    await source.until("some unknown ones", () => source.source.health().unknownEvents >= 2);
    expect(source.source.health()).toMatchObject({ decodeErrors: 0, connected: true });
    const counts = await agent.stop();
    expect(counts.sent).toBeGreaterThan(2000);
    expect(counts).toMatchObject({ dropped: 0, unheard: 0, streams: 1 });
  });
});

describe("renderProto", () => {
  it("gives the proto file that is committed", () => {
    expect(readFileSync(join(import.meta.dirname, "../gen/tetragon.proto"), "utf8")).toBe(renderProto());
  });
});
