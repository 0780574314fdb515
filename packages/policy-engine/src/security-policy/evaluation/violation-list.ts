import { maxViolations, type Violation } from "./policy-verdict.ts";

/** Lines kept while collecting, ten times what a verdict carries; what comes after them is only counted. */
const maxCollected = 1_000;

/** Violations of one policy: each message once, bounded, in a fixed order. @internal */
export class ViolationList {
  readonly #byMessage = new Map<string, Violation>();
  #more = 0;

  add(violation: Violation): void {
    if (this.#byMessage.has(violation.message)) return;
    if (this.#byMessage.size < maxCollected) this.#byMessage.set(violation.message, violation);
    else this.#more++;
  }

  toArray(): readonly Violation[] {
    const sorted = [...this.#byMessage.values()].sort((one, other) => (one.message < other.message ? -1 : 1));
    const more = this.#more + Math.max(sorted.length - maxViolations, 0);
    if (more === 0) return sorted;
    const last: Violation = { kind: "generic", message: `and ${more} more`, attributes: [] };
    return [...sorted.slice(0, maxViolations), last];
  }
}
