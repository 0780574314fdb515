import { ExecEvent } from "@kinglet/enrichment";
import { describe, expect, it } from "vitest";
import { EventOutlet } from "./event-outlet.ts";

describe("EventOutlet", () => {
  it("does not hold what a former consumer threw against the next one", async () => {
    const outlet = new EventOutlet({ maxEntries: 16, onDrop: () => {} });
    outlet.connect(() => {
      throw new Error("first");
    });
    outlet.offer(new ExecEvent({ sequence: 1 }));
    await expect(outlet.failed).rejects.toThrow("first");
    outlet.offer(new ExecEvent({ sequence: 2 }));
    const delivered: number[] = [];
    outlet.connect((event) => void delivered.push(event.sequence));
    outlet.flush();
    expect(delivered).toEqual([2]);
    expect(await Promise.race([outlet.failed.catch(() => "failed"), Promise.resolve("fine")])).toBe("fine");
  });
});
