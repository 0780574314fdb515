import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import type { LogFields, Logger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { createAlert } from "../test/create-alert.ts";
import { AlertBudget } from "./alert-budget.ts";
import { encodeLine } from "@kinglet/durable-files";
import { HeldBackJournal } from "./held-back-journal.ts";

interface Bench extends AsyncDisposable {
  readonly folder: string;
  readonly path: string;
  readonly codes: string[];
  /** A process begins; the one before it was killed. */
  start(nowMs?: number, maxBytes?: number): Promise<Books>;
}

/** A budget whose numbers outlive it. */
interface Books {
  readonly budget: AlertBudget;
  readonly journal: HeldBackJournal;
  /** @returns "passed", "held", or "again" for one that was counted before. */
  readonly admit: (id: number, nowMs?: number) => string;
  /** Resolves when everything up to now is on disk. */
  readonly kept: () => Promise<void>;
}

async function openBench(): Promise<Bench> {
  const folder = await mkdtemp(`${tmpdir()}/kinglet-held-back-`);
  const path = `${folder}/held-back.journal`;
  const codes: string[] = [];
  const log = (_message: string, { error }: LogFields = {}): void => void codes.push((error as { code: string }).code);
  const logger: Logger = { error: log, warn: log, info: log, debug: log, isEnabled: () => true };
  return {
    folder,
    path,
    codes,
    start: async (nowMs = 0, maxBytes) => {
      const options = { path, logger, metrics: noopMetrics, ...(maxBytes !== undefined && { maxBytes }) };
      const journal = await HeldBackJournal.open(options);
      const budget = new AlertBudget({ maxPerWindow: 2 });
      budget.restore(journal.restored, nowMs, nowMs);
      journal.follow(() => budget.takeChanges());
      return {
        budget,
        journal,
        admit: (id, at = 0) => {
          const alert = createAlert(id, { uniqueId: `${id}`.padStart(12, "0").padEnd(32, "f") });
          if (journal.wasCounted(alert.uniqueId)) return "again";
          if (budget.admit(alert, at, at)) return "passed";
          journal.counted(alert.uniqueId);
          return "held";
        },
        kept: () => new Promise((resolve) => journal.whenKept(1, () => resolve())),
      };
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

const countOf = (message: string): number => Number(message.split(" ")[0]);

describe("HeldBackJournal", () => {
  it("tells after a kill how many were held back, once, under the same id [sinks H-1] [sinks H-4]", async () => {
    await using bench = await openBench();
    const first = await bench.start();
    for (let id = 1; id <= 50; id++) first.admit(id);
    await first.kept();
    const [told] = first.budget.takeSummaries(60_000, 0);
    const second = await bench.start(10_000);
    expect(second.budget.takeSummaries(59_999, 0)).toEqual([]);
    expect(second.admit(51, 20_000)).toBe("held");
    await second.kept();
    const [summary] = second.budget.takeSummaries(60_000, 0);
    expect(summary?.message).toContain("49 more alerts of namespace shop were held back after 2 in 60 s (R0001: 49)");
    expect(summary?.uniqueId).toBe(told?.uniqueId);
    second.journal.told(summary?.uniqueId ?? "");
    await second.journal.close();
    const third = await bench.start(60_000);
    expect(third.journal.restored).toEqual([]);
    expect(await readdir(bench.folder)).toEqual([]);
    expect(bench.codes).toEqual([]);
  });

  it("counts an event that is read again after a kill in one summary only [sinks H-2]", async () => {
    await using bench = await openBench();
    const first = await bench.start();
    for (let id = 1; id <= 10; id++) first.admit(id);
    await first.kept();
    const second = await bench.start();
    expect([5, 10, 11, 12, 11].map((id) => second.admit(id))).toEqual(["again", "again", "held", "held", "held"]);
    await second.kept();
    expect(countOf(second.budget.takeSummaries(60_000, 0)[0]?.message ?? "")).toBe(11);
  });

  it("knows after a kill how severe the summary is and of which rules the first alert has passed [sinks H-1] [sinks B-3]", async () => {
    await using bench = await openBench();
    const first = await bench.start();
    const severities = [1, 1, 1, 9, 1];
    for (const [id, severity] of severities.entries()) {
      const alert = createAlert(id, { severity, ruleId: severity === 9 ? "R1000" : "R0001" });
      if (!first.budget.admit(alert, 0, 0)) first.journal.counted(alert.uniqueId);
    }
    const again = createAlert(8, { severity: 9, ruleId: "R1000" });
    expect(first.budget.admit(again, 0, 0)).toBe(false);
    first.journal.counted(again.uniqueId);
    await first.kept();
    const { budget } = await bench.start();
    const admitted = [
      createAlert(10, { severity: 9, ruleId: "R1000" }),
      createAlert(11, { severity: 1 }),
      createAlert(12, { severity: 10, ruleId: "R1002" }),
      createAlert(13, { severity: 2, ruleId: "R0002" }),
      createAlert(14, { severity: 2, ruleId: "R0002" }),
    ].map((alert) => budget.admit(alert, 0, 0));
    expect(admitted).toEqual([false, false, true, true, false]);
    expect(budget.takeSummaries(60_000, 0)).toMatchObject([{ severity: 9 }]);
  });

  it("takes over what an earlier version wrote, which knew of no severity [sinks H-5]", async () => {
    await using bench = await openBench();
    const window = {
      ...{ id: "a", namespace: "shop", clusterName: "", nodeName: "", fromMs: 0, passed: 2, heldBack: 3 },
      rules: { R0001: 3 },
    };
    const line = { windows: [window], gone: [], ids: [] };
    const odd = { ...line, windows: [{ ...window, id: "b", namespace: "b", severity: "10" }] };
    await writeFile(bench.path, `${encodeLine(line)}${encodeLine(odd)}`);
    const { budget, admit } = await bench.start();
    expect(admit(1)).toBe("held");
    expect(budget.takeSummaries(60_000, 0)).toMatchObject([{ namespace: "shop", severity: 7 }]);
  });

  it("makes one write of many alerts, and no file before the first [sinks H-3]", async () => {
    await using bench = await openBench();
    const { admit, kept } = await bench.start();
    admit(1);
    expect(await readdir(bench.folder)).toEqual([]);
    for (let id = 2; id <= 5_000; id++) admit(id);
    await kept();
    const lines = (await readFile(bench.path, "utf8")).trim().split("\n");
    expect(lines).toHaveLength(1);
    expect((await stat(bench.path)).mode & 0o777).toBe(0o600);
  });

  it("keeps its bound and forgets no window that was not told [sinks H-1]", async () => {
    await using bench = await openBench();
    const { admit, kept } = await bench.start(0, 4_096);
    for (let id = 1; id <= 4_000; id += 4) {
      for (let at = 0; at < 4; at++) admit(id + at);
      await kept();
    }
    for (const name of await readdir(bench.folder)) {
      expect((await stat(`${bench.folder}/${name}`)).size).toBeLessThan(4_096 + 1_024);
    }
    const next = await bench.start();
    expect(next.journal.restored.map(({ heldBack }) => heldBack)).toEqual([3_998]);
    expect([4_000, 3_999].map((id) => next.admit(id))).toEqual(["again", "again"]);
  });

  it("lets nothing into the books that it would not have written, and reads on behind it [sinks H-5]", async () => {
    await using bench = await openBench();
    const first = await bench.start();
    for (let id = 1; id <= 4; id++) first.admit(id);
    await first.kept();
    const [own] = (await readFile(bench.path, "utf8")).trim().split("\n");
    const window = {
      id: "a",
      namespace: "b",
      clusterName: "",
      nodeName: "",
      fromMs: 0,
      passed: 1,
      heldBack: 1,
      rules: {},
    };
    const foreign = [
      null,
      { windows: [] },
      { windows: [{ ...window, rules: undefined }], gone: [], ids: [] },
      { windows: [{ ...window, heldBack: "1" }], gone: [], ids: [] },
      { windows: [{ ...window, fromMs: null }], gone: [], ids: [] },
      { windows: [null], gone: [], ids: [] },
      { windows: [], gone: [], ids: [7] },
    ];
    await writeFile(bench.path, `${foreign.map(encodeLine).join("")}${own ?? ""}\n`);
    const second = await bench.start();
    expect(second.journal.restored.map(({ namespace, heldBack }) => [namespace, heldBack])).toEqual([["shop", 2]]);
    expect(second.admit(3)).toBe("again");
    expect(bench.codes).toEqual(["KINGLET_ERR_ALERT_SINKS_STATE_DAMAGED"]);
  });

  it("holds nothing up when the disk fails, says so once, and writes all of it later [sinks H-3]", async () => {
    await using bench = await openBench();
    const { admit, kept, journal } = await bench.start();
    for (let id = 1; id <= 5; id++) admit(id);
    await kept();
    await rm(bench.path);
    const second = await bench.start();
    // A folder stands where the file is to be.
    await mkdir(bench.path);
    for (let id = 6; id <= 9; id++) second.admit(id);
    await second.kept();
    second.admit(10);
    await second.kept();
    expect(bench.codes).toEqual(["KINGLET_ERR_ALERT_SINKS_STATE_UNWRITABLE"]);
    await rm(bench.path, { recursive: true });
    second.admit(11);
    await second.kept();
    const third = await bench.start();
    expect(third.journal.restored.map(({ heldBack }) => heldBack)).toEqual([4]);
    expect(third.admit(9)).toBe("again");
    await journal.close();
  });

  it("moves a damaged file aside and uses what can be read [sinks H-5]", async () => {
    await using bench = await openBench();
    const first = await bench.start();
    for (const id of [1, 2, 3]) first.admit(id);
    await first.kept();
    first.admit(4);
    await first.kept();
    const text = await readFile(bench.path, "utf8");
    await writeFile(bench.path, `${text.replace('"heldBack":2', '"heldBack":9')}deadbeef {"windows":[`);
    const second = await bench.start();
    expect(second.journal.restored.map(({ heldBack }) => heldBack)).toEqual([1]);
    expect(bench.codes).toEqual(["KINGLET_ERR_ALERT_SINKS_STATE_DAMAGED"]);
    expect((await readdir(bench.folder)).toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
      "held-back.journal",
      "held-back.journal.damaged",
    ]);
    const third = await bench.start();
    expect(third.journal.restored.map(({ heldBack }) => heldBack)).toEqual([1]);
    expect(third.admit(3)).toBe("again");
    expect(bench.codes).toHaveLength(1);
  });

  it("counts each alert once over any series of kills and summaries [sinks H-1] [sinks H-2]", async () => {
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ do: fc.constant("alerts" as const), count: fc.integer({ min: 1, max: 9 }) }),
      },
      {
        weight: 2,
        arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 50_000 }) }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("tell" as const), isConfirmed: fc.boolean() }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("kill" as const), again: fc.nat(20) }) },
    );
    const property = fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      await using bench = await openBench();
      let nowMs = 1;
      let books = await bench.start(nowMs, 2_048);
      let sequence = 0;
      let held = 0;
      /** By the id of the summary: a receiver takes the same one once. */
      const told = new Map<string, number>();
      const outcome = new Map<number, string>();
      const admit = (id: number): void => {
        const result = books.admit(id, nowMs);
        const before = outcome.get(id);
        if (before === "held") expect(result).toBe("again");
        else outcome.set(id, result);
        if (before !== "held" && result === "held") held += 1;
      };
      const tell = async (all: boolean, isConfirmed: boolean): Promise<void> => {
        for (const { uniqueId, message } of books.budget.takeSummaries(nowMs, nowMs, { all })) {
          told.set(uniqueId, countOf(message));
          if (isConfirmed) books.journal.told(uniqueId);
        }
        await books.kept();
      };
      for (const one of steps) {
        if (one.do === "alerts") {
          for (let at = 0; at < one.count; at++) admit((sequence += 1));
          await books.kept();
        } else if (one.do === "wait") nowMs += one.ms;
        else if (one.do === "tell") await tell(false, one.isConfirmed);
        else {
          await books.journal.close();
          books = await bench.start(nowMs, 2_048);
          for (let id = Math.max(1, sequence - one.again + 1); id <= sequence; id++) {
            // What passed is known to the source.
            if (outcome.get(id) === "held") admit(id);
          }
        }
      }
      await tell(true, true);
      books = await bench.start(nowMs);
      await tell(true, true);
      expect([...told.values()].reduce((total, count) => total + count, 0)).toBe(held);
    });
    await fc.assert(property, { seed: 1, numRuns: 60 });
  });
});
