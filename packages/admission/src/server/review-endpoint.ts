import type { IncomingMessage, ServerResponse } from "node:http";
import { describeError, hasCode } from "@kinglet/errors";
import type { Clock } from "@kinglet/lifecycle";
import { createRateLimitedLogger, type Logger, type RateLimitedLogger } from "@kinglet/logger";
import type { Counter, Gauge, Histogram, Metrics } from "@kinglet/metrics";
import type { RequestHead } from "../decision/bypass.ts";
import { defaultAnswer } from "../decision/undecided.ts";
import {
  bytesUnderWay,
  lateAnswers,
  refusedRequests,
  reviews,
  reviewSeconds,
  reviewsUnderWay,
  shedReviews,
} from "../metrics.ts";
import type { Review, ReviewVersion, Webhook } from "../review/admission-request.ts";
import { renderAnswer, type Answer } from "../review/answer.ts";
import { parseReview } from "../review/parse-review.ts";
import { scanReviewHead } from "../review/scan-review-head.ts";
import { callerTimeoutMs, Deadline, usableMs, type ReviewDeadline } from "../timing/deadline.ts";
import { LoopLag } from "../timing/loop-lag.ts";
import { ByteBudget } from "./byte-budget.ts";
import { readBody } from "./read-body.ts";

/** Decides about reviews. @public */
export interface ReviewDecider {
  /** Why reviews cannot be decided yet; empty when they can. */
  readonly notReady: string;
  decide(webhook: Webhook, review: Review, deadline: ReviewDeadline): Promise<Answer>;
  /** True where nothing may be denied, whatever the reason. */
  isExempt(webhook: Webhook, request: RequestHead): boolean;
}

/** @public */
export interface ReviewEndpointOptions {
  readonly decider: ReviewDecider;
  /** What is answered when there is no time or no room, by webhook. */
  readonly onTimeout: Readonly<Record<Webhook, "allow" | "deny">>;
  /** The caller's patience where its URL does not say, milliseconds. */
  readonly timeoutMs: number;
  /** A larger body gets 413. */
  readonly maxBodyBytes: number;
  /** All bodies together. */
  readonly maxBytesUnderWay: number;
  readonly maxReviews: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** A review that has less time left when it is about to be parsed is not begun, milliseconds. */
const leastMs = 20;

/**
 * Answers the requests of the webhook's two routes.
 *
 * Guarantees: every review gets an answer within its caller's time less 250 ms, counted from when it may have arrived at the earliest; what there is no time or
 * no room for gets the configured default with a warning, and is counted; bodies together never take more than their bound; in exempt namespaces no answer denies.
 *
 * @internal
 */
export class ReviewEndpoint implements Disposable {
  readonly #options: ReviewEndpointOptions;
  readonly #budget: ByteBudget;
  readonly #lag: LoopLag;
  readonly #logger: RateLimitedLogger;
  readonly #reviews: Counter<"webhook" | "outcome">;
  readonly #seconds: Histogram<"webhook">;
  readonly #shed: Counter<"reason">;
  readonly #refused: Counter<"reason">;
  readonly #late: Counter;
  readonly #removeCollector: () => void;
  #underWay = 0;
  /** Answers wait no longer than this, on the monotonic clock. */
  #hurryMs = Number.POSITIVE_INFINITY;
  #isDraining = false;

  constructor(options: ReviewEndpointOptions) {
    const { metrics } = options;
    this.#options = options;
    this.#budget = new ByteBudget(options.maxBytesUnderWay);
    this.#lag = new LoopLag(options.clock);
    this.#logger = createRateLimitedLogger(options.logger, { clock: options.clock });
    this.#reviews = metrics.counter(reviews);
    this.#seconds = metrics.histogram(reviewSeconds);
    this.#shed = metrics.counter(shedReviews);
    this.#refused = metrics.counter(refusedRequests);
    this.#late = metrics.counter(lateAnswers);
    const underWay: Gauge = metrics.gauge(reviewsUnderWay);
    const bytes: Gauge = metrics.gauge(bytesUnderWay);
    this.#removeCollector = metrics.onCollect(() => {
      underWay.set(this.#underWay);
      bytes.set(this.#budget.usedBytes);
    });
  }

