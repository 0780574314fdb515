import type { Alert } from "@kinglet/detection";
import { describe, expect, it } from "vitest";
import { AlertBacklog } from "./alert-backlog.ts";

const alert = (message: string): Alert => ({ message }) as Alert;
const never = new AbortController().signal;

function open(bounds: { readonly maxEntries?: number; readonly maxBytes?: number }): {
  backlog: AlertBacklog;
  dropped: () => number;
} {
  let dropped = 0;
  const backlog = new AlertBacklog({ maxEntries: 100, maxBytes: 100_000, onDrop: () => dropped++, ...bounds });
  return { backlog, dropped: () => dropped };
}

describe("AlertBacklog", () => {
  it("drops the oldest beyond its number", () => {
    const { backlog, dropped } = open({ maxEntries: 2 });
    for (const message of ["a", "b", "c"]) backlog.offer(alert(message));
    expect(dropped()).toBe(1);
    expect([backlog.tryTake()?.message, backlog.tryTake()?.message, backlog.tryTake()]).toEqual(["b", "c", undefined]);
    expect(backlog.bytes).toBe(0);
  });

  it("drops the oldest beyond its bytes", () => {
    const { backlog, dropped } = open({ maxBytes: 20_000 });
    for (let at = 0; at < 10; at++) backlog.offer(alert(String(at).repeat(4000)));
    expect(dropped()).toBe(8);
    expect(backlog.bytes).toBeLessThanOrEqual(20_000);
    expect(backlog.tryTake()?.message.startsWith("8")).toBe(true);
  });

  it("gives an alert to who waits, and counts nothing then", async () => {
    const { backlog, dropped } = open({});
    const taken = backlog.take({ signal: never });
    backlog.offer(alert("a"));
    expect((await taken).message).toBe("a");
    expect([backlog.bytes, dropped()]).toEqual([0, 0]);
  });
});
