import { ExecEvent, ExitEvent } from "@kinglet/enrichment";
import { describe, expect, it } from "vitest";
import { AgentRestarts } from "./agent-restarts.ts";

const at = (seconds: number): string => new Date(seconds * 1000).toISOString();
const exec = (seconds: number): ExecEvent => new ExecEvent({ sequence: 1, time: at(seconds) });
const report = (receivedAtMs: number): ExecEvent =>
  new ExecEvent({ sequence: 1, time: at(1), isReplay: true, receivedAtMs });

describe("AgentRestarts", () => {
  it("tells from the last event before to the first one after [events blind]", () => {
    const restarts = new AgentRestarts();
    expect([report(0), report(0), exec(10), exec(12)].map((event) => restarts.observed(event))).toEqual(
      Array.from({ length: 4 }, () => undefined),
    );
    expect(restarts.observed(report(90_000))).toMatchObject({ fromMs: 12_000, untilMs: 90_000 });
    expect(restarts.observed(report(90_001))).toBeUndefined();
    expect(restarts.observed(new ExitEvent({ sequence: 1, time: at(60) }))).toMatchObject({
      fromMs: 12_000,
      untilMs: 60_000,
    });
    expect(restarts.observed(exec(61))).toBeUndefined();
  });

  it("ends with what was read last when nothing happens any more, or what comes is older [events blind]", () => {
    const restarts = new AgentRestarts();
    restarts.observed(exec(10));
    expect(restarts.observed(report(20_000))).toMatchObject({ fromMs: 10_000, untilMs: 20_000 });
    expect(restarts.observed(exec(5))).toBeUndefined();
  });
});
