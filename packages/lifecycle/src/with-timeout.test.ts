import { describe, expect, it } from "vitest";

import { ManualClock } from "./manual-clock.ts";
import { withTimeout } from "./with-timeout.ts";

describe("withTimeout", () => {
  it("fires with a code and the name of the operation when the time is up", async () => {
    const clock = new ManualClock();
    using deadline = withTimeout(500, { clock, name: "listing pods" });
    await clock.advance(499);
    expect(deadline.aborted).toBe(false);
    await clock.advance(1);
    expect(deadline.reason).toMatchObject({
      code: "KINGLET_ERR_LIFECYCLE_TIMEOUT",
      message: "listing pods took longer than 500 ms",
    });
  });

  it("passes on the caller's reason and drops its timer", () => {
    const clock = new ManualClock();
    const controller = new AbortController();
    using deadline = withTimeout(500, { clock, signal: controller.signal });
    const reason = new Error("caller");
    controller.abort(reason);
    expect(deadline.reason).toBe(reason);
    expect(clock.pendingTimers).toBe(0);
    using late = withTimeout(500, { clock, signal: controller.signal });
    expect(late.reason).toBe(reason);
    expect(clock.pendingTimers).toBe(0);
  });

  it("leaves nothing behind when disposed", () => {
    const clock = new ManualClock();
    const controller = new AbortController();
    const deadline = withTimeout(500, { clock, signal: controller.signal });
    deadline[Symbol.dispose]();
    controller.abort();
    expect(deadline.aborted).toBe(false);
    expect(clock.pendingTimers).toBe(0);
  });
});