  /** Reviews that were not answered yet. */
  get underWay(): number {
    return this.#underWay;
  }

  /** From now on each answer asks the client to close the connection. */
  drain(): void {
    this.#isDraining = true;
  }

  /** Reviews that begin from now on are decided within `withinMs`. */
  hurry(withinMs: number): void {
    this.#hurryMs = this.#options.clock.monotonicMs() + withinMs;
  }

  /** Call it before work that holds the event loop for long: requests that wait meanwhile are then known to have waited. */
  expectDelay(): void {
    this.#lag.touch();
  }

  [Symbol.dispose](): void {
    this.#removeCollector();
    this.#lag[Symbol.dispose]();
    this.#logger[Symbol.dispose]();
  }

  /** Never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#lag.touch();
    const arrivalMs = this.#lag.arrivalMs();
    const { url = "/" } = request;
    const mark = url.indexOf("?");
    const path = mark < 0 ? url : url.slice(0, mark);
    const webhook = path === "/validate" ? "validate" : path === "/events" ? "events" : undefined;
    if (webhook === undefined) return this.#refuse(request, response, 404, "path", "not found");
    if (request.method === "GET" || request.method === "HEAD")
      return this.#send(response, 200, "{}", "application/json");
    if (request.method !== "POST") return this.#refuse(request, response, 400, "method", "only POST is answered here");
    const { notReady } = this.#options.decider;
    if (notReady !== "") return this.#refuse(request, response, 503, "not-ready", `not ready: ${notReady}`);
    this.#underWay++;
    try {
      const timeoutMs = callerTimeoutMs(mark < 0 ? "" : url.slice(mark + 1), this.#options.timeoutMs);
      await this.#review(
        webhook,
        request,
        response,
        arrivalMs,
        Math.min(arrivalMs + usableMs(timeoutMs), this.#hurryMs),
      );
    } catch (error) {
      this.#logger.error("request", "a review could not be answered", { error });
      this.#send(response, 500, "internal error\n");
    } finally {
      this.#underWay--;
    }
    return undefined;
  }

  async #review(
    webhook: Webhook,
    request: IncomingMessage,
    response: ServerResponse,
    arrivalMs: number,
    deadlineMs: number,
  ): Promise<void> {
    const { clock, maxBodyBytes, maxReviews } = this.#options;
    const isCrowded = this.#underWay > maxReviews;
    const body = await readBody(request, {
      maxBytes: maxBodyBytes,
      budget: this.#budget,
      isRefused: isCrowded,
      timeoutMs: deadlineMs - clock.monotonicMs(),
      clock,
    });
    switch (body.kind) {
      case "gone": {
        this.#refused.add(1, { reason: "client-gone" });
        request.destroy();
        return;
      }
      case "slow": {
        this.#refuse(request, response, 408, "slow-body", "the body did not come in time");
        return;
      }
      case "too-large": {
        this.#refuse(request, response, 413, "too-large", `the body is larger than ${maxBodyBytes} bytes`);
        return;
      }
      case "head": {
        this.#shedHead(webhook, body.bytes, response, { arrivalMs, reason: isCrowded ? "reviews" : "bytes" });
        return;
      }
      case "whole": {
        try {
          await this.#decide(webhook, body.bytes, response, arrivalMs, deadlineMs);
        } finally {
          body.release();
        }
      }
    }
  }

  async #decide(
    webhook: Webhook,
    body: Buffer,
    response: ServerResponse,
    arrivalMs: number,
    deadlineMs: number,
  ): Promise<void> {
    const { clock, decider } = this.#options;
    if (
      deadlineMs - clock.monotonicMs() < leastMs &&
      this.#shedHead(webhook, body, response, { arrivalMs, reason: "late" })
    ) {
      return;
    }
    let review: Review;
    try {
      review = parseReview(body);
    } catch (error) {
      const reason = hasCode(error, "KINGLET_ERR_ADMISSION_REVIEW") ? error.message : "unreadable";
      this.#logger.warn("review", "a request cannot be answered", { error });
      this.#refused.add(1, { reason: "review" });
      this.#send(response, 400, `${reason}\n`);
      return;
    }
    using deadline = new Deadline(deadlineMs, clock);
    const { request } = review;
    const timeUp = Promise.withResolvers<Answer>();
    const timer = clock.startTimer(
      () => timeUp.resolve(this.#default(webhook, request, "deadline", "the time for it was up")),
      Math.max(0, deadline.remainingMs()),
    );
    let answer: Answer;
    try {
      answer = await Promise.race([decider.decide(webhook, review, deadline), timeUp.promise]);
    } catch (error) {
      const isOver = deadline.remainingMs() <= 0;
      if (!isOver) this.#logger.error(describeError(error), "a review could not be decided", { error });
      const why = isOver ? "the time for it was up" : "something went wrong";
      answer = this.#default(webhook, request, isOver ? "deadline" : "failed", why);
    } finally {
      timer.cancel();
    }
    // The guard against locking oneself out does not depend on how the answer came about.
    if (!answer.allowed && decider.isExempt(webhook, request)) answer = { ...answer, allowed: true, message: "" };
    if (deadline.remainingMs() < -slackMs) this.#late.add();
    this.#answer(webhook, review.apiVersion, request.uid, answer, response, arrivalMs);
  }

  /** @returns false when what is needed for an answer was not found. */
  #shedHead(
    webhook: Webhook,
    head: Buffer,
    response: ServerResponse,
    { arrivalMs, reason }: { readonly arrivalMs: number; readonly reason: "reviews" | "bytes" | "late" },
  ): boolean {
    const found = scanReviewHead(head);
    const isDenied = this.#options.onTimeout[webhook] === "deny";
    // Without namespace and user nobody knows whether it may be denied.
    const isUsable = found !== undefined && !(isDenied && found.request === undefined);
    if (!isUsable && reason === "late") return false;
    this.#shed.add(1, { reason });
    const why = reason === "late" ? "it waited too long" : "too many requests are under way";
    this.#logger.warn(reason, "reviews are answered without being evaluated", { webhook, reason });
    if (isUsable) {
      const answer = this.#default(webhook, found.request, "shed", why);
      this.#answer(webhook, found.apiVersion, found.uid, answer, response, arrivalMs);
    } else {
      this.#send(response, 503, `${why}\n`);
    }
    return true;
  }

