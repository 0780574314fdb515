import { execFile, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { renderProto } from "./render-proto.ts";

const run = promisify(execFile);
const program = [`--conditions=@kinglet/source`, join(import.meta.dirname, "main.ts")];

describe("tetragon-emulator", () => {
  it("explains itself and names a wrong option", async () => {
    const { stdout } = await run(process.execPath, [...program, "--help"]);
    expect(stdout).toContain("--address unix:/tmp/tetragon.sock --rate 100");
    await expect(run(process.execPath, [...program, "--rate", "fast"])).rejects.toMatchObject({
      code: 2,
      stderr: "tetragon-emulator: --rate fast: not a number (--help tells more)\n",
    });
    await expect(run(process.execPath, [...program, "--fault", "rain@1"])).rejects.toMatchObject({ code: 2 });
  });

  it("prints one line when it is ready and its counts when it ends", async () => {
    const child = spawn(process.execPath, [...program, "--address", "tcp:127.0.0.1:0", "--rate", "1"]);
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line);
      if (lines.length === 1) child.kill("SIGTERM");
    }
    expect(JSON.parse(lines[0]!)).toMatchObject({
      ready: true,
      address: expect.stringMatching(/^tcp:127\.0\.0\.1:\d+$/) as string,
    });
    expect(JSON.parse(lines[1]!)).toMatchObject({ sent: 0, listeners: 0 });
  });
});

describe("renderProto", () => {
  it("gives the proto file that is committed", () => {
    expect(readFileSync(join(import.meta.dirname, "../gen/tetragon.proto"), "utf8")).toBe(renderProto());
  });
});
