import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { RuntimeEvent } from "@kinglet/enrichment";
import { ManualClock } from "@kinglet/lifecycle";
import { noopMetrics } from "@kinglet/metrics";
import { describe, expect, it } from "vitest";
import { FakeProcesses, recordedAuditLines } from "../../test/audit-log-fixture.ts";
import { SourceCounters } from "../source-counters.ts";
import { AuditDecoder } from "./audit-decoder.ts";

const container = "c".repeat(64);

function decode(lines: readonly string[]): { events: RuntimeEvent[]; counters: SourceCounters } {
  const counters = new SourceCounters(noopMetrics);
  const processes = new FakeProcesses();
  // The program that made the calls had ended when this was recorded, but its parent had not.
  const parent = /ppid=(\d+) pid=\d+ auid=\d+ uid=65532/.exec(lines.join("\n"))?.[1];
  processes.add(Number(parent), container);
  const decoder = new AuditDecoder({
    nodeName: "node-a",
    kinds: undefined,
    reader: processes,
    maxProcesses: 1000,
    maxJoining: 512,
    maxArgumentBytes: 131_072,
    clock: new ManualClock(),
    metrics: noopMetrics,
    counters,
    onSerial: () => {},
    onStart: () => 0,
  });
  for (const line of lines) decoder.take(line, 0);
  decoder.flush();
  const events: RuntimeEvent[] = [];
  for (const joined of decoder.whole) {
    const event = decoder.build(joined, events.length + 1);
    if (event !== undefined && event.uid === 65_532) events.push(event);
  }
  return { events, counters };
}

/** What does not depend on when and with which numbers it was recorded. */
function textOf(events: readonly RuntimeEvent[]): string {
  const pids = new Map<number, number>();
  const pidOf = (pid: number): number => {
    if (!pids.has(pid)) pids.set(pid, pids.size + 1);
    return pids.get(pid)!; // set above
  };
  const short = (text: string): string => (text.length > 100 ? `${text.slice(0, 20)}... ${text.length}` : text);
  const lines = events.map((event) => {
    const { time: _time, receivedAtMs: _at, rawBytes: _bytes, execId, sequence: _sequence, ...rest } = event;
    const row: Record<string, unknown> = { ...rest, execId: execId !== "" };
    row["pid"] = pidOf(event.pid);
    row["parentPid"] = pidOf(event.parentPid);
    row["containerIdPrefix"] = event.containerIdPrefix === container;
    if (event.kind === "exec") {
      row["args"] = short(event.args);
      row["parentExecId"] = event.parentExecId !== "";
      row["parentArgs"] = short(event.parentArgs);
      row["argv"] = event.argv === undefined ? undefined : [event.argv.length, ...event.argv.slice(0, 8).map(short)];
    }
    // The port that the system chose for the caller.
    if (event.kind === "network" && event.sourcePort > 0) row["sourcePort"] = true;
    return JSON.stringify(row);
  });
  return `${lines.join("\n")}\n`;
}

function expectGolden(name: string, text: string): void {
  const path = join(import.meta.dirname, "../../golden/linux-audit", name);
  if (process.env["UPDATE_GOLDEN"] === "1") {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  expect(text).toBe(readFileSync(path, "utf8"));
}

describe("AuditDecoder over recordings of a real kernel", () => {
  it("reads every call alike from the raw log, the enriched log and the socket [linux-audit recordings]", () => {
    const [raw, enriched, socket] = ["calls-raw.log.gz", "calls-enriched.log.gz", "calls-socket.log.gz"].map((name) =>
      decode(recordedAuditLines(name)),
    );
    expect(raw?.counters.decodeErrors).toBe(0);
    const text = textOf(raw?.events ?? []);
    expectGolden("calls.jsonl", text);
    expect(textOf(enriched?.events ?? [])).toBe(text);
    expect(textOf(socket?.events ?? [])).toBe(text);
  });

  it("reads what a container executed [linux-audit recordings]", () => {
    const { events } = decode(recordedAuditLines("container-exec.log"));
    const executions = events.map((event) => (event.kind === "exec" ? [event.binary, event.argv] : event.kind));
    expect(executions).toEqual([
      ["/bin/sh", ["/bin/sh", "-c", 'sh -c "echo hi"; wget --help 2>/dev/null; busybox id']],
      ["/proc/self/exe", ["sh", "-c", "echo hi"]],
      ["/proc/self/exe", ["wget", "--help"]],
      ["/proc/self/exe", ["busybox", "id"]],
    ]);
    expect(events.every((event) => event.containerIdPrefix === container)).toBe(true);
  });

  it("leaves out nothing of a log of which any one line is missing but what that line said", () => {
    const lines = recordedAuditLines("container-exec.log");
    for (let missing = 0; missing < lines.length; missing++) {
      const { events, counters } = decode(lines.filter((_, at) => at !== missing));
      expect([missing, counters.decodeErrors]).toEqual([missing, 0]);
      expect(events.length).toBeGreaterThanOrEqual(3);
      for (const event of events) {
        if (event.kind === "exec" && event.argv === undefined) expect(event.isTruncated).toBe(true);
      }
    }
  });
});
