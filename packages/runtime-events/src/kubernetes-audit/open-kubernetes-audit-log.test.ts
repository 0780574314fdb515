import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Finding } from "@kinglet/enrichment";
import { ManualClock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { createMetrics, noopMetrics } from "@kinglet/metrics";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ExportFolder } from "../../test/export-folder-fixture.ts";
import { eventList, execEvent, recordedAuditLines } from "../../test/recorded-audit-events.ts";
import { AuditIntake } from "./audit-intake.ts";
import { createKubernetesAuditRoute } from "./create-kubernetes-audit-route.ts";
import type { KubernetesAuditLog, KubernetesAuditLogOptions } from "./kubernetes-audit-log.ts";
import { openKubernetesAuditLog } from "./open-kubernetes-audit-log.ts";

/** An exec whose audit id is a number. */
function exec(n: number): string {
  return JSON.stringify(execEvent({ auditID: String(n) }));
}

interface LogRun {
  readonly log: KubernetesAuditLog;
  readonly clock: ManualClock;
  readonly intake: AuditIntake;
  readonly findings: Finding[];
  readonly ids: string[];
  readonly finished: Promise<void>;
  until(what: string, isSo: () => boolean): Promise<void>;
  /** Ends it as `kill -9` does: nothing is written on the way out. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

async function start(
  folder: ExportFolder,
  options: Partial<KubernetesAuditLogOptions> & { readonly deliver?: (finding: Finding) => void | Promise<void> } = {},
): Promise<LogRun> {
  const { deliver, metrics = noopMetrics, ...rest } = options;
  const clock = new ManualClock();
  const intake = options.intake ?? new AuditIntake({ metrics, clock });
  const log = await openKubernetesAuditLog({
    path: folder.path,
    startAt: "checkpoint-or-beginning",
    intake,
    clock,
    logger: noopLogger,
    metrics,
    ...rest,
  });
  const controller = new AbortController();
  const findings: Finding[] = [];
  const finished = log.run({
    signal: controller.signal,
    deliver: (finding) => {
      findings.push(finding);
      return deliver?.(finding);
    },
  });
  finished.catch(() => {});
  return {
    log,
    clock,
    intake,
    findings,
    get ids() {
      return findings.map(({ details }) => details["auditId"] ?? "");
    },
    finished,
    async until(what, isSo) {
      for (let turn = 0; !isSo(); turn++) {
        if (turn > 5000) throw new Error(`never: ${what}; ${JSON.stringify(log.health())}`);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    },
    async kill() {
      controller.abort();
      await finished;
    },
    async stop() {
      controller.abort();
      await finished;
      await log[Symbol.asyncDispose]();
    },
  };
}

describe("openKubernetesAuditLog", () => {
  it("finds in the recorded log what the webhook finds in the same events [kubernetes-audit log]", async () => {
    using folder = new ExportFolder();
    const lines = recordedAuditLines();
    folder.write(...lines);
    const run = await start(folder);
    await run.until("the end", () => run.log.health().eventsTotal === lines.length);
    const golden = await readFile(join(import.meta.dirname, "../../golden/kubernetes-audit-findings.json"), "utf8");
    expect(run.findings).toEqual(JSON.parse(golden));
    expect(run.log.health()).toMatchObject({
      connected: true,
      reason: "",
      decodeErrors: 0,
      name: "kubernetes-audit-log",
    });
    await run.stop();
  });

  it("waits for the file, follows it through rotations, compressed ones too, and through truncation [kubernetes-audit log]", async () => {
    using folder = new ExportFolder();
    const run = await start(folder, { checkpointPath: folder.checkpointPath });
    await run.until("waiting", () => run.log.health().reason.includes("not there"));
    folder.write(exec(1));
    await run.until("1", () => run.ids.length === 1);
    folder.write(exec(2));
    folder.rotate();
    folder.write(exec(3));
    await run.until("3", () => run.ids.length === 3);
    await run.stop();
    folder.write(exec(4));
    folder.rotate({ gzip: true });
    folder.write(exec(5));
    folder.rotate();
    folder.write(exec(6));
    const next = await start(folder, { checkpointPath: folder.checkpointPath });
    await next.until("6", () => next.ids.length === 3);
    folder.copyTruncate();
    folder.write(exec(7));
    await next.until("7", () => next.ids.length === 4);
    expect([...run.ids, ...next.ids]).toEqual(["1", "2", "3", "4", "5", "6", "7"]);
    await next.stop();
  });

  it("tells a finding once that came through the webhook and stands in the log [kubernetes-audit repeats]", async () => {
    using folder = new ExportFolder();
    const run = await start(folder);
    const fromWebhook: Finding[] = [];
    const reader = createKubernetesAuditRoute({
      intake: run.intake,
      queue: { offer: (finding) => fromWebhook.push(finding) > 0 },
    }).open();
    reader.push(Buffer.from(eventList([exec(1), exec(2)])));
    expect(reader.end()).toBeUndefined();
    folder.write(exec(1), exec(2), exec(3));
    await run.until("3", () => run.ids.length === 1);
    expect([fromWebhook.length, run.ids]).toEqual([2, ["3"]]);
    await run.stop();
  });

  it("passes over lines that are no events, and counts them [kubernetes-audit log]", async () => {
    using folder = new ExportFolder();
    const metrics = createMetrics();
    const run = await start(folder, { metrics, maxLineBytes: 4096 });
    const deep = JSON.stringify(execEvent({ annotations: JSON.parse("[".repeat(400) + "]".repeat(400)) as unknown }));
    folder.write(
      "",
      "nonsense",
      `${exec(1)}x`,
      exec(1).slice(0, 100),
      `{"a":{}${exec(1)}`,
      "x".repeat(5000),
      deep,
      `${exec(2)}\r`,
      exec(3),
    );
    await run.until("3", () => run.ids.length === 3);
    // The one about what is too large or too deep comes once, when the first of them is met.
    expect(run.findings.map(({ ruleId }) => ruleId).toSorted()).toEqual(["K2004", "R2000", "R2000"]);
    expect(run.ids.filter((id) => id !== "")).toEqual(["2", "3"]);
    const { text } = await metrics.exposition();
    for (const [outcome, count] of [
      ["blank", 1],
      ["unusable", 4],
      ["too-large", 1],
      ["too-deep", 1],
      ["finding", 2],
    ] as const) {
      expect(text).toContain(`kinglet_kubernetes_audit_events_total{outcome="${outcome}"} ${count}`);
    }
    expect(run.log.health()).toMatchObject({ eventsTotal: 2, decodeErrors: 6 });
    await run.stop();
  });

  it("tells of lines that are too long at once, and reads on when that is told [kubernetes-audit K2004]", async () => {
    using folder = new ExportFolder();
    let told = (): void => {};
    const run = await start(folder, {
      maxLineBytes: 4096,
      deliver: ({ ruleId }) => (ruleId === "K2004" ? new Promise<void>((resolve) => void (told = resolve)) : undefined),
    });
    folder.write(JSON.stringify(execEvent({ userAgent: "<".repeat(5000) })));
    await run.until("the finding", () => run.findings.length === 1);
    expect(run.findings[0]).toMatchObject({ ruleId: "K2004", details: { tooLarge: "1" } });
    folder.write(exec(1));
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(run.findings).toHaveLength(1);
    told();
    await run.until("1", () => run.findings.length === 2);
    expect(run.ids[1]).toBe("1");
    await run.stop();
  });

  it("reads nothing further while a finding is being delivered, and repeats it after a restart when that did not end [kubernetes-audit log]", async () => {
    using folder = new ExportFolder();
    folder.write(exec(1), exec(2), exec(3));
    const options = { checkpointPath: folder.checkpointPath };
    const run = await start(folder, {
      ...options,
      deliver: (finding) => (finding.details["auditId"] === "2" ? new Promise(() => {}) : undefined),
    });
    await run.until("2", () => run.ids.length === 2);
    await run.stop();
    const next = await start(folder, options);
    await next.until("3", () => next.ids.length === 2);
    expect([run.ids, next.ids]).toEqual([
      ["1", "2"],
      ["2", "3"],
    ]);
    await next.stop();
  });

  it("ends with the error of a delivery, and delivers the same finding when it runs again [kubernetes-audit log]", async () => {
    using folder = new ExportFolder();
    folder.write(exec(1), exec(2));
    const run = await start(folder, {
      deliver: () => {
        throw new Error("no way");
      },
    });
    await expect(run.finished).rejects.toThrow("no way");
    const ids: string[] = [];
    const controller = new AbortController();
    await run.log.run({
      signal: controller.signal,
      deliver: ({ details }) => {
        ids.push(details["auditId"] ?? "");
        if (ids.length === 2) controller.abort();
      },
    });
    expect(ids).toEqual(["1", "2"]);
    await run.log[Symbol.asyncDispose]();
  });

  it("loses no finding to random kills, writes and rotations, and repeats only what was under way [kubernetes-audit log]", async () => {
    const steps = fc.array(fc.constantFrom("write", "write", "rotate", "gzip", "kill", "checkpoint"), {
      minLength: 4,
      maxLength: 14,
    });
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        using folder = new ExportFolder();
        const options = { checkpointPath: folder.checkpointPath };
        const seen = new Set<string>();
        let written = 0;
        // Before its first checkpoint, and before it has looked at the folder, a reader does not know of files that were rotated away.
        const begin = async (): Promise<LogRun> => {
          const next = await start(folder, options);
          await next.until("a checkpoint", () => existsSync(folder.checkpointPath));
          await next.until("a first look", () => next.log.health().reason !== "not started");
          return next;
        };
        let run = await begin();
        const collect = (): void => run.ids.forEach((id) => seen.add(id));
        for (const step of [...sequence, "write"]) {
          if (step === "write") for (let turn = 0; turn < 3; turn++) folder.write(exec(++written));
          else if ((step === "rotate" || step === "gzip") && written > 0) {
            folder.rotate({ gzip: step === "gzip" });
            folder.write(exec(++written));
          } else if (step === "checkpoint") await run.clock.advance(2500);
          else if (step === "kill") {
            await run.kill();
            collect();
            run = await begin();
          }
        }
        await run.until("everything", () => {
          collect();
          return seen.size === written;
        });
        await run.stop();
      }),
      { seed: 1, numRuns: 25 },
    );
  });

  it("starts at the end when it is told to, and beyond a checkpoint that is unusable [kubernetes-audit log]", async () => {
    using folder = new ExportFolder();
    folder.write(exec(1));
    writeFileSync(folder.checkpointPath, "nonsense");
    const run = await start(folder, { checkpointPath: folder.checkpointPath, startAt: "checkpoint-or-end" });
    await run.until("open", () => run.log.health().connected);
    folder.write(exec(2));
    await run.until("2", () => run.ids.length === 1);
    expect(run.ids).toEqual(["2"]);
    await run.stop();
  });

  it("refuses settings and paths that cannot be with a code [kubernetes-audit log]", async () => {
    using folder = new ExportFolder();
    await expect(start(folder, { maxLineBytes: 1 })).rejects.toMatchObject({
      code: "KINGLET_ERR_RUNTIME_EVENTS_OPTION",
    });
    await expect(start(folder, { path: "" })).rejects.toMatchObject({ code: "KINGLET_ERR_RUNTIME_EVENTS_OPTION" });
    mkdirSync(folder.path);
    await expect(start(folder)).rejects.toMatchObject({ code: "KINGLET_ERR_RUNTIME_EVENTS_NOT_A_FILE" });
  });

  it("runs once at a time [kubernetes-audit log]", async () => {
    using folder = new ExportFolder();
    const run = await start(folder);
    await expect(run.log.run({ signal: new AbortController().signal, deliver: () => {} })).rejects.toMatchObject({
      code: "KINGLET_ERR_RUNTIME_EVENTS_RUNNING",
    });
    await run.stop();
  });
});
