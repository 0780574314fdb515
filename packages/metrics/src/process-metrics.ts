import { readFileSync } from "node:fs";
import type { Metrics } from "./metrics.ts";

/** The metrics of the process itself. @public */
export const processMetricDefinitions = {
  heapUsed: {
    type: "gauge",
    name: "kinglet_process_heap_used_bytes",
    help: "JavaScript heap in use.",
  },
  heapSize: {
    type: "gauge",
    name: "kinglet_process_heap_size_bytes",
    help: "JavaScript heap reserved from the system.",
  },
  external: {
    type: "gauge",
    name: "kinglet_process_external_bytes",
    help: "Memory outside the JavaScript heap that belongs to JavaScript objects, buffers included.",
  },
  resident: {
    type: "gauge",
    name: "process_resident_memory_bytes",
    help: "Resident memory.",
  },
  anonymous: {
    type: "gauge",
    name: "kinglet_process_anonymous_memory_bytes",
    help: "Resident memory without file-backed pages: what counts against a container limit under pressure.",
  },
  threads: {
    type: "gauge",
    name: "kinglet_process_threads",
    help: "Threads of the process.",
  },
  cpu: {
    type: "counter",
    name: "process_cpu_seconds_total",
    help: "User and system time spent.",
  },
  start: {
    type: "gauge",
    name: "process_start_time_seconds",
    help: "When the process started, seconds since 1970-01-01 UTC.",
  },
} as const;

/**
 * Defines the metrics of the process; they are read when metrics are exposed and never in between.
 *
 * @param options - `readStatus`: the text of `/proc/self/status`; where there is none, resident memory comes from Node and the
 * others stay 0.
 * @returns a function that stops collecting.
 *
 * @public
 */
export function collectProcessMetrics(
  metrics: Metrics,
  options: { readonly readStatus?: () => string } = {},
): () => void {
  const { readStatus = readProcStatus } = options;
  const heapUsed = metrics.gauge(processMetricDefinitions.heapUsed);
  const heapSize = metrics.gauge(processMetricDefinitions.heapSize);
  const external = metrics.gauge(processMetricDefinitions.external);
  const resident = metrics.gauge(processMetricDefinitions.resident);
  const anonymous = metrics.gauge(processMetricDefinitions.anonymous);
  const threads = metrics.gauge(processMetricDefinitions.threads);
  const cpu = metrics.counter(processMetricDefinitions.cpu);
  const start = metrics.gauge(processMetricDefinitions.start);
  let countedSeconds = 0;
  return metrics.onCollect(() => {
    const memory = process.memoryUsage();
    heapUsed.set(memory.heapUsed);
    heapSize.set(memory.heapTotal);
    external.set(memory.external);
    const status = readStatus();
    resident.set(kibibytes(status, "VmRSS") ?? memory.rss);
    anonymous.set(kibibytes(status, "RssAnon") ?? 0);
    threads.set(Number(/^Threads:\s+(\d+)$/m.exec(status)?.[1] ?? 0));
    const usage = process.cpuUsage();
    const seconds = (usage.user + usage.system) / 1e6;
    cpu.add(Math.max(seconds - countedSeconds, 0));
    countedSeconds = seconds;
    start.set(Math.round(Date.now() - process.uptime() * 1000) / 1000);
  });
}

function readProcStatus(): string {
  try {
    return readFileSync("/proc/self/status", "utf8");
  } catch {
    // Not Linux.
    return "";
  }
}

function kibibytes(status: string, key: string): number | undefined {
  const found = new RegExp(`^${key}:\\s+(\\d+) kB$`, "m").exec(status);
  return found === null ? undefined : Number(found[1]) * 1024;
}
