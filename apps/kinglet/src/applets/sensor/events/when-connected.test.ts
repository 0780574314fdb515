import { mkdir } from "node:fs/promises";
import { ManualClock } from "@kinglet/lifecycle";
import { openTempDir } from "@kinglet/testing";
import { describe, expect, it } from "vitest";
import { eventFolder, whenConnected } from "./when-connected.ts";

describe("whenConnected", () => {
  it("tells who does not answer and why until each has answered once, and leaves no timer", async () => {
    const clock = new ManualClock();
    const health = { stream: { connected: false, reason: "not started" }, socket: { connected: true, reason: "" } };
    const sources = (["stream", "socket"] as const).map((name) => ({ name, health: () => health[name] }));
    const told: string[] = [];
    let isOver = false;
    const waiting = whenConnected(sources, {
      tell: (reason) => void told.push(reason),
      signal: new AbortController().signal,
      clock,
    }).then(() => (isOver = true));
    expect(told).toEqual(["stream: not started"]);
    health.stream.reason = "cannot connect: ENOENT";
    // It has answered before: what it does later is for its metrics.
    health.socket.connected = false;
    await clock.advance(500);
    expect(told.at(-1)).toBe("stream: cannot connect: ENOENT");
    expect(isOver).toBe(false);
    health.stream.connected = true;
    await clock.advance(500);
    await waiting;
    expect(clock.pendingTimers).toBe(0);
  });

  it("ends with its signal and tells nothing afterwards", async () => {
    const clock = new ManualClock();
    const over = new AbortController();
    const told: string[] = [];
    const source = { name: "stream", health: () => ({ connected: false, reason: "r" }) };
    const waiting = whenConnected([source], { tell: (reason) => void told.push(reason), signal: over.signal, clock });
    over.abort(new Error("stopping"));
    await expect(waiting).rejects.toThrow("stopping");
    await clock.advance(10_000);
    expect([told.length, clock.pendingTimers]).toEqual([1, 0]);
  });
});

describe("eventFolder", () => {
  it("is there once the folder is, with or without the file", async () => {
    await using temp = await openTempDir("kinglet folder ");
    const folder = eventFolder(temp.file("tetragon/tetragon.log"));
    expect(folder.health()).toEqual({
      connected: false,
      reason: `the folder ${temp.file("tetragon")} of the event file does not exist`,
    });
    await mkdir(temp.file("tetragon"));
    expect(folder.health().connected).toBe(true);
  });
});
