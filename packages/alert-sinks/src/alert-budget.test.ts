import type { Alert } from "@kinglet/detection";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { AlertBudget } from "./alert-budget.ts";
import { AlertCooldown } from "./alert-cooldown.ts";
import { createAlert } from "../test/create-alert.ts";

describe("AlertBudget", () => {
  it("makes one summary instead of 48,000 alerts and spares other namespaces [sinks B-1]", () => {
    const budget = new AlertBudget({ maxPerWindow: 100 });
    let passed = 0;
    for (let id = 0; id < 48_000; id++)
      if (budget.admit(createAlert(id, { ruleId: `R${id % 3}` }), id / 1000)) passed++;
    expect(passed).toBe(100);
    expect(budget.admit(createAlert(1, { namespace: "quiet" }), 50)).toBe(true);
    expect(budget.nextSummaryMs()).toBe(60_000);
    expect(budget.takeSummaries(59_999, 0)).toEqual([]);
    const summaries = budget.takeSummaries(60_000, 0);
    expect(summaries).toHaveLength(1);
    expect(summaries[0]).toMatchObject({ namespace: "shop", ruleId: "KINGLET-BUDGET", clusterName: "dev" });
    expect(summaries[0]?.message).toContain("47900 more alerts of namespace shop were held back after 100 in 60 s");
    expect(budget.nextSummaryMs()).toBeUndefined();
    expect(budget.admit(createAlert(1), 60_001)).toBe(true);
  });

  it("does not let a flood of one rule hide the first alert of another, in each window anew [sinks B-3]", () => {
    const budget = new AlertBudget();
    const flood = (from: number, nowMs: number): number =>
      Array.from({ length: 200 }, (_, at) => createAlert(from + at, { severity: 1 })).filter((alert) =>
        budget.admit(alert, nowMs),
      ).length;
    const module = { ruleId: "R1002", severity: 10 };
    const memory = { ruleId: "R1000", severity: 8 };
    const rest = (nowMs: number): boolean[] =>
      [module, memory, module, memory].map((change, id) => budget.admit(createAlert(`${nowMs}${id}`, change), nowMs));
    expect(flood(1, 0)).toBe(100);
    expect(rest(1)).toEqual([true, true, false, false]);
    const [summary] = budget.takeSummaries(60_000, 0);
    expect(summary).toMatchObject({ severity: 10, message: expect.stringMatching(/^102 more .* after 102 in 60 s/) });
    // Its first alert of this window comes within the budget, its first beyond it in the next one.
    expect(budget.admit(createAlert(500, module), 60_000)).toBe(true);
    expect(flood(600, 60_001)).toBe(99);
    expect(rest(60_002)).toEqual([false, true, false, false]);
    expect(flood(900, 120_001)).toBe(100);
    expect(rest(120_002)).toEqual([true, true, false, false]);
  });

  it("lets no more than 30 pass beyond the budget, however many rules there are [sinks B-3]", () => {
    const admitted = (change: (id: number) => Partial<Alert>): number => {
      const budget = new AlertBudget();
      for (let id = 0; id < 100; id++) budget.admit(createAlert(id, { severity: 1 }), 0);
      return Array.from({ length: 5_000 }, (_, id) => createAlert(id, { severity: 1, ...change(id) })).filter((alert) =>
        budget.admit(alert, 0),
      ).length;
    };
    expect(admitted((id) => ({ ruleId: `R${id}` }))).toBe(20);
    expect(admitted((id) => ({ ruleId: `R${id}`, severity: Math.min(Math.max(1, id - 4_985), 10) }))).toBe(29);
    expect(admitted((id) => ({ ruleId: `R${id}`, severity: id }))).toBe(30);
    expect(admitted((id) => ({ severity: id + 1 }))).toBe(30);
  });

  it("is as severe in its summary as the most severe that it held back [sinks B-4]", () => {
    const budget = new AlertBudget({ maxPerWindow: 1 });
    for (const severity of [3, 3, 2, 1, 2]) budget.admit(createAlert(severity, { severity }), 0);
    // Nobody collected: both windows become one summary.
    for (const severity of [2, 2]) budget.admit(createAlert(severity, { severity }), 60_000);
    expect(budget.takeSummaries(120_000, 0)).toMatchObject([{ severity: 3 }]);
    for (const _ of [1, 2]) budget.admit({ namespace: "shop", ruleId: "R0001" }, 120_000);
    expect(budget.takeSummaries(180_000, 0)).toMatchObject([{ severity: 5 }]);
  });

  it("counts each alert once, within its bound, whatever comes [sinks B-2]", () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 40 })), {
      maxLength: 400,
    });
    const property = fc.property(steps, fc.boolean(), (alerts, isCollected) => {
      const budget = new AlertBudget({ maxPerWindow: 2, windowMs: 100, maxNamespaces: 5 });
      let nowMs = 0;
      let heldBack = 0;
      let told = 0;
      const collect = (all: boolean): void => {
        for (const { message } of budget.takeSummaries(nowMs, 0, { all })) told += Number(message.split(" ")[0]);
      };
      for (const [namespace, pauseMs] of alerts) {
        nowMs += pauseMs;
        const severity = pauseMs % 11;
        if (!budget.admit({ namespace: `n${namespace}`, ruleId: `R${severity}`, severity }, nowMs)) heldBack++;
        if (isCollected) collect(false);
        // Windows and summaries of the named ones, and the shared one of each.
        expect(budget.size).toBeLessThanOrEqual(7);
      }
      collect(true);
      expect(told).toBe(heldBack);
    });
    fc.assert(property, { seed: 1, numRuns: 300 });
  });
});

describe("AlertCooldown", () => {
  it("lets the first pass and holds the rest back until nothing came for its time [sinks K-1]", () => {
    const cooldown = new AlertCooldown();
    const seen = [0, 1, 3_600_000, 7_199_999, 10_799_999, 14_399_999].map((nowMs) =>
      cooldown.admit(createAlert(1), nowMs),
    );
    expect(seen).toEqual([true, false, false, false, true, true]);
  });

  it("spares failures of a completed profile when told [sinks K-2]", () => {
    const cooldown = new AlertCooldown({ onProfileFailure: false });
    expect([1, 1, 1].map((id) => cooldown.admit(createAlert(id), 0))).toEqual([true, true, true]);
    const without = createAlert(2, { profile: undefined });
    expect([without, without].map((alert) => cooldown.admit(alert, 0))).toEqual([true, false]);
  });

  it("lets as many pass as told and stays within its bound [sinks K-3]", () => {
    const cooldown = new AlertCooldown({ afterCount: 2, maxEntries: 10 });
    expect([1, 1, 1].map((id) => cooldown.admit(createAlert(id), 0))).toEqual([true, true, false]);
    for (let id = 0; id < 1_000; id++) cooldown.admit(createAlert(id), 0);
    expect(cooldown.size).toBe(10);
  });

  it("lets the next repetition pass of one that was withdrawn, and everything that has no repetition id [sinks K-1]", () => {
    const cooldown = new AlertCooldown();
    const alert = createAlert(1);
    expect(cooldown.admit(alert, 0)).toBe(true);
    cooldown.withdraw(alert);
    expect([cooldown.admit(alert, 1), cooldown.admit(alert, 2)]).toEqual([true, false]);
    const { repetitionId: _, ...unlike } = alert;
    expect([cooldown.admit(unlike, 3), cooldown.admit(unlike, 4)]).toEqual([true, true]);
  });
});
