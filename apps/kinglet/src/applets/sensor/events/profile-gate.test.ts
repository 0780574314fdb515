import { ExecEvent, type ContainerIdentity } from "@kinglet/enrichment";
import { ManualClock } from "@kinglet/lifecycle";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProfileGate } from "./profile-gate.ts";

const identityOf = (containerId: string): ContainerIdentity => ({ containerId }) as ContainerIdentity;

function gate(maxHeld = 100) {
  const clock = new ManualClock();
  const ready = new Set<string>();
  const passed: [string, number][] = [];
  const subject = new ProfileGate({
    isReady: (id) => ready.has(id),
    pass: ({ sequence }, { containerId }) => void passed.push([containerId, sequence]),
    clock,
    maxHeld,
    maxHoldMs: 1000,
  });
  const enter = (id: string, sequence: number): void => subject.enter(new ExecEvent({ sequence }), identityOf(id));
  return { clock, ready, passed, subject, enter };
}

describe("ProfileGate", () => {
  it("passes at once what has nothing to wait for", () => {
    const { ready, passed, enter, clock } = gate();
    ready.add("a");
    enter("a", 1);
    expect([passed, clock.pendingTimers]).toEqual([[["a", 1]], 0]);
  });

  it("holds until the container is ready, and keeps the order of those behind", () => {
    const { ready, passed, enter, subject, clock } = gate();
    enter("a", 1);
    ready.add("a");
    enter("a", 2);
    enter("b", 3);
    expect([passed, subject.size]).toEqual([[], 3]);
    subject.check("b");
    subject.check("a");
    subject.check("nobody");
    expect([passed, subject.size, clock.pendingTimers]).toEqual([
      [
        ["a", 1],
        ["a", 2],
      ],
      1,
      1,
    ]);
    ready.add("b");
    subject.checkAll();
    expect([passed.length, subject.size, clock.pendingTimers]).toEqual([3, 0, 0]);
  });

  it("lets everything of a container pass when its first event has waited long enough", async () => {
    const { passed, enter, subject, clock } = gate();
    enter("a", 1);
    await clock.advance(999);
    enter("a", 2);
    expect(passed).toEqual([]);
    await clock.advance(1);
    expect([passed, subject.size, clock.pendingTimers]).toEqual([
      [
        ["a", 1],
        ["a", 2],
      ],
      0,
      0,
    ]);
  });

  it("asks to wait while it is full", async () => {
    const { enter, subject, clock } = gate(2);
    enter("a", 1);
    expect(subject.waitForRoom()).toBeUndefined();
    enter("b", 2);
    const full = subject.waitForRoom();
    expect(full).toBeInstanceOf(Promise);
    await clock.advance(1000);
    await full;
    expect(subject.waitForRoom()).toBeUndefined();
  });

  it("forgets everything when it is disposed of", async () => {
    const { passed, enter, subject, clock } = gate(1);
    enter("a", 1);
    const full = subject.waitForRoom();
    subject[Symbol.dispose]();
    await full;
    await clock.advance(1000);
    expect([passed, subject.size, clock.pendingTimers]).toEqual([[], 0, 0]);
  });

  it("passes every event exactly once, per container in the order of arrival", async () => {
    const id = fc.constantFrom("a", "b", "c");
    const step = fc.tuple(fc.constantFrom("enter", "enter", "ready", "unready", "check", "checkAll", "advance"), id);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { clock, ready, passed, subject, enter } = gate(3);
        let entered = 0;
        for (const [name, on] of steps) {
          if (name === "enter") enter(on, ++entered);
          else if (name === "ready") ready.add(on);
          else if (name === "unready") ready.delete(on);
          else if (name === "check") subject.check(on);
          else if (name === "checkAll") subject.checkAll();
          else await clock.advance(400);
          expect(passed.length + subject.size).toBe(entered);
        }
        await clock.advance(1000);
        expect([passed.length, subject.size, clock.pendingTimers]).toEqual([entered, 0, 0]);
        for (const one of ["a", "b", "c"]) {
          const sequences = passed.flatMap(([from, sequence]) => (from === one ? [sequence] : []));
          expect(sequences).toEqual([...sequences].sort((left, right) => left - right));
        }
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});
