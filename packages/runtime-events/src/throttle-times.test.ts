import { describe, expect, it } from "vitest";
import { ThrottleTimes } from "./throttle-times.ts";

const time = (seconds: number): string => new Date(seconds * 1000).toISOString();
const start = (cgroup: string, seconds: number) => ({ detail: `THROTTLE_START ${cgroup}`, time: time(seconds) });
const stop = (cgroup: string, seconds: number) => ({ detail: `THROTTLE_STOP ${cgroup}`, time: time(seconds) });
const id = "ab".repeat(32);
const cgroup = `cri-containerd-${id}.scope`;

describe("ThrottleTimes", () => {
  it("tells from when to when a cgroup was left out, and whose it is [events blind]", () => {
    const times = new ThrottleTimes(0);
    times.observed(start(cgroup, 10), 0);
    times.observed(start(cgroup, 11), 0);
    times.observed({ detail: "THROTTLE_START session-1.scope", time: "" }, 12_000);
    expect(times.list).toMatchObject([
      { fromMs: 10_000, untilMs: undefined, containerId: id },
      { fromMs: 12_000, untilMs: undefined },
    ]);
    times.observed(stop(cgroup, 15), 0);
    expect(times.list).toMatchObject([
      { fromMs: 10_000, untilMs: 15_000, containerId: id },
      { fromMs: 12_000, untilMs: undefined },
    ]);
    expect(times.list[1]).not.toHaveProperty("containerId");
  });

  it("lasts until the last CPU says that it is over [events blind]", () => {
    const times = new ThrottleTimes(0);
    times.observed(start(cgroup, 10), 0);
    for (const seconds of [15, 16, 14]) times.observed(stop(cgroup, seconds), 0);
    expect(times.list).toMatchObject([{ fromMs: 10_000, untilMs: 16_000, containerId: id }]);
    times.observed(start(cgroup, 20), 0);
    times.observed(stop(cgroup, 21), 0);
    expect(times.list.map(({ fromMs }) => fromMs)).toEqual([10_000, 20_000]);
  });

  it("ends with the agent that began it, and goes on when that turns out to be still there [events blind]", () => {
    const times = new ThrottleTimes(0);
    times.observed(start(cgroup, 10), 0);
    times.interrupted(30_000);
    expect(times.list).toMatchObject([{ fromMs: 10_000, untilMs: 30_000, containerId: id }]);
    times.observed(stop(cgroup, 40), 0);
    expect(times.list).toMatchObject([{ fromMs: 10_000, untilMs: 40_000, containerId: id }]);
  });

  it("began before anybody read when only its end is told [events blind]", () => {
    const times = new ThrottleTimes(5_000);
    times.observed(stop(cgroup, 3), 0);
    times.observed(stop(cgroup, 9), 0);
    expect(times.list).toMatchObject([{ fromMs: 5_000, untilMs: 9_000, containerId: id }]);
  });

  it("hides no cgroup that is left out however many there are [events blind]", () => {
    const times = new ThrottleTimes(0);
    for (let at = 0; at < 3000; at++) times.observed(start(`g${at}`, at + 1), 0);
    expect(times.list).toHaveLength(1025);
    expect(times.list.at(-1)).toEqual({
      fromMs: 1_025_000,
      untilMs: undefined,
      reason: "Tetragon leaves out more cgroups than are told apart (cgroup rate)",
    });
    times.interrupted(4_000_000);
    expect(times.list).toHaveLength(64);
    expect(Math.min(...times.list.map(({ fromMs }) => fromMs))).toBe(1000);
    expect(times.list.every(({ untilMs }) => untilMs === 4_000_000)).toBe(true);
  });

  it("lets one that is left out again and again cost only itself [events blind]", () => {
    const times = new ThrottleTimes(0);
    times.observed(start(cgroup, 1), 0);
    times.observed(stop(cgroup, 2), 0);
    const flapping = "cd".repeat(32);
    for (let at = 0; at < 500; at++) {
      times.observed(start(flapping, 3 + at), 0);
      times.observed(stop(flapping, 3.5 + at), 0);
    }
    expect(times.list).toHaveLength(64);
    expect(times.list.filter(({ containerId }) => containerId === undefined)).toEqual([]);
    expect(times.list.find(({ containerId }) => containerId === id)).toMatchObject({ fromMs: 1000, untilMs: 2000 });
    expect(times.list.find(({ containerId }) => containerId === flapping)?.fromMs).toBe(3000);
  });
});
