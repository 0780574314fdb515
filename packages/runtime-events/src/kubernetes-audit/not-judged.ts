import type { Finding } from "@kinglet/enrichment";
import type { Clock } from "@kinglet/lifecycle";
import { auditRules } from "./audit-rules.ts";

/** Why nobody looked at something: an event beyond its bounds, or the rest of a body beyond its own. @internal */
export type NotJudgedReason = "too-large" | "too-deep" | "cut";

/** Anybody can make an API server write large events, so they must not make many findings, milliseconds. */
const quietMs = 600_000;

/**
 * Tells that audit events went by without being judged: the first time at once, then with all that came since, ten minutes after the last finding at
 * the earliest.
 *
 * @internal
 */
export class NotJudged {
  readonly #clock: Clock;
  readonly #counts: Record<NotJudgedReason, number> = { "too-large": 0, "too-deep": 0, cut: 0 };
  #toldAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(reason: NotJudgedReason, times: number, offer: (finding: Finding) => boolean): void {
    this.#counts[reason] += times;
    const now = this.#clock.now();
    // A clock that was set back is no reason to be silent.
    if (Math.abs(now - this.#toldAtMs) < quietMs || !offer(this.#finding(now))) return;
    this.#toldAtMs = now;
    for (const each of ["too-large", "too-deep", "cut"] as const) this.#counts[each] = 0;
  }

  #finding(nowMs: number): Finding {
    const { id, name, severity } = auditRules.notJudged;
    const { "too-large": large, "too-deep": deep, cut } = this.#counts;
    const time = new Date(nowMs).toISOString();
    return {
      source: "kubernetes-audit",
      ruleId: id,
      ruleName: name,
      severity,
      message: `${name}, what was in them is not known; too large: ${large}, too deep: ${deep}, bodies of the webhook cut: ${cut}`,
      time,
      namespace: "",
      podName: "",
      containerName: "",
      nodeName: "",
      user: "",
      uniqueId: `${id}/${time}`,
      details: { tooLarge: String(large), tooDeep: String(deep), cutBodies: String(cut) },
    };
  }
}
