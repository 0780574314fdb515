import type { Finding } from "@kinglet/enrichment";
import { createMetrics, noopMetrics } from "@kinglet/metrics";
import { describe, expect, it } from "vitest";
import { FindingQueue } from "./finding-queue.ts";

function finding(n: number): Finding {
  return {
    source: "falco",
    ruleId: "r",
    ruleName: "r",
    severity: 1,
    message: "",
    time: "",
    namespace: "",
    podName: "",
    containerName: "",
    nodeName: "",
    user: "",
    uniqueId: String(n),
    details: {},
  };
}

describe("FindingQueue", () => {
  it("delivers in order, one at a time, and refuses what it has no room for [webhook queue]", async () => {
    const metrics = createMetrics();
    using queue = new FindingQueue({ maxEntries: 3, metrics });
    expect([1, 2, 3, 4].map((n) => queue.offer(finding(n)))).toEqual([true, true, true, false]);
    const ids: string[] = [];
    const gates: (() => void)[] = [];
    const stop = new AbortController();
    const running = queue.run({
      signal: stop.signal,
      deliver: ({ uniqueId }) => {
        ids.push(uniqueId);
        return new Promise((resolve) => gates.push(resolve));
      },
    });
    await expect.poll(() => ids).toEqual(["1"]);
    expect(queue.size).toBe(2);
    expect(queue.offer(finding(5))).toBe(true);
    const { text } = await metrics.exposition();
    expect(text).toContain("kinglet_findings_queued 3");
    expect(text).toContain('kinglet_findings_total{source="falco"} 4');
    for (let n = 1; n <= 4; n++) {
      await expect.poll(() => gates.length).toBe(n);
      gates[n - 1]?.();
    }
    await expect.poll(() => queue.size).toBe(0);
    expect(ids).toEqual(["1", "2", "3", "5"]);
    stop.abort();
    await running;
  });

  it("accepts nothing more once it is stopped, and delivers what it has accepted [webhook queue]", async () => {
    using queue = new FindingQueue({ metrics: noopMetrics });
    const ids: string[] = [];
    const stop = new AbortController();
    const running = queue.run({
      signal: stop.signal,
      deliver: ({ uniqueId }) => {
        ids.push(uniqueId);
        if (uniqueId === "1") stop.abort();
      },
    });
    for (const n of [1, 2, 3]) queue.offer(finding(n));
    await running;
    expect(ids).toEqual(["1", "2", "3"]);
    expect(queue.offer(finding(4))).toBe(false);
  });

  it("ends when it is stopped before there is anything, and with the error of a delivery [webhook queue]", async () => {
    using idle = new FindingQueue({ metrics: noopMetrics });
    const stop = new AbortController();
    const running = idle.run({ signal: stop.signal, deliver: () => {} });
    stop.abort();
    await running;
    using queue = new FindingQueue({ metrics: noopMetrics });
    queue.offer(finding(1));
    const deliver = (): never => {
      throw new Error("no way");
    };
    await expect(queue.run({ signal: new AbortController().signal, deliver })).rejects.toThrow("no way");
  });
});
