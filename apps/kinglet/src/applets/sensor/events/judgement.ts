import { HeldBackJournal } from "@kinglet/alert-sinks";
import type { Alert, Detector } from "@kinglet/detection";
import { DedupTable } from "@kinglet/detection";
import { ProcessTree } from "@kinglet/enrichment";
import type { Clock } from "@kinglet/lifecycle";
import { redact, type Logger } from "@kinglet/logger";
import type { Metrics } from "@kinglet/metrics";
import { AlertFilter } from "../alerts/alert-filter.ts";
import type { AlertConfig } from "../alerts/alert-settings.ts";
import { BoundedLearner } from "./bounded-learner.ts";
import type { JudgementParts } from "./judgement-parts.ts";
import { EventPace } from "./event-pace.ts";
import { dedupEvents } from "./judgement-metrics.ts";
import { PeerGate, type PeerGateOptions } from "../pods/peer-gate.ts";
import { RecentEvents } from "./recent-events.ts";

/**
 * What a judgement works with.
 *
 * @internal
 */
export interface JudgementOptions {
  readonly config: AlertConfig & { readonly stateDir: string };
  readonly detector: Detector;
  readonly learner: JudgementParts["learner"];
  /** What waits until it is known whose an address is. */
  readonly peers: Pick<PeerGateOptions, "open" | "isLearned" | "signal">;
  /** Scales a size with the memory limit. */
  readonly scaled: (size: number) => number;
  /** Called once, when so many events have come that V8 had better optimise what they pass. */
  readonly onBusy: () => void;
  /** Takes a summary of alerts that were held back. */
  readonly summarise: (summary: Alert) => void;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** What events pass once there are some, and what people can ask of it. @internal */
export interface Judgement extends JudgementParts {
  readonly filter: AlertFilter;
  readonly recent: RecentEvents;
  readonly peers: PeerGate;
}

/** Processes at the reference limit, 0.4 KB each. */
const processes = 65_536;
/** Conversations that wait until it is known whose an address is, at the reference limit. */
const heldConversations = 16_384;
/** Events at the reference limit that wait until what was learned of them is kept, 0.2 KB each. */
const waitingToBeKept = 16_384;
/** Slots at the reference limit, and never fewer than this: 128 KiB. */
const dedupSlots = 262_144;
const fewestDedupSlotsLog2 = 14;

/**
 * Compiles the rules and makes everything else that an event passes: a sensor that has nothing to judge does not pay for it.
 *
 * @internal
 */
export async function openJudgement(options: JudgementOptions): Promise<Judgement> {
  const { config, detector, learner, peers, scaled, summarise, onBusy, clock, logger, metrics } = options;
  await detector.prepare();
  const path = `${config.stateDir}/held-back.journal`;
  const journal = config.alertBudget === 0 ? undefined : await HeldBackJournal.open({ path, logger, metrics });
  const filter = new AlertFilter({
    config,
    maxCooldownKeys: Math.max(2_000, scaled(10_000)),
    summarise,
    ...(journal !== undefined && { journal }),
    clock,
    metrics,
  });
  const tree = new ProcessTree({ clock, metrics, maxEntries: Math.max(512, Math.min(65_536, scaled(processes))) });
  const recent = new RecentEvents(Math.max(32, Math.min(1_000, scaled(1_000))));
  const slotsLog2 = Math.max(fewestDedupSlotsLog2, Math.floor(Math.log2(scaled(dedupSlots))));
  const table = new DedupTable({ slotsLog2: Math.min(18, slotsLog2) });
  const counter = metrics.counter(dedupEvents);
  const pace = new EventPace({ onBusy, clock });
  const passed: Readonly<Partial<Record<string, DedupLabels>>> = createDedupLabels("passed");
  const repeated: Readonly<Partial<Record<string, DedupLabels>>> = createDedupLabels("deduplicated");
  return {
    learner:
      learner === undefined
        ? undefined
        : new BoundedLearner(learner, { maxWaiting: Math.max(1_024, scaled(waitingToBeKept)), metrics }),
    filter,
    recent,
    peers: new PeerGate({
      ...peers,
      maxHeld: Math.max(256, Math.min(4_096, scaled(heldConversations))),
      clock,
      metrics,
    }),
    remember: (event, containerId) => {
      recent.add(event, containerId);
      if (event.kind === "exec") tree.executed(event);
    },
    ended: (event) => tree.exited(event),
    complete: (alert, { execId }) => {
      const above = tree.ancestorsOf(execId);
      if (above.length === 0) return alert;
      return { ...alert, processTree: above.map(({ pid, binary, args }) => ({ pid, binary, args: redact(args) })) };
    },
    admit: (alert) => filter.admit(alert),
    left: (alert) => filter.left(alert),
    held: filter,
    isRepeated: (event) => {
      pace.count();
      const labels = passed[event.kind];
      if (labels === undefined) return false;
      const isRepeated = table.isDuplicate(event);
      counter.add(1, isRepeated ? (repeated[event.kind] ?? labels) : labels);
      return isRepeated;
    },
  };
}

type RepeatableKind = "open" | "network" | "capabilities" | "symlink" | "hardlink" | "syscall" | "ptrace";
type DedupLabels = { readonly event_type: string; readonly result: string };

/** One object for each: counting allocates nothing. */
function createDedupLabels(result: string): Readonly<Record<RepeatableKind, DedupLabels>> {
  const of = (event_type: RepeatableKind): DedupLabels => ({ event_type, result });
  return {
    open: of("open"),
    network: of("network"),
    capabilities: of("capabilities"),
    symlink: of("symlink"),
    hardlink: of("hardlink"),
    syscall: of("syscall"),
    ptrace: of("ptrace"),
  };
}
