import type { Counter, Histogram, Metrics } from "@kinglet/metrics";
import { bypasses, imageFetchesPerReview, notEvaluatedPolicies, violations } from "../metrics.ts";
import type { Review, Webhook } from "../review/admission-request.ts";
import type { Answer } from "../review/answer.ts";
import type { ReviewDecider } from "../server/review-endpoint.ts";
import type { PolicyStore } from "../settings/policy-store.ts";
import type { ReviewDeadline } from "../timing/deadline.ts";
import { connectionBypass, requestBypass, type RequestHead } from "./bypass.ts";
import { decideConnection } from "./decide-connection.ts";
import { decideWorkload } from "./decide-workload.ts";
import type { DecisionEnvironment } from "./decision-environment.ts";
import type { Decision } from "./decision.ts";

/** @public */
export interface AdmissionDeciderOptions {
  readonly store: Pick<PolicyStore, "active">;
  readonly environment: Omit<DecisionEnvironment, "onTimeout">;
  readonly onTimeout: Readonly<Record<Webhook, "allow" | "deny">>;
  readonly metrics: Metrics;
  /** Told about each decision with violated policies that was no dry run; must not throw. */
  onDecision(decision: Decision): void;
}

/**
 * Decides by the policies that are in force when the review comes.
 *
 * @public
 */
export class AdmissionDecider implements ReviewDecider {
  readonly #options: AdmissionDeciderOptions;
  readonly #environments: Readonly<Record<Webhook, DecisionEnvironment>>;
  readonly #bypasses: Counter<"reason">;
  readonly #violations: Counter<"mode">;
  readonly #notEvaluated: Counter;
  readonly #imageFetches: Histogram;

  constructor(options: AdmissionDeciderOptions) {
    const { environment, onTimeout, metrics } = options;
    this.#options = options;
    this.#environments = {
      validate: { ...environment, onTimeout: onTimeout.validate },
      events: { ...environment, onTimeout: onTimeout.events },
    };
    this.#bypasses = metrics.counter(bypasses);
    this.#violations = metrics.counter(violations);
    this.#notEvaluated = metrics.counter(notEvaluatedPolicies);
    this.#imageFetches = metrics.histogram(imageFetchesPerReview);
  }

  get notReady(): string {
    return this.#options.store.active === undefined ? "no policies were loaded yet" : "";
  }

  isExempt(webhook: Webhook, request: RequestHead): boolean {
    const { bypass } = this.#options.environment;
    const find = webhook === "validate" ? requestBypass : connectionBypass;
    return find(request, bypass) !== undefined;
  }

  async decide(webhook: Webhook, review: Review, deadline: ReviewDeadline): Promise<Answer> {
    const policies = this.#options.store.active;
    // Asked for only when `notReady` is empty, and policies are never taken out of force.
    if (policies === undefined) throw new Error("no policies were loaded yet");
    const decide = webhook === "validate" ? decideWorkload : decideConnection;
    const decision = await decide(review.request, policies, this.#environments[webhook], deadline);
    this.#count(decision);
    if (decision.findings.length > 0 && !review.request.isDryRun) this.#options.onDecision(decision);
    return decision.answer;
  }

  #count({ answer, findings, notEvaluated, imageFetches }: Decision): void {
    if (answer.outcome === "bypassed") return this.#bypasses.add(1, { reason: answer.reason });
    for (const { mode } of findings) this.#violations.add(1, { mode });
    if (notEvaluated > 0) this.#notEvaluated.add(notEvaluated);
    return this.#imageFetches.observe(imageFetches);
  }
}
