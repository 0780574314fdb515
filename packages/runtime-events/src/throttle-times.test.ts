import { describe, expect, it } from "vitest";
import { ThrottleTimes } from "./throttle-times.ts";

const time = (seconds: number): string => new Date(seconds * 1000).toISOString();

describe("ThrottleTimes", () => {
  it("tells from when to when a cgroup was left out, and whose it is [events blind]", () => {
    const times = new ThrottleTimes();
    const id = "ab".repeat(32);
    const cgroup = `cri-containerd-${id}.scope`;
    times.observed({ detail: `THROTTLE_START ${cgroup}`, time: time(10) }, 0);
    times.observed({ detail: `THROTTLE_START ${cgroup}`, time: time(11) }, 0);
    times.observed({ detail: "THROTTLE_START session-1.scope", time: "" }, 12_000);
    expect(times.list).toMatchObject([
      { fromMs: 10_000, untilMs: undefined, containerId: id },
      { fromMs: 12_000, untilMs: undefined },
    ]);
    times.observed({ detail: `THROTTLE_STOP ${cgroup}`, time: time(15) }, 0);
    times.observed({ detail: `THROTTLE_STOP ${cgroup}`, time: time(16) }, 0);
    expect(times.list).toMatchObject([
      { fromMs: 12_000, untilMs: undefined },
      { fromMs: 10_000, untilMs: 15_000, containerId: id },
    ]);
    expect(times.list[0]).not.toHaveProperty("containerId");
  });

  it("keeps the last sixteen [events blind]", () => {
    const times = new ThrottleTimes();
    for (let at = 0; at < 40; at++) times.observed({ detail: `THROTTLE_START g${at}`, time: time(at + 1) }, 0);
    expect(times.list.map(({ fromMs }) => fromMs / 1000)).toEqual(Array.from({ length: 16 }, (_, at) => at + 25));
  });
});
