import type { ContainerIdentity } from "@kinglet/enrichment";
import type { ContainerStart, Learner } from "@kinglet/learning";
import { ManualClock } from "@kinglet/lifecycle";
import type { BlindInterval, SourceHealth } from "@kinglet/runtime-events";
import { describe, expect, it } from "vitest";
import type { PodDetails } from "../pods/pod-details.ts";
import { ContainerLearning, type ContainerLearningOptions } from "./container-learning.ts";

const containerId = "a".repeat(64);
const identity = { containerId, namespace: "shop", podName: "cart" } as ContainerIdentity;
const instance = {} as Parameters<ContainerLearning["watched"]>[2];
const podOf = (state: object | undefined): PodDetails =>
  ({
    metadata: { namespace: "shop", name: "cart", uid: "1" },
    spec: { containers: [] },
    status: {
      containerStatuses: [{ name: "app", containerID: `containerd://${containerId}`, ...(state && { state }) }],
    },
  }) as unknown as PodDetails;

/** @param watchingSinceMs - null: as a source that does not say it. */
function open(
  watchingSinceMs: number | null | undefined = 0,
  openedAtMs?: number,
  missedSinceMs?: number,
): {
  readonly learning: ContainerLearning;
  readonly clock: ManualClock;
  readonly starts: ContainerStart[];
  readonly blind: string[];
  readonly ends: string[];
  readonly health: { blindIntervals: BlindInterval[]; droppedByUs: number; droppedUpstream: number; asked: number };
} {
  const clock = new ManualClock();
  const starts: ContainerStart[] = [];
  const blind: string[] = [];
  const ends: string[] = [];
  const health = {
    blindIntervals: [] as BlindInterval[],
    droppedByUs: 0,
    droppedUpstream: 0,
    asked: 0,
    ...(watchingSinceMs === null ? {} : { watchingSinceMs }),
  };
  const learner = {
    containerStarted: (_identity: ContainerIdentity, start: ContainerStart) => starts.push(start),
    containerEnded: (id: string, exitCode?: number) => ends.push(`${id} ${String(exitCode)}`),
    sourceBlind: (from: number, to: number | undefined, ids: "all" | readonly string[]) =>
      blind.push(`${String(from)} ${String(to)} ${ids === "all" ? ids : ids.join()}`),
  } as unknown as Learner;
  const learning = new ContainerLearning(learner, {
    learner: {} as ContainerLearningOptions["learner"],
    source: {
      health: () => {
        health.asked += 1;
        return health as unknown as SourceHealth;
      },
    },
    files: {},
    openedAtMs: openedAtMs ?? clock.now(),
    isContinued: false,
    missedSince: () => missedSinceMs,
    clock,
  });
  return { learning, clock, starts, blind, ends, health };
}

const secondMs = Date.parse("2026-11-21T12:00:00Z");
const running = (startedAt: string): PodDetails => podOf({ running: { startedAt } });

