import { ManualClock } from "@kinglet/lifecycle";
import { describe, expect, it } from "vitest";
import { EventPace } from "./event-pace.ts";

/** Counts `events` that come evenly over `seconds`, a batch each 10 ms. */
async function come(pace: EventPace, clock: ManualClock, events: number, seconds: number): Promise<void> {
  const batches = seconds * 100;
  for (let batch = 0; batch < batches; batch++) {
    for (let event = 0; event < events / batches; event++) pace.count();
    await clock.advance(10);
  }
}

function open(): { readonly pace: EventPace; readonly clock: ManualClock; readonly told: () => number } {
  const clock = new ManualClock();
  let told = 0;
  return { pace: new EventPace({ clock, onBusy: () => (told += 1) }), clock, told: () => told };
}

describe("EventPace", () => {
  it("tells once that events come at 5,000 a second for 6 s", async () => {
    const { pace, clock, told } = open();
    await come(pace, clock, 15_000, 3);
    expect(told()).toBe(0);
    await come(pace, clock, 45_000, 9);
    expect(told()).toBe(1);
  });

  it("says nothing at 3,000 a second, however long", async () => {
    const { pace, clock, told } = open();
    await come(pace, clock, 180_000, 60);
    expect(told()).toBe(0);
  });

  it("says nothing of bursts with quiet between them", async () => {
    const { pace, clock, told } = open();
    for (let burst = 0; burst < 10; burst++) {
      await come(pace, clock, 12_000, 1);
      await clock.advance(5_000);
    }
    expect(told()).toBe(0);
  });
});
