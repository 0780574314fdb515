import { ManualClock } from "@kinglet/lifecycle";
import { describe, expect, it } from "vitest";
import { rawRequest, rawWatch } from "../../test/raw-request.ts";
import { openKubeSim, type KubeObjectInput } from "../index.ts";

const EVENTS = "/api/v1/namespaces/default/events";
const HOUR_MS = 3_600_000;

const event = (name: string): KubeObjectInput => ({
  apiVersion: "v1",
  kind: "Event",
  metadata: { name },
  involvedObject: { kind: "Pod", namespace: "default", name: "web" },
  reason: "Started",
  message: "started",
  type: "Normal",
  count: 1,
});

describe("EventExpiry", () => {
  it("takes an event away an hour after it was last written, and tells watches of both groups [sim 12]", async () => {
    const clock = new ManualClock();
    await using sim = await openKubeSim({ clock });
    await rawRequest(sim, "POST", EVENTS, { body: event("old") });
    const path = "/apis/events.k8s.io/v1/namespaces/default/events?watch=true";
    using watch = await rawWatch(sim, `${path}&timeoutSeconds=86400`);
    expect((await watch.next()).type).toBe("ADDED");
    await clock.advance(HOUR_MS / 2);
    await rawRequest(sim, "POST", EVENTS, { body: event("young") });
    expect((await watch.next()).object.metadata.name).toBe("young");
    await clock.advance(HOUR_MS / 2 - 1);
    expect(sim.list("events").map((object) => object.metadata.name)).toEqual(["old", "young"]);
    await clock.advance(1);
    const gone = await watch.next();
    expect([gone.type, gone.object.metadata.name, gone.object.metadata.resourceVersion]).toEqual([
      "DELETED",
      "old",
      sim.resourceVersion,
    ]);
    expect((await rawRequest(sim, "GET", `${EVENTS}/old`)).status).toBe(404);
    expect((await rawRequest(sim, "GET", `${EVENTS}/young`)).status).toBe(200);
    await clock.advance(HOUR_MS / 2);
    expect(sim.list("events")).toEqual([]);
  });

  it("gives an event that is written again its whole time once more [sim 12]", async () => {
    const clock = new ManualClock();
    await using sim = await openKubeSim({ clock, eventTtlMs: 1000 });
    sim.load({ events: 3 });
    sim.apply(event("again"));
    await clock.advance(600);
    const headers = { "content-type": "application/merge-patch+json" };
    await rawRequest(sim, "PATCH", `${EVENTS}/again`, { body: { count: 2 }, headers });
    await clock.advance(600);
    expect(sim.list("events").map((object) => object.metadata.name)).toEqual(["again"]);
    await clock.advance(400);
    expect(sim.list("events")).toEqual([]);
  });

  it("waits for nothing when there are no events or the simulator has stopped [sim 12]", async () => {
    const clock = new ManualClock();
    const sim = await openKubeSim({ clock });
    expect(clock.pendingTimers).toBe(0);
    sim.apply(event("a"));
    sim.remove("events", "default", "a");
    sim.apply(event("b"));
    expect(clock.pendingTimers).toBe(1);
    await sim.stop();
    expect(clock.pendingTimers).toBe(0);
  });
});