describe("ContainerLearning", () => {
  it.each([
    // Kubernetes says 12:00:00 of everything up to 12:00:00.999.
    ["in a second that began before the source watched", "2026-11-21T12:00:00Z", secondMs + 1, true],
    ["at the end of such a second, as far as anybody can tell", "2026-11-21T12:00:00Z", secondMs + 999, true],
    ["in the second that began when it watched", "2026-11-21T12:00:00Z", secondMs, false],
    ["in the next second", "2026-11-21T12:00:01Z", secondMs + 999, false],
    ["in the next second, which began at the same moment", "2026-11-21T12:00:01Z", secondMs + 1_000, false],
    ["before", "2026-11-21T11:59:59Z", secondMs, true],
  ])("takes a container that started %s for what it was", (_when, startedAt, sinceMs, isAlreadyRunning) => {
    const { learning, starts } = open(sinceMs);
    learning.watched(identity, "p", instance, running(startedAt));
    expect(starts).toMatchObject([{ isAlreadyRunning, startedAtMs: Date.parse(startedAt) }]);
  });

  it("calls nothing seen from its start while the source does not watch, or when nobody tells the start", () => {
    const early = open();
    Object.assign(early.health, { watchingSinceMs: undefined });
    early.learning.watched(identity, "p", instance, running("2026-11-21T12:00:00Z"));
    expect(early.starts).toMatchObject([{ isAlreadyRunning: true }]);
    const untold = open(0);
    untold.learning.watched(identity, "p", instance, podOf(undefined));
    expect(untold.starts).toMatchObject([{ isAlreadyRunning: true }]);
  });

  it("learns one that ended while the source watched, and none that ended before", () => {
    const ended = podOf({ terminated: { startedAt: "2026-11-21T12:00:00Z", exitCode: 0 } });
    const { learning, starts } = open(secondMs);
    learning.watched(identity, "p", instance, ended);
    expect(starts).toMatchObject([{ isAlreadyRunning: false }]);
    const late = open(null, secondMs + 1);
    late.learning.watched(identity, "p", instance, ended);
    expect(late.starts).toEqual([]);
  });

  it("knows from the status of its successor when one ran that had ended, and from its own while it waits to run again", () => {
    const last = (startedAt: string, id = containerId): object => ({
      lastState: { terminated: { containerID: `containerd://${id}`, startedAt, exitCode: 1 } },
    });
    const inStatus = (status: object): PodDetails => ({
      ...podOf(undefined),
      status: { containerStatuses: [{ name: "app", ...status }] },
    });
    const successor = {
      containerID: `containerd://${"b".repeat(64)}`,
      state: { running: { startedAt: "2026-11-21T12:00:09Z" } },
    };
    const waiting = { containerID: `containerd://${containerId}`, state: { waiting: {} } };
    const startedAt = "2026-11-21T12:00:00Z";
    for (const status of [successor, waiting]) {
      const seen = open(secondMs);
      seen.learning.watched(identity, "p", instance, inStatus({ ...status, ...last(startedAt) }));
      expect([seen.starts, seen.ends]).toMatchObject([
        [{ isAlreadyRunning: false, startedAtMs: secondMs }],
        [`${containerId} 1`],
      ]);
      const early = open(secondMs + 1);
      early.learning.watched(identity, "p", instance, inStatus({ ...status, ...last(startedAt) }));
      expect(early.starts).toEqual([]);
    }
    const other = open(0);
    other.learning.watched(identity, "p", instance, inStatus({ ...waiting, ...last(startedAt, "c".repeat(64)) }));
    expect(other.starts).toEqual([]);
  });

  it("tells what was given up that may have been the container's, also of one that begins at this very moment", () => {
    const { learning, clock, blind } = open(0, undefined, 7);
    learning.watched(identity, "p", instance, running(new Date(clock.now()).toISOString()));
    expect(blind).toEqual([`7 ${String(clock.now() + 1)} ${containerId}`]);
  });

  it("has no timer: it asks the source before a container begins or ends, and once a minute while events come", async () => {
    const { learning, clock, health } = open();
    await clock.advance(600_000);
    expect(health.asked).toBe(0);
    learning.watched(identity, "p", instance, running("2026-11-21T12:00:00Z"));
    health.asked = 1;
    const from = clock.now();
    for (let at = 0; at < 120_000; at += 1_000) {
      await clock.advance(1_000);
      learning.sawEvent(clock.now());
    }
    expect([clock.now() - from, health.asked]).toEqual([120_000, 3]);
    learning.left(containerId);
    expect(health.asked).toBe(4);
  });

  it("tells what the source said of one container alone once the container is known", () => {
    const { learning, blind, health } = open();
    health.blindIntervals = [
      { fromMs: 1, untilMs: 2, reason: "", containerId },
      { fromMs: 3, untilMs: 4, reason: "", containerId: "other" },
    ];
    learning.checkBlindness();
    blind.length = 0;
    learning.watched(identity, "p", instance, running("2026-11-21T12:00:00Z"));
    expect(blind).toEqual([`1 2 ${containerId}`]);
  });

  it("asks, and tells what was dropped, also after the wall clock was put back", () => {
    const laterMs = new ManualClock().now() + 3_600_000;
    const { learning, clock, blind, health } = open(0, laterMs);
    health.droppedByUs = 1;
    learning.sawEvent(clock.now());
    expect(blind).toEqual([`${String(clock.now())} ${String(laterMs)} all`]);
  });

  it("tells each blind time once, again when it became longer, and what was dropped since the last look", () => {
    const { learning, clock, blind, health } = open();
    health.blindIntervals = [{ fromMs: 1, untilMs: undefined, reason: "" }];
    learning.checkBlindness();
    learning.checkBlindness();
    expect(blind).toEqual(["1 undefined all"]);
    health.blindIntervals = [
      { fromMs: 1, untilMs: 5, reason: "" },
      { fromMs: 2, untilMs: 3, reason: "", containerId: "b" },
    ];
    learning.checkBlindness();
    health.blindIntervals = [{ fromMs: 1, untilMs: 9, reason: "" }];
    health.droppedByUs = 1;
    learning.checkBlindness();
    learning.checkBlindness();
    expect(blind.slice(1)).toEqual([
      "1 5 all",
      "2 3 b",
      "1 9 all",
      `${String(clock.now())} ${String(clock.now())} all`,
    ]);
  });
});
