import { systemClock, type Clock } from "@kinglet/lifecycle";
import { openKubeSim, type KubeSimOptions } from "../../src/index.ts";
import { openAnswerWebhook, type ReceivedReview } from "./answer-webhook.ts";
import { compareAnswers, type Comparison } from "./compare-answers.ts";
import { playScenario, RECORDED_TOKENS } from "./play-scenario.ts";
import type { Recording } from "./recording.ts";

/** One step and how well it was answered. */
export interface StepScore extends Comparison {
  readonly step: string;
}

/** A scenario, played. */
export interface ScenarioScore {
  readonly name: string;
  readonly steps: readonly StepScore[];
  /** What the scenario's webhook was sent. */
  readonly received: readonly ReceivedReview[];
}

/** When the recordings were made: some answers tell how long ago a fixed day was. */
const RECORDED_AT_MS = Date.UTC(2026, 10, 20, 19, 49, 20);

/** The system's clock, moved to the time of the recordings. */
function clockOfTheRecordings(): Clock {
  const offset = RECORDED_AT_MS - systemClock.now();
  return {
    now: () => systemClock.now() + offset,
    monotonicMs: () => systemClock.monotonicMs(),
    startTimer: (action, ms) => systemClock.startTimer(action, ms),
  };
}

/** Plays a recording against a fresh simulator, with an audit log on wish, and compares every answer. */
export async function scoreScenario(recording: Recording, audit?: KubeSimOptions["audit"]): Promise<ScenarioScore> {
  await using webhook = await openAnswerWebhook();
  await using sim = await openKubeSim({
    clock: clockOfTheRecordings(),
    ...(audit === undefined ? {} : { audit }),
    adminToken: "tok-admin",
    tokens: {
      "tok-admin": { name: "admin", uid: "uid-0", groups: ["system:masters"] },
      "tok-alice": { name: "alice", uid: "uid-1", groups: ["dev"] },
      "tok-bob": { name: "bob", uid: "uid-2", groups: ["ops"] },
      "tok-carol": { name: "carol", uid: "uid-3", groups: ["readers"] },
      "tok-sensor": {
        name: "system:serviceaccount:kinglet:sensor",
        uid: "uid-4",
        groups: ["system:serviceaccounts", "system:serviceaccounts:kinglet"],
      },
    },
  });
  const answers = await playScenario(
    {
      server: sim.server,
      caPem: sim.caPem,
      tokens: RECORDED_TOKENS,
      variables: webhook.variables,
      hooks: { compact: () => sim.compact(), restart: () => sim.restart() },
    },
    recording,
  );
  const steps = recording.responses.map((recorded, index) => ({
    step: recorded.name ?? String(index),
    ...compareAnswers(recorded.response, answers[index] ?? { error: "not played" }),
  }));
  return { name: recording.name, steps, received: webhook.received };
}
