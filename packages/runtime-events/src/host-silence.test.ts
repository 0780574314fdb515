import { ExecEvent } from "@kinglet/enrichment";
import { describe, expect, it } from "vitest";
import { HostSilence } from "./host-silence.ts";

const exec = (seconds: number, containerIdPrefix = "c1", isReplay = false): ExecEvent =>
  new ExecEvent({ sequence: 1, receivedAtMs: seconds * 1000, containerIdPrefix, isReplay });

describe("HostSilence", () => {
  it("says once that the node's own processes are left out [events host]", () => {
    const hosts = new HostSilence();
    const times = Array.from({ length: 200 }, (_, at) => at * 10);
    expect(times.filter((seconds) => hosts.isSilent(exec(seconds)))).toEqual([990]);
  });

  it("waits for ten minutes however busy containers are, and for containers that are busy [events host]", () => {
    const hosts = new HostSilence();
    expect(Array.from({ length: 5000 }, () => hosts.isSilent(exec(0))).includes(true)).toBe(false);
    const few = new HostSilence();
    expect([few.isSilent(exec(0)), few.isSilent(exec(3600))]).toEqual([false, false]);
  });

  it("is content with one, but not with a replay [events host]", () => {
    const hosts = new HostSilence();
    hosts.isSilent(exec(0, ""));
    expect(Array.from({ length: 200 }, (_, at) => hosts.isSilent(exec(at * 10))).includes(true)).toBe(false);
    const replayed = new HostSilence();
    replayed.isSilent(exec(0, "", true));
    expect(Array.from({ length: 200 }, (_, at) => replayed.isSilent(exec(at * 10))).includes(true)).toBe(true);
  });
});
