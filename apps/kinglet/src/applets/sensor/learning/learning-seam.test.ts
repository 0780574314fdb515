import { ExecEvent, type ContainerIdentity, type EventOrigin } from "@kinglet/enrichment";
import { describe, expect, it } from "vitest";
import type { ContainerLearning } from "./container-learning.ts";
import { LearningSeam } from "./learning-seam.ts";

const missedEvent = (containerIdPrefix: string, receivedAtMs: number, names: Partial<EventOrigin> = {}): ExecEvent =>
  new ExecEvent({ sequence: 1, containerIdPrefix, receivedAtMs, ...names });
const byUid = { podUid: "uid-cart", containerName: "app" };
const byName = { podNamespace: "shop", podName: "cart", containerName: "app" };
const identity = (containerId: string, others: Partial<ContainerIdentity> = {}): ContainerIdentity =>
  ({
    containerId,
    podUid: "uid-cart",
    namespace: "shop",
    podName: "cart",
    containerName: "app",
    ...others,
  }) as ContainerIdentity;

/** @param known - ids of containers that every name means. */
function open(known: readonly string[] = []): {
  readonly seam: LearningSeam;
  readonly loads: () => number;
  readonly told: string[];
} {
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
    { isHostNetwork: () => false, namesakes: () => known.map((id) => identity(id)) },
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
    const since = ["abcdef", "xyz"].map((id) => seam.missedSince(identity(id), 400));
    expect([since, loads()]).toEqual([[100, undefined], 0]);
    for (let n = 0; n < 1_024; n++) seam.missed(missedEvent(`n${String(n)}-`, n), undefined);
    expect(seam.missedSince(identity("abcdef"), 400)).toBeUndefined();
  });

  it("holds what was given up of an id that no status names against the instances of that container", async () => {
    const { seam, told } = open(["first", "second"]);
    seam.missed(missedEvent("before", 50, byUid), undefined);
    seam.note(() => {});
    await seam.opened;
    seam.missed(missedEvent("gone", 100, byUid), undefined);
    seam.missed(missedEvent("gone", 150, byUid), undefined);
    seam.missed(missedEvent("", 200, byUid), undefined);
    seam.missed(missedEvent("pause", 250, { ...byUid, containerName: "" }), undefined);
    // The one that was missed before anything was learned is nobody's but by what is watched later.
    expect(told).toEqual(["100 Infinity first,second"]);
  });

  it.each([
    ["the uid of its pod", byUid],
    ["the names of its pod", byName],
  ])("holds it for ten minutes against an instance that is known later, by %s", (_by, names) => {
    const { seam } = open();
    seam.missed(missedEvent("gone", 100, names), undefined);
    seam.missed(missedEvent("gone", 1_000, names), undefined);
    const later = (nowMs: number, others?: Partial<ContainerIdentity>): number | undefined =>
      seam.missedSince(identity("later", others), nowMs);
    expect([later(600_999), later(601_000)]).toEqual([100, undefined]);
    expect(later(2_000, { containerName: "proxy" })).toBeUndefined();
    expect(later(2_000, { podUid: "other", podName: "other" })).toBeUndefined();
  });

  it("tells at once what was given up of a container that is known", async () => {
    const { seam, told } = open();
    seam.missed(missedEvent("abc", 100), "abcdef");
    await seam.opened;
    expect(told).toEqual(["100 101 abcdef"]);
  });
});
