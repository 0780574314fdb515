import { describe, expect, it } from "vitest";
import { exec } from "../test/learner-bench.ts";
import { DeltaLog } from "./profile-delta.ts";
import { RecordedExecs } from "./recorded-execs.ts";

describe("RecordedExecs", () => {
  it("holds one entry of a program that was run with ever new arguments, and gives back what the others took [learning bounds]", () => {
    const execs = new RecordedExecs(50, new DeltaLog(false));
    let bytes = 0;
    let most = 0;
    for (let at = 0; at < 500; at += 1) {
      const event = exec("/bin/sh", "-c", `job-${String(at)}`);
      if (!execs.has(event)) bytes += execs.add(event);
      most = Math.max(most, bytes);
    }
    expect(execs.list()).toEqual([{ path: "/bin/sh", args: [], envs: [], argsRequired: false }]);
    expect(most).toBeGreaterThan(5_000);
    expect(bytes).toBe("/bin/sh".length + 200);
  });
});
