import { ExecEvent } from "@kinglet/enrichment";
import { describe, expect, it } from "vitest";
import type { ContainerLearning } from "./container-learning.ts";
import { LearningSeam } from "./learning-seam.ts";

const missedEvent = (containerIdPrefix: string, receivedAtMs: number): ExecEvent =>
  new ExecEvent({ sequence: 1, containerIdPrefix, receivedAtMs });

function open(): { readonly seam: LearningSeam; readonly loads: () => number; readonly told: string[] } {
  let loads = 0;
  const told: string[] = [];
  const learner = {
    sourceBlind: (from: number, to: number, ids: readonly string[]) => told.push(`${from} ${to} ${ids.join()}`),
  };
  const seam = new LearningSeam(
    async () => {
      loads += 1;
      return { learner } as unknown as ContainerLearning;
    },
    { isHostNetwork: () => false },
  );
  return { seam, loads: () => loads, told };
}

describe("LearningSeam", () => {
  it("loads nothing before the first note, and then tells all of them in order", async () => {
    const { seam, loads } = open();
    expect([loads(), seam.learning]).toEqual([0, undefined]);
    const seen: number[] = [];
    seam.note(() => void seen.push(1));
    seam.note(() => void seen.push(2));
    await seam.opened;
    seam.note(() => void seen.push(3));
    expect([loads(), seen]).toEqual([1, [1, 2, 3]]);
  });

  it("is asked for from the first note on, while it still loads", async () => {
    const { seam } = open();
    expect(seam.isAsked).toBe(false);
    seam.note(() => {});
    expect([seam.isAsked, seam.learning]).toEqual([true, undefined]);
    await seam.opened;
    expect(seam.isAsked).toBe(true);
  });

  it("remembers since when something was given up of containers that nobody knew, within a bound", () => {
    const { seam, loads } = open();
    seam.missed(missedEvent("abc", 100), undefined);
    seam.missed(missedEvent("abc", 200), undefined);
    seam.missed(missedEvent("", 300), undefined);
    expect([seam.missedSince("abcdef"), seam.missedSince("xyz"), loads()]).toEqual([100, undefined, 0]);
    for (let n = 0; n < 1_024; n++) seam.missed(missedEvent(`n${String(n)}-`, n), undefined);
    expect(seam.missedSince("abcdef")).toBeUndefined();
  });

  it("tells at once what was given up of a container that is known", async () => {
    const { seam, told } = open();
    seam.missed(missedEvent("abc", 100), "abcdef");
    await seam.opened;
    expect(told).toEqual(["100 101 abcdef"]);
  });
});
