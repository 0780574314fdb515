import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { HeldBackJournal } from "@kinglet/alert-sinks";
import type { Alert } from "@kinglet/detection";
import { ManualClock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";
import { describe, expect, it } from "vitest";
import { AlertFilter, type AlertFilterOptions } from "./alert-filter.ts";

const process = { pid: 1, uid: 0, binary: "/x", args: "", cwd: "", execId: "", parentBinary: "", parentPid: 0 };
const alertOf = (id: number, namespace = "shop"): Alert => ({
  uniqueId: `u${id}`,
  repetitionId: `r${id}`,
  ruleId: "R0001",
  ruleName: "",
  severity: 1,
  message: "",
  time: "",
  clusterName: "",
  nodeName: "",
  namespace,
  podName: "",
  podUid: "",
  containerName: "",
  containerId: "c",
  image: "",
  workloadKind: "",
  workloadName: "",
  process,
  profile: undefined,
});

function open(
  config: Partial<AlertFilterOptions["config"]> = {},
  journal?: HeldBackJournal,
): {
  readonly clock: ManualClock;
  readonly filter: AlertFilter;
  readonly summaries: string[];
} {
  const clock = new ManualClock();
  const summaries: string[] = [];
  const filter = new AlertFilter({
    config: {
      alertCooldown: 3_600_000,
      alertCooldownAfter: 1,
      alertCooldownOnProfileFailure: true,
      alertBudget: 100,
      ...config,
    },
    maxCooldownKeys: 10_000,
    summarise: ({ message }) => summaries.push(message),
    ...(journal !== undefined && { journal }),
    clock,
    metrics: noopMetrics,
  });
  return { clock, filter, summaries };
}

describe("AlertFilter", () => {
  it("holds repetitions back, not other alerts [profile 5.8]", () => {
    const { filter, clock } = open();
    expect([1, 1, 2, 1].map((id) => filter.admit(alertOf(id)))).toEqual([true, false, true, false]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("makes one summary of a flood in a namespace, spares others, and has no timer afterwards", async () => {
    const { filter, summaries, clock } = open();
    let passed = 0;
    for (let id = 0; id < 48_000; id++) if (filter.admit(alertOf(id))) passed++;
    expect(filter.admit(alertOf(50_000, "quiet"))).toBe(true);
    await clock.advance(60_000);
    expect(passed).toBe(100);
    expect(summaries).toHaveLength(1);
    expect(summaries[0]).toContain("47900 more alerts of namespace shop");
    expect(clock.pendingTimers).toBe(0);
  });

  it("lets the first alert of another rule through a flood, and tells how severe what it held back was", async () => {
    const { filter, summaries, clock } = open({ alertBudget: 5 });
    for (let id = 0; id < 100; id++) filter.admit(alertOf(id));
    const module = { ...alertOf(200), ruleId: "R1002", severity: 10 };
    expect([module, module].map((alert) => filter.admit(alert))).toEqual([true, false]);
    expect(filter.admit({ ...module, uniqueId: "u201", repetitionId: "r201" })).toBe(false);
    await clock.advance(60_000);
    expect(summaries).toEqual([expect.stringMatching(/^96 more .* after 6 in 60 s \(R0001: 95, R1002: 1\)$/)]);
  });

  it("lets an alert pass later that only the budget held back", async () => {
    const { filter, clock } = open({ alertBudget: 1 });
    expect([1, 2].map((id) => filter.admit(alertOf(id)))).toEqual([true, false]);
    await clock.advance(60_000);
    expect([1, 2, 2].map((id) => filter.admit(alertOf(id)))).toEqual([false, true, false]);
  });

  it("tells what is not told yet when it is closed", () => {
    const { filter, clock, summaries } = open({ alertBudget: 1 });
    for (let id = 0; id < 5; id++) filter.admit(alertOf(id));
    filter.close();
    filter.close();
    expect([summaries.length, clock.pendingTimers]).toEqual([1, 0]);
  });

  it("holds nothing back when it is told not to", () => {
    const { filter } = open({ alertCooldown: 0, alertBudget: 0 });
    expect(Array.from({ length: 500 }, () => filter.admit(alertOf(1))).every(Boolean)).toBe(true);
  });

  it("is asked to wait for the number of what it holds back, and tells what a killed process did not", async () => {
    const folder = await mkdtemp(`${tmpdir()}/kinglet-filter-`);
    const options = { path: `${folder}/held-back.journal`, logger: noopLogger, metrics: noopMetrics };
    const first = open({ alertBudget: 1 }, await HeldBackJournal.open(options));
    expect([first.filter.admit(alertOf(1)), first.filter.isPending]).toEqual([true, false]);
    expect([2, 3].map((id) => first.filter.admit(alertOf(id)))).toEqual([false, false]);
    expect(first.filter.isPending).toBe(true);
    expect(await new Promise((resolve) => first.filter.whenKept(7, resolve))).toBe(7);
    expect(first.filter.isPending).toBe(false);
    const second = open({ alertBudget: 1 }, await HeldBackJournal.open(options));
    expect([3, 4].map((id) => second.filter.admit(alertOf(id)))).toEqual([false, false]);
    await second.clock.advance(60_000);
    expect(second.summaries).toEqual([expect.stringContaining("3 more alerts of namespace shop")]);
    expect(second.clock.pendingTimers).toBe(0);
    await second.filter.end();
    await rm(folder, { recursive: true });
  });
});
