import { readFileSync, writeFileSync } from "node:fs";
import { hasCode } from "@kinglet/errors";
import { describe, expect, it } from "vitest";
import { collectorErrorsDefinition, createMetrics, seriesOverflowDefinition } from "./create-metrics.ts";
import { describeMetrics } from "./describe-metrics.ts";
import type { MetricDefinition } from "./metrics.ts";
import { collectProcessMetrics, processMetricDefinitions } from "./process-metrics.ts";

const events: MetricDefinition<"kind"> = { type: "counter", name: "events_total", help: "Events.", labels: ["kind"] };
const plain: MetricDefinition = { type: "counter", name: "plain_total", help: "Plain." };
const depth: MetricDefinition = { type: "gauge", name: "depth", help: 'Back\\slash and "quotes".' };
const delay: MetricDefinition<"code"> = {
  type: "histogram",
  name: "delay_seconds",
  help: "Delay.",
  labels: ["code"],
  buckets: [0.1, 1],
};

describe("createMetrics", () => {
  it("writes counters, gauges and histograms in the text format", async () => {
    const metrics = createMetrics();
    metrics.counter(plain).add();
    metrics.counter(plain).add(2);
    metrics.counter(plain).add(-5);
    metrics.counter(plain).add(Number.NaN);
    metrics.counter(events).add(1, { kind: 'a"b\n\\' });
    metrics.gauge(depth).set(4);
    metrics.gauge(depth).add(-1.5);
    const seconds = metrics.histogram(delay);
    for (const value of [0.05, 0.1, 0.5, 7]) seconds.observe(value, { code: "200" });
    const { contentType, text } = await metrics.exposition();
    expect(contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(text).toBe(`# HELP plain_total Plain.
# TYPE plain_total counter
plain_total 3

# HELP events_total Events.
# TYPE events_total counter
events_total{kind="a\\"b\\n\\\\"} 1

# HELP depth Back\\\\slash and "quotes".
# TYPE depth gauge
depth 2.5

# HELP delay_seconds Delay.
# TYPE delay_seconds histogram
delay_seconds_bucket{code="200",le="0.1"} 2
delay_seconds_bucket{code="200",le="1"} 3
delay_seconds_bucket{code="200",le="+Inf"} 4
delay_seconds_sum{code="200"} 7.65
delay_seconds_count{code="200"} 4
`);
  });

  it("gives the same metric for the same definition and refuses another one under the same name", () => {
    const metrics = createMetrics();
    expect(metrics.counter(plain)).toBe(metrics.counter({ ...plain }));
    for (const other of [
      { ...plain, help: "Else." },
      { ...plain, labels: ["a"] },
    ] as const) {
      expect(() => metrics.counter(other)).toThrow(expect.objectContaining({ code: "KINGLET_ERR_METRICS_CONFLICT" }));
    }
    expect(() => metrics.gauge(plain)).toThrow(expect.objectContaining({ code: "KINGLET_ERR_METRICS_CONFLICT" }));
  });

  it.each<MetricDefinition>([
    { type: "counter", name: "no_ending", help: "x" },
    { type: "counter", name: "Upper_total", help: "x" },
    { type: "gauge", name: "g_total", help: "x" },
    { type: "gauge", name: "g", help: "" },
    { type: "gauge", name: "g", help: "x", labels: ["a", "a"] },
    { type: "histogram", name: "h", help: "x", labels: ["le"], buckets: [1] },
    { type: "histogram", name: "h", help: "x" },
    { type: "histogram", name: "h", help: "x", buckets: [1, 1] },
    { type: "gauge", name: "g", help: "x", buckets: [1] },
  ])("refuses the definition %j", (definition) => {
    try {
      createMetrics()[definition.type](definition);
      expect.unreachable();
    } catch (error) {
      expect(hasCode(error, "KINGLET_ERR_METRICS_INVALID")).toBe(true);
    }
  });

  it("bounds the series of a metric, and counts what went to the overflow series", async () => {
    const metrics = createMetrics({ maxSeriesPerMetric: 2 });
    const counter = metrics.counter(events);
    for (let index = 0; index < 10; index++) counter.add(1, { kind: `k${index}` });
    counter.add(1, { kind: "k0" });
    for (let round = 0; round < 2; round++) {
      const { text } = await metrics.exposition();
      expect(text).toContain('events_total{kind="k0"} 2\nevents_total{kind="k1"} 1\nevents_total{kind="overflow"} 8\n');
      expect(text).toContain('kinglet_metrics_series_overflow_total{metric="events_total"} 8\n');
    }
  });

  it("keeps two label values apart whatever they contain", async () => {
    const metrics = createMetrics();
    const pair: MetricDefinition<"a" | "b"> = { type: "gauge", name: "pair", help: "x", labels: ["a", "b"] };
    metrics.gauge(pair).set(1, { a: "x", b: "yz" });
    metrics.gauge(pair).set(2, { a: "xy", b: "z" });
    expect((await metrics.exposition()).text).toContain('pair{a="x",b="yz"} 1\npair{a="xy",b="z"} 2');
  });

  it("runs collectors at each exposition until removed, and survives one that throws", async () => {
    const metrics = createMetrics();
    const gauge = metrics.gauge(depth);
    let reads = 0;
    const remove = metrics.onCollect(() => gauge.set(++reads));
    metrics.onCollect(() => {
      throw new Error("broken");
    });
    await metrics.exposition();
    const { text } = await metrics.exposition();
    expect(text).toContain("depth 2\n");
    expect(text).toContain("kinglet_metrics_collector_errors_total 2\n");
    remove();
    expect((await metrics.exposition()).text).toContain("depth 2\n");
  });

  it("adds without labels, and with one known label, without allocating", () => {
    const metrics = createMetrics();
    const counter = metrics.counter(plain);
    const labelled = metrics.counter(events);
    const seconds = metrics.histogram({ type: "histogram", name: "h", help: "x", buckets: [1, 2, 3] });
    const labels = { kind: "exec" };
    const work = (): void => {
      for (let index = 0; index < 200_000; index++) {
        counter.add();
        labelled.add(1, labels);
        seconds.observe(2);
      }
    };
    work();
    work();
    const gc = globalThis.gc!;
    gc();
    const before = process.memoryUsage().heapUsed;
    work();
    // 600,000 calls; one object each would be 10 MB and more. The slack is for what the runtime does beside us.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(2_000_000);
  });
});

describe("collectProcessMetrics", () => {
  it("reads the process only when metrics are exposed", async () => {
    const metrics = createMetrics();
    let reads = 0;
    collectProcessMetrics(metrics, {
      readStatus: () => {
        reads++;
        return "Name:\tnode\nVmRSS:\t  2048 kB\nRssAnon:\t 1024 kB\nThreads:\t7\n";
      },
    });
    expect(reads).toBe(0);
    const { text } = await metrics.exposition();
    expect(reads).toBe(1);
    expect(text).toContain("process_resident_memory_bytes 2097152\n");
    expect(text).toContain("kinglet_process_anonymous_memory_bytes 1048576\n");
    expect(text).toContain("kinglet_process_threads 7\n");
    expect(text).toMatch(/process_cpu_seconds_total 0\.\d+|process_cpu_seconds_total [1-9]/);
  });
});

describe("describeMetrics", () => {
  it("matches the golden file of this package's own metrics", () => {
    const golden = new URL("../golden/metrics.txt", import.meta.url);
    const text = describeMetrics([
      ...Object.values(processMetricDefinitions),
      collectorErrorsDefinition,
      seriesOverflowDefinition,
    ]);
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(golden, text);
    expect(text).toBe(readFileSync(golden, "utf8"));
    expect(describeMetrics([delay])).toBe("delay_seconds histogram {code} [0.1, 1]: Delay.\n");
  });
});
