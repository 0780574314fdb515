import { describe, expect, it } from "vitest";

import { disposeWithin } from "./dispose-within.ts";
import { ManualClock } from "./manual-clock.ts";

describe("disposeWithin", () => {
  it("releases what is owned in reverse order", async () => {
    const clock = new ManualClock();
    const stack = new AsyncDisposableStack();
    const log: string[] = [];
    stack.defer(() => void log.push("first"));
    stack.defer(async () => void log.push("second"));
    await disposeWithin(stack, 1_000, clock);
    expect(log).toEqual(["second", "first"]);
    expect(clock.pendingTimers).toBe(0);
    await disposeWithin(stack, 1_000, clock);
  });

  it("stops waiting when the time is up", async () => {
    const clock = new ManualClock();
    const stack = new AsyncDisposableStack();
    stack.defer(() => new Promise(() => {}));
    const done = disposeWithin(stack, 1_000, clock);
    const checked = expect(done).rejects.toMatchObject({ code: "KINGLET_ERR_LIFECYCLE_TIMEOUT" });
    await clock.advance(1_000);
    await checked;
  });

  it("reports every failure of disposal", async () => {
    const stack = new AsyncDisposableStack();
    const [first, second] = [new Error("first"), new Error("second")];
    stack.defer(() => Promise.reject(first));
    stack.defer(() => Promise.reject(second));
    await expect(disposeWithin(stack, 1_000, new ManualClock())).rejects.toMatchObject({
      error: first,
      suppressed: second,
    });
  });
});