  /** @param request - undefined when it is not known and the default allows anyway. */
  #default(
    webhook: Webhook,
    request: RequestHead | undefined,
    outcome: "deadline" | "shed" | "failed",
    why: string,
  ): Answer {
    const isExempt = request !== undefined && this.#options.decider.isExempt(webhook, request);
    const onTimeout = isExempt ? "allow" : this.#options.onTimeout[webhook];
    return defaultAnswer(onTimeout, outcome, why);
  }

  #answer(
    webhook: Webhook,
    apiVersion: ReviewVersion,
    uid: string,
    answer: Answer,
    response: ServerResponse,
    arrivalMs: number,
  ): void {
    this.#send(response, 200, renderAnswer(apiVersion, uid, answer), "application/json");
    this.#reviews.add(1, { webhook, outcome: answer.outcome });
    this.#seconds.observe(Math.max(0, this.#options.clock.monotonicMs() - arrivalMs) / 1000, { webhook });
  }

  #refuse(request: IncomingMessage, response: ServerResponse, status: number, reason: string, text: string): void {
    this.#refused.add(1, { reason });
    // What is left of the body is read and thrown away by Node, or cut off with the connection.
    if (!request.complete) response.setHeader("connection", "close");
    this.#send(response, status, `${text}\n`);
  }

  #send(response: ServerResponse, status: number, body: string, contentType = "text/plain; charset=utf-8"): void {
    if (response.headersSent || response.destroyed) return;
    if (this.#isDraining) response.setHeader("connection", "close");
    response.writeHead(status, {
      "content-type": contentType,
      "content-length": Buffer.byteLength(body),
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
    response.end(response.req.method === "HEAD" ? undefined : body);
  }
}

/** An answer this late is still one in time, milliseconds: timers are no more exact. */
const slackMs = 50;
