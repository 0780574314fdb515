import { ManualClock } from "@kinglet/lifecycle";
import { createMetrics } from "@kinglet/metrics";
import { describe, expect, it } from "vitest";
import { fault, MemoryApi } from "../../test/memory-api.ts";
import { EventRecorder, type EventRecorderOptions } from "./event-recorder.ts";
import type { EventInput } from "./recorded-event.ts";

const backOff: EventInput = {
  regarding: { apiVersion: "v1", kind: "Pod", name: "web", namespace: "shop", uid: "u" },
  type: "Warning",
  reason: "BackOff",
  action: "Restart",
  note: "restarting failed container",
};

function open(options: Partial<EventRecorderOptions> = {}) {
  const clock = new ManualClock();
  const api = new MemoryApi();
  const registry = createMetrics();
  const recorder = new EventRecorder({
    client: api,
    reportingController: "kinglet.dev/test",
    reportingInstance: "test-0",
    ...{ clock, random: () => 0.5, metrics: registry },
    ...options,
  });
  const stopping = new AbortController();
  const ended = recorder.run({ signal: stopping.signal });
  const metric = async (outcome: string): Promise<number> => {
    const { text } = await registry.exposition();
    return Number(new RegExp(`kinglet_recorded_events_total\\{outcome="${outcome}"\\} (\\d+)`).exec(text)?.[1] ?? 0);
  };
  return { clock, api, recorder, metric, ended, stop: () => stopping.abort() };
}

describe("EventRecorder", () => {
  it("makes a thousand repetitions one object and two patches [client M11]", async () => {
    const { clock, api, recorder, ended, stop } = open();
    for (let at = 0; at < 1000; at++) {
      recorder.record(backOff);
      await clock.advance(10);
    }
    expect(api.calls).toEqual(["create", "patch"]);
    await clock.advance(1_100_000);
    expect(api.calls).toEqual(["create", "patch", "patch"]);
    const [event] = api.objects.values();
    expect(event).toMatchObject({
      ...{ apiVersion: "events.k8s.io/v1", kind: "Event", metadata: { namespace: "shop" } },
      ...{ reason: "BackOff", action: "Restart", type: "Warning", reportingController: "kinglet.dev/test" },
      series: { count: 1000 },
    });
    expect(event?.["eventTime"]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    expect(clock.pendingTimers).toBe(0);
    recorder.record(backOff);
    await clock.advance(10);
    expect(api.objects.size).toBe(2);
    stop();
    await ended;
  });

  it("writes the count of a series that goes on every half hour [client M11]", async () => {
    const { clock, api, recorder, ended, stop } = open();
    for (let at = 0; at < 120; at++) {
      recorder.record(backOff);
      await clock.advance(60_000);
    }
    const patches = api.calls.filter((call) => call === "patch").length;
    expect(patches).toBeGreaterThanOrEqual(3);
    expect(patches).toBeLessThanOrEqual(5);
    stop();
    await ended;
  });

  it("keeps events apart that differ in anything but the time", async () => {
    const { clock, api, recorder, ended, stop } = open();
    for (const input of [backOff, { ...backOff, note: "other" }, { ...backOff, action: "Kill" }])
      recorder.record(input);
    recorder.record({ ...backOff, regarding: { apiVersion: "v1", kind: "Node", name: "n".repeat(260) } });
    await clock.advance(10);
    expect(api.objects.size).toBe(4);
    const last = [...api.objects.values()].at(-1);
    expect(last?.metadata).toMatchObject({ namespace: "default" });
    expect(last?.metadata.name).toHaveLength(253);
    stop();
    await ended;
  });

  it("tries 12 times about 10 s apart, then counts it as failed, and goes on with the next [client M11]", async () => {
    const { clock, api, recorder, metric, ended, stop } = open();
    api.fault = () => fault("SERVER");
    recorder.record(backOff);
    await clock.advance(200_000);
    expect(api.calls).toHaveLength(12);
    expect(await metric("failed")).toBe(1);
    api.fault = () => undefined;
    recorder.record(backOff);
    await clock.advance(10);
    expect(await metric("written")).toBe(1);
    stop();
    await ended;
  });

  it("does not try again what the server refuses, and makes a new event of a series whose first one has expired", async () => {
    const { clock, api, recorder, metric, ended, stop } = open();
    api.fault = () => fault("FORBIDDEN");
    recorder.record(backOff);
    await clock.advance(100_000);
    expect([api.calls.length, await metric("failed")]).toEqual([1, 1]);
    api.fault = () => undefined;
    recorder.record(backOff);
    await clock.advance(10);
    api.objects.clear();
    recorder.record(backOff);
    await clock.advance(20_000);
    expect([...api.objects.values()][0]).toMatchObject({ series: { count: 2 } });
    stop();
    await ended;
  });

  it("drops and counts what does not fit, and cuts notes at whole characters", async () => {
    const { clock, api, recorder, metric, ended, stop } = open({ maxQueued: 2, maxRemembered: 3 });
    const gate = Promise.withResolvers<void>();
    api.gate = gate.promise;
    for (let at = 0; at < 6; at++) recorder.record({ ...backOff, note: `${String(at)} ${"ä".repeat(2000)}` });
    await clock.advance(10);
    gate.resolve();
    await clock.advance(10);
    expect(await metric("dropped")).toBeGreaterThanOrEqual(3);
    for (const { note } of api.objects.values() as Iterable<{ note?: string }>) {
      expect(Buffer.byteLength(note ?? "")).toBeLessThanOrEqual(1024);
      expect(note).toMatch(/^\d ä+…$/);
    }
    stop();
    await ended;
    expect(clock.pendingTimers).toBe(0);
  });

  it("takes an event for written whose answer was lost, and counts on in it", async () => {
    const { clock, api, recorder, metric, ended, stop } = open();
    const create = api.create.bind(api);
    let isLost = true;
    api.create = async <T>(...args: Parameters<MemoryApi["create"]>): Promise<T> => {
      const made = await create<T>(...args);
      if (isLost) throw fault("UNREACHABLE");
      return made;
    };
    recorder.record(backOff);
    await clock.advance(10);
    isLost = false;
    recorder.record(backOff);
    await clock.advance(30_000);
    expect([await metric("failed"), api.objects.size]).toEqual([0, 1]);
    expect([...api.objects.values()][0]).toMatchObject({ series: { count: 2 } });
    stop();
    await ended;
  });

  it.each(["system:node:One", "web-", "a".repeat(300), `${"a".repeat(233)}.b`, "Ä", ""])(
    "names the event on %j as a server allows",
    async (name) => {
      const { clock, api, recorder, ended, stop } = open();
      recorder.record({ ...backOff, regarding: { ...backOff.regarding, name } });
      await clock.advance(10);
      const [event] = api.objects.values();
      expect(event?.metadata.name).toMatch(
        /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
      );
      stop();
      await ended;
    },
  );

  it("has no timer after it has ended, also where something is still recorded", async () => {
    const { clock, recorder, ended, stop } = open();
    stop();
    await ended;
    recorder.record(backOff);
    expect(clock.pendingTimers).toBe(0);
  });
});
