import type { RuntimeEventKind } from "@kinglet/enrichment";
import type { Counter, Metrics } from "@kinglet/metrics";
import type { BlindTimes } from "./blind-times.ts";
import { droppedUpstream, eventsTotal, skippedLines, unknownEvents } from "./metrics.ts";
import type { SourceHealth } from "./source-health.ts";

/** Why a line was no usable event. @internal */
export type SkipReason = "malformed" | "too_long" | "partial" | "blank" | "unknown";

const maxUnknownNames = 16;

/**
 * What came in, as numbers for health and for metrics.
 *
 * @internal
 */
export class SourceCounters {
  lastEventAtMs: number | undefined;
  eventsTotal = 0;
  decodeErrors = 0;
  unknownEvents = 0;
  droppedUpstream = 0;
  readonly #events: Counter<"kind">;
  readonly #skipped: Counter<"reason">;
  readonly #unknown: Counter<"member">;
  readonly #dropped: Counter;
  /** One label object per kind for good: nothing is allocated per event. */
  readonly #kindLabels: Map<RuntimeEventKind, { readonly kind: string }> = new Map();
  readonly #unknownNames: Set<string> = new Set();

  constructor(metrics: Metrics) {
    this.#events = metrics.counter(eventsTotal);
    this.#skipped = metrics.counter(skippedLines);
    this.#unknown = metrics.counter(unknownEvents);
    this.#dropped = metrics.counter(droppedUpstream);
  }

  /** What of the health of a source stands here. */
  get health(): Pick<
    SourceHealth,
    "lastEventAtMs" | "eventsTotal" | "decodeErrors" | "unknownEvents" | "droppedUpstream"
  > {
    const { lastEventAtMs, eventsTotal: total, decodeErrors, unknownEvents: unknown, droppedUpstream: dropped } = this;
    return { lastEventAtMs, eventsTotal: total, decodeErrors, unknownEvents: unknown, droppedUpstream: dropped };
  }

  event(kind: RuntimeEventKind, nowMs: number): void {
    this.lastEventAtMs = nowMs;
    this.eventsTotal += 1;
    let labels = this.#kindLabels.get(kind);
    if (labels === undefined) {
      labels = { kind };
      this.#kindLabels.set(kind, labels);
    }
    this.#events.add(1, labels);
  }

  dropped(count: number): void {
    this.droppedUpstream += count;
    this.#dropped.add(count);
  }

  skipped(reason: SkipReason, count = 1): void {
    if (reason !== "blank" && reason !== "unknown") this.decodeErrors += count;
    this.#skipped.add(count, { reason });
  }

  /** Something that may have been an event: what it was is not known, so the time since the last one is blind. */
  unusable(reason: SkipReason, count: number, nowMs: number, blind: BlindTimes): void {
    this.skipped(reason, count);
    const what = `what came could not be read (${reason})`;
    blind.record({ fromMs: Math.min(this.lastEventAtMs ?? nowMs, nowMs), untilMs: nowMs, reason: what });
  }

  /** An event of a kind that is not known; names come from outside, so only so many are told apart. */
  unknown(member: string): void {
    this.unknownEvents += 1;
    const isNew = !this.#unknownNames.has(member);
    const isOther = isNew && (this.#unknownNames.size >= maxUnknownNames || !/^[a-z0-9_]{1,64}$/.test(member));
    if (!isOther) this.#unknownNames.add(member);
    this.skipped("unknown");
    this.#unknown.add(1, { member: isOther ? "other" : member });
  }
}
