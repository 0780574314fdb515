import { createHash } from "node:crypto";
import type { Finding } from "@kinglet/enrichment";
import type { Clock } from "@kinglet/lifecycle";
import type { Counter, Metrics } from "@kinglet/metrics";
import { readAuditEvent, type KubernetesAuditEvent } from "./audit-event.ts";
import { judgeAuditEvent } from "./judge-audit-event.ts";
import { auditEvents } from "./metrics.ts";
import { NotJudged, type NotJudgedReason } from "./not-judged.ts";
import { RecentKeys } from "./recent-keys.ts";

/** Settings of an {@link AuditIntake}. @public */
export interface AuditIntakeOptions {
  readonly metrics: Metrics;
  /** Of whom findings have their time where the event has none. */
  readonly clock: Clock;
  /**
   * Gets every event that is not a repeat, of every stage, once its finding is queued; must not throw. Nothing in it is redacted.
   */
  readonly onEvent?: (event: KubernetesAuditEvent) => void;
  /** How many requests with findings are remembered, 1 and up; with `onEvent` as many stages of any requests too. @defaultValue 8192 */
  readonly maxRemembered?: number;
}

/** What became of an event: `full` when its finding was refused. @internal */
export type IntakeOutcome = "finding" | "none" | "repeated" | "unusable" | "full";

/**
 * Judges audit events, whatever they come through, each request once.
 *
 * API servers deliver at least once, so the same stage of the same request may come again, through the webhook and the log too; and a request that
 * lasts comes once more when it ends. Both are known by audit id, user, URI, verb and time of the request together: the id alone may be
 * chosen by the client (`Audit-ID` header), who could hide behind one that was used before.
 *
 * @public
 */
export class AuditIntake {
  readonly #counter: Counter<"outcome">;
  readonly #onEvent: ((event: KubernetesAuditEvent) => void) | undefined;
  readonly #requests: RecentKeys;
  readonly #stages: RecentKeys;
  readonly #clock: Clock;
  readonly #notJudged: NotJudged;

  constructor(options: AuditIntakeOptions) {
    const { metrics, clock, onEvent, maxRemembered = 8192 } = options;
    this.#clock = clock;
    this.#notJudged = new NotJudged(clock);
    this.#counter = metrics.counter(auditEvents);
    this.#onEvent = onEvent;
    this.#requests = new RecentKeys(maxRemembered);
    this.#stages = new RecentKeys(maxRemembered);
  }

  /**
   * Takes one event as JSON.parse gave it.
   *
   * @param offer - takes over a finding; false when there is no room, and the event counts as not seen.
   * @internal
   */
  take(value: unknown, offer: (finding: Finding) => boolean): IntakeOutcome {
    const outcome = this.#judge(value, offer);
    this.count(outcome);
    return outcome;
  }

  /** The finding could not be delivered after all: its event counts as not seen. @internal */
  forget({ uniqueId, details }: Finding): void {
    const key = uniqueId.slice(uniqueId.indexOf("/") + 1);
    this.#requests.delete(key);
    this.#stages.delete(stageKeyOf(key, details["stage"] ?? ""));
  }

  /** Counts what was not looked at. @internal */
  count(outcome: IntakeOutcome | "too-large" | "too-deep" | "partial" | "blank", times = 1): void {
    this.#counter.add(times, { outcome });
  }

  /**
   * Something went by that nobody looked at, for its size: whoever wants to hide makes it large, so that is told, once in ten minutes.
   *
   * @param offer - as for `take`; a finding that finds no room is told with the next one.
   * @internal
   */
  passOver(reason: NotJudgedReason, times: number, offer: (finding: Finding) => boolean): void {
    if (reason !== "cut") this.count(reason, times);
    this.#notJudged.add(reason, times, offer);
  }

  #judge(value: unknown, offer: (finding: Finding) => boolean): IntakeOutcome {
    const event = readAuditEvent(value);
    if (event === undefined) return "unusable";
    let key = "";
    const keyOf = (): string => (key === "" ? (key = requestKey(event)) : key);
    const stageKey = this.#onEvent === undefined ? "" : stageKeyOf(keyOf(), event.stage);
    if (stageKey !== "" && this.#stages.has(stageKey)) return "repeated";
    const finding = judgeAuditEvent(event, keyOf, () => new Date(this.#clock.now()).toISOString());
    const isRepeated = finding !== undefined && this.#requests.has(keyOf());
    if (finding !== undefined && !isRepeated) {
      if (!offer(finding)) return "full";
      this.#requests.add(keyOf());
    }
    if (stageKey !== "") {
      this.#stages.add(stageKey);
      this.#onEvent?.(event);
    }
    if (finding === undefined) return "none";
    return isRepeated ? "repeated" : "finding";
  }
}

function stageKeyOf(key: string, stage: string): string {
  return `${key} ${stage}`;
}

/** Known to nobody in advance, so that nobody can make two requests look like one. */
function requestKey({ auditId, user, requestUri, verb, receivedAt }: KubernetesAuditEvent): string {
  const parts = JSON.stringify([auditId, user, requestUri, verb, receivedAt]);
  return createHash("sha256").update(parts).digest("base64url").slice(0, 22);
}
