import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RuntimeEvent } from "@kinglet/enrichment";
import { systemClock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";
import { openTetragonFileSource } from "@kinglet/runtime-events";
import { openTempDir, waitFor } from "@kinglet/testing";
import { describe, expect, it } from "vitest";
import { runGrpcSource } from "../test/source-run.ts";
import type { Json } from "./event-codec.ts";
import { readRecording } from "./recording.ts";
import { openTetragonEmulator } from "./tetragon-emulator.ts";

const fixtures = join(import.meta.dirname, "../../../packages/runtime-events/fixtures");

/** Everything but where it came from: its number, when it was read, its size on the way. */
function content(event: RuntimeEvent): unknown {
  const {
    sequence: _number,
    receivedAtMs: _when,
    rawBytes: _size,
    ...rest
  } = event as RuntimeEvent & Record<string, unknown>;
  return rest;
}

async function byFile(events: readonly Json[]): Promise<{ events: RuntimeEvent[]; unknown: number }> {
  await using folder = await openTempDir();
  const path = folder.file("tetragon.log");
  writeFileSync(path, events.map((event) => `${JSON.stringify(event)}\n`).join(""));
  const options = { clock: systemClock, logger: noopLogger, metrics: noopMetrics };
  await using source = await openTetragonFileSource({ path, startAt: "checkpoint-or-beginning", ...options });
  const stop = new AbortController();
  const delivered: RuntimeEvent[] = [];
  const run = source.run({ signal: stop.signal, deliver: (event) => void delivered.push(event) });
  const total = (): number =>
    source.health().eventsTotal + source.health().unknownEvents + source.health().decodeErrors;
  await waitFor(() => total() >= events.length, { describe: () => `${events.length} lines, ${total()} so far` });
  stop.abort();
  await run;
  return { events: delivered, unknown: source.health().unknownEvents };
}

/** The stream's source leaves out replays of what it delivered; the file's leaves that to the process tree. */
function withoutKnownReplays(events: readonly RuntimeEvent[]): RuntimeEvent[] {
  const known = new Set<string>();
  return events.filter((event) => {
    if (event.kind !== "exec") return true;
    const isKnown = known.has(event.execId);
    known.add(event.execId);
    return !(isKnown && event.isReplay);
  });
}

describe("the same events by file and by gRPC", () => {
  it.each([
    ["recording/export"],
    ["recording/export-rate-limited"],
    ["samples/events.jsonl"],
    ["samples/unknown-events.jsonl"],
    ["protobuf/events.jsonl"],
  ])("%s [tetragon-grpc G1]", async (name) => {
    const events = readRecording([join(fixtures, name)]);
    const file = await byFile(events);
    await using agent = await openTetragonEmulator({
      address: "tcp:127.0.0.1:0",
      events,
      maxQueued: events.length + 1,
    });
    await using run = await runGrpcSource({
      address: agent.address,
      ignoresHealthChecks: false,
      maxQueuedEvents: 32_768,
    });
    await run.connected();
    agent.start();
    await agent.finished;
    const total = (): number => run.source.health().eventsTotal + run.source.health().unknownEvents;
    await run.until("everything", () => total() + run.source.health().decodeErrors >= events.length);
    expect(run.source.health()).toMatchObject({ decodeErrors: 0, droppedByUs: 0, unknownEvents: file.unknown });
    const expected = withoutKnownReplays(file.events);
    expect(run.events.length).toBe(expected.length);
    // One by one: a difference in ten thousand events must be readable.
    for (const [at, event] of run.events.entries()) expect(content(event)).toEqual(content(expected[at]!));
  });
});
