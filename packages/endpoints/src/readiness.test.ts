import { describe, expect, it } from "vitest";
import { createReadiness } from "./readiness.ts";

describe("createReadiness", () => {
  it("is ready when every condition is, and tells why not", () => {
    const readiness = createReadiness();
    const changes: boolean[] = [];
    const remove = readiness.onChange((isReady) => changes.push(isReady));
    expect(readiness.isReady).toBe(true);
    const pods = readiness.register("pods", "first list is under way");
    const events = readiness.register("events", "file is missing");
    expect(readiness.reasons()).toEqual([
      { name: "pods", reason: "first list is under way" },
      { name: "events", reason: "file is missing" },
    ]);
    pods.ready();
    expect(readiness.isReady).toBe(false);
    events.ready();
    expect(readiness.isReady).toBe(true);
    events.notReady("connection lost");
    expect(readiness.reasons()).toEqual([{ name: "events", reason: "connection lost" }]);
    events.remove();
    expect(changes).toEqual([false, true, false, true]);
    remove();
    pods.notReady("");
    expect(readiness.reasons()).toEqual([{ name: "pods", reason: "not ready" }]);
    expect(changes).toHaveLength(4);
    expect(() => readiness.register("pods", "x")).toThrow(
      expect.objectContaining({ code: "KINGLET_ERR_ENDPOINTS_READINESS_NAME" }),
    );
  });
});
