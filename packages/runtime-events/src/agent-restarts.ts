import type { RuntimeEvent } from "@kinglet/enrichment";
import type { BlindInterval } from "./source-health.ts";

/**
 * Notices that the agent was away: when it starts it reports all running processes again, in the middle of what happens.
 *
 * Cost: no time is parsed before that happens.
 *
 * @internal
 */
export class AgentRestarts {
  /** The time of the last event that was none of those reports; empty before the first. */
  #lastTime = "";
  #isStarting = false;
  #interval: BlindInterval | undefined;

  /** @returns the time in which nobody watched; told again, more exactly, once the first new event says when it was over. */
  observed(event: RuntimeEvent): (BlindInterval & { readonly untilMs: number }) | undefined {
    const isReport = event.kind === "exec" && event.isReplay;
    if (isReport) return this.#isStarting ? undefined : this.#begin(event.receivedAtMs);
    if (event.time !== "") this.#lastTime = event.time;
    if (!this.#isStarting) return undefined;
    this.#isStarting = false;
    return this.#end(Date.parse(event.time));
  }

  #begin(receivedAtMs: number): (BlindInterval & { readonly untilMs: number }) | undefined {
    this.#isStarting = true;
    const fromMs = Date.parse(this.#lastTime);
    // By a clock that is behind the agent's nothing can be said yet.
    const untilMs = receivedAtMs > fromMs ? receivedAtMs : undefined;
    // Whether anybody watched before the first event is not known here.
    this.#interval = Number.isNaN(fromMs) ? undefined : { fromMs, untilMs, reason: "Tetragon was started again" };
    return this.#interval && { ...this.#interval, untilMs: untilMs ?? fromMs };
  }

  #end(timeMs: number): (BlindInterval & { readonly untilMs: number }) | undefined {
    const begun = this.#interval;
    this.#interval = undefined;
    // Out of order: it happened before the agent stopped.
    if (begun === undefined || !(timeMs > begun.fromMs)) return undefined;
    return { ...begun, untilMs: Math.min(timeMs, begun.untilMs ?? timeMs) };
  }
}
