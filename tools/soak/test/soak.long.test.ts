import { realClusterAvailability } from "@kinglet-tools/real-cluster";
import { describe, expect, it } from "vitest";
import { runSoak } from "../src/run-soak.ts";

const real = realClusterAvailability(process.env);
const isSkipped = real.source !== "binaries" && !real.isRequired;
const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** Rows of the catalogue. */
const FAULTS = 66;

describe("soak", () => {
  it("holds every invariant after each fault of the catalogue", async () => {
    const plan = { seed: 2, minutes: 60, isReal: false, speed: 40, objects: 300, isOneRound: true };
    const report = await runSoak(plan, say);
    expect(report.violations).toEqual([]);
    // Exact: what is left out is left out for a reason.
    expect(report.leftOut.map(({ name }) => name)).toEqual(["half-open server process"]);
    expect(new Set(report.faults.map(({ name }) => name)).size).toBe(FAULTS - report.leftOut.length);
  });

  it("holds every invariant for three minutes of faults at the simulator", async () => {
    const report = await runSoak({ seed: 4, minutes: 3, isReal: false, speed: 20, objects: 20_000 }, say);
    expect(report.violations).toEqual([]);
    expect(report.faults.length).toBeGreaterThan(10);
  });
});

describe.skipIf(isSkipped)(
  `soak on the real API server [requires real-cluster]${isSkipped ? ` [skipped: ${real.skipReason.replace(/^\(|\)$/g, "")}]` : ""}`,
  () => {
    it("holds every invariant for three minutes of faults", async () => {
      const report = await runSoak({ seed: 4, minutes: 3, isReal: true, speed: 20, objects: 3000 }, say);
      expect(report.violations).toEqual([]);
      expect(report.leftOut.map(({ name }) => name)).toEqual(["versions beyond 2^53"]);
      expect(report.faults.length).toBeGreaterThan(10);
    });
  },
);
