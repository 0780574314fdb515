import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { giveBackMemory } from "./give-back-memory.ts";

describe("giveBackMemory", () => {
  it("[memory give-back] collects what nobody holds any more", async () => {
    const held = new WeakRef({ text: "x".repeat(1000) });
    // What a WeakRef was made of lives on until its turn of the event loop ends.
    await setImmediate();
    giveBackMemory();
    expect(held.deref()).toBeUndefined();
  });

  it("[memory give-back] leaves nothing of what it asks for", () => {
    const before = process.memoryUsage();
    giveBackMemory();
    const after = process.memoryUsage();
    expect(after.arrayBuffers).toBeLessThan(before.arrayBuffers + 1_000_000);
    expect(after.external).toBeLessThan(before.external + 1_000_000);
  });
});
