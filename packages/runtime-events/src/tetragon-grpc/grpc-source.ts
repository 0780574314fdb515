// Hot path: `#message` runs once per message of the stream.
import type { Buffer } from "node:buffer";
import type { RuntimeEvent } from "@kinglet/enrichment";
import { createError } from "@kinglet/errors";
import { BlindTimes } from "../blind-times.ts";
import { runtimeEventsErrors } from "../errors.ts";
import { OpenEvents } from "../open-events.ts";
import type { RunSourceOptions } from "../runtime-event-source.ts";
import { SourceCounters } from "../source-counters.ts";
import { ThrottleTimes } from "../throttle-times.ts";
import { AgentSession, type SessionEvents } from "./agent-session.ts";
import { tetragonGrpcErrors } from "./errors.ts";
import { EventOutlet } from "./event-outlet.ts";
import { grpcConnected, grpcDropped, grpcOpen, grpcQueued, grpcReplays } from "./metrics.ts";
import { LossWatch } from "./loss-watch.ts";
import { ReplayFilter } from "./replay-filter.ts";
import type { ResolvedGrpcOptions } from "./resolve-options.ts";
import { RetryWait } from "./retry-wait.ts";
import type { StreamDecoder } from "./stream-decoder.ts";
import type { TetragonGrpcHealth, TetragonGrpcSource } from "./tetragon-grpc-source.ts";

/** 16,384 executions, 128 KiB. */
const replaySlotsLog2 = 14;

/**
 * See {@link TetragonGrpcSource}; made by `openTetragonGrpcSource`.
 *
 * @internal
 */
export class GrpcSource implements TetragonGrpcSource {
  readonly name = "tetragon-grpc";
  readonly #options: ResolvedGrpcOptions;
  readonly #decoder: StreamDecoder;
  readonly #counters: SourceCounters;
  readonly #outlet: EventOutlet;
  readonly #open: OpenEvents = new OpenEvents();
  readonly #blind: BlindTimes = new BlindTimes();
  readonly #throttles: ThrottleTimes;
  readonly #replays: ReplayFilter = new ReplayFilter(replaySlotsLog2);
  readonly #losses: LossWatch | undefined;
  readonly #stop: AbortController = new AbortController();
  readonly #stopCollecting: () => void;
  readonly #onDropped: (kind: string) => void;
  readonly #onReplay: () => void;
  #session: AgentSession | undefined;
  #reason = "not started";
  #running: Promise<void> | undefined;
  #sequence = 0;
  #watchingSinceMs: number | undefined;
  #droppedByUs = 0;
  #repeatedReplays = 0;

  constructor(options: ResolvedGrpcOptions, decoder: StreamDecoder) {
    const { metrics, agentMetricsUrl, clock } = options;
    this.#options = options;
    this.#decoder = decoder;
    this.#counters = new SourceCounters(metrics);
    this.#throttles = new ThrottleTimes(clock.now());
    this.#outlet = new EventOutlet({ maxEntries: options.maxQueuedEvents, onDrop: (event) => this.#dropped(event) });
    this.#losses =
      agentMetricsUrl === undefined
        ? undefined
        : new LossWatch({
            url: agentMetricsUrl,
            clock,
            logger: options.logger,
            onLost: (count, interval) => {
              this.#counters.dropped(count);
              this.#blind.record(interval);
            },
          });
    const dropped = metrics.counter(grpcDropped);
    this.#onDropped = (kind) => dropped.add(1, { kind });
    const replays = metrics.counter(grpcReplays);
    this.#onReplay = () => replays.add(1);
    const [isConnected, queued, open] = [
      metrics.gauge(grpcConnected),
      metrics.gauge(grpcQueued),
      metrics.gauge(grpcOpen),
    ];
    this.#stopCollecting = metrics.onCollect(() => {
      isConnected.set(this.#reason === "" ? 1 : 0);
      queued.set(this.#outlet.size);
      open.set(this.#open.count);
    });
  }

  async run(options: RunSourceOptions): Promise<void> {
    const { address } = this.#options;
    if (this.#running !== undefined || this.#stop.signal.aborted) {
      throw createError(runtimeEventsErrors, "KINGLET_ERR_RUNTIME_EVENTS_RUNNING", { path: address });
    }
    const over = new AbortController();
    const signal = AbortSignal.any([options.signal, this.#stop.signal, over.signal]);
    this.#outlet.connect((event) => {
      this.#open.delivered(event.sequence);
      return options.deliver(event);
    });
    const work = Promise.all([this.#connectAgain(signal), this.#losses?.run(signal)]).then(() => {});
    this.#running = work.catch(() => {});
    try {
      this.#outlet.flush();
      await Promise.race([work, this.#outlet.failed]);
    } finally {
      over.abort();
      await this.#running;
      this.#outlet.connect(undefined);
      this.#running = undefined;
    }
  }

  acknowledge(sequence: number): void {
    this.#open.acknowledge(sequence);
  }

  confirmAlert(_sequence: number, uniqueId: string): Promise<void> {
    this.#open.confirm(uniqueId);
    return Promise.resolve();
  }

  wasConfirmed(uniqueId: string): boolean {
    return this.#open.wasConfirmed(uniqueId);
  }

  health(): TetragonGrpcHealth {
    return {
      name: this.name,
      connected: this.#reason === "",
      reason: this.#reason,
      watchingSinceMs: this.#watchingSinceMs,
      ...this.#counters.health,
      // The agent's counters are those of all its clients together.
      isEstimate: this.#losses !== undefined,
      droppedByUs: this.#droppedByUs,
      openEvents: this.#open.count,
      waitingEvents: this.#outlet.size,
      blindIntervals: [...this.#blind.list(this.#options.clock.now()), ...this.#throttles.list],
      position: undefined,
      agent: this.#session?.agent ?? { version: "", status: "", policies: undefined },
      agentLosses: { ...this.#losses?.totals },
      repeatedReplays: this.#repeatedReplays,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort();
    await this.#running;
    this.#stopCollecting();
  }

  async #connectAgain(signal: AbortSignal): Promise<void> {
    const { clock, address, logger } = this.#options;
    const retry = new RetryWait(this.#options);
    this.#reason = "not connected yet";
    this.#blind.begin(clock.now(), this.#reason);
    this.#watchingSinceMs ??= clock.now();
    try {
      while (!signal.aborted) {
        await retry.attempt();
        const startMs = clock.monotonicMs();
        const session = new AgentSession(this.#options, this.#sessionEvents(retry));
        this.#session = session;
        const end = await session.run(signal);
        if (signal.aborted) break;
        if (this.#reason === "" || this.#reason !== end.reason) {
          const error = createError(tetragonGrpcErrors, "KINGLET_ERR_RUNTIME_EVENTS_STREAM", {
            address,
            reason: end.reason,
          });
          logger.warn(error.message, { code: error.code });
        }
        this.#reason = end.reason;
        this.#blind.begin(end.lastSignAtMs, end.reason);
        // An agent that was started again does not remember what it left out.
        this.#throttles.interrupted(end.lastSignAtMs);
        retry.ended(end.wasEstablished ? clock.monotonicMs() - startMs : 0);
        await retry.wait(signal);
      }
    } finally {
      retry.close();
      this.#reason = "stopped";
      this.#blind.begin(clock.now(), "stopped");
    }
  }

  #sessionEvents(retry: RetryWait): SessionEvents {
    return {
      onEstablished: () => {
        const { clock, address, logger } = this.#options;
        retry.close();
        this.#reason = "";
        this.#blind.end(clock.now());
        logger.info("reading events", { address });
      },
      onMessage: (bytes, start, end) => this.#message(bytes, start, end),
      onTooLong: () => this.#counters.unusable("too_long", 1, this.#options.clock.now(), this.#blind),
      onChunkEnd: () => this.#outlet.flush(),
    };
  }

  #message(bytes: Buffer, start: number, end: number): void {
    const now = this.#options.clock.now();
    const outcome = this.#decoder.decode(bytes, start, end, this.#sequence + 1, now);
    if (typeof outcome === "string") {
      if (outcome === "skipped") this.#counters.event(this.#decoder.skippedKind, now);
      else if (outcome === "unknown") this.#counters.unknown(this.#decoder.unknownMember);
      else if (outcome !== "health-check") this.#counters.unusable(outcome, 1, now, this.#blind);
      return;
    }
    this.#counters.event(outcome.kind, now);
    if (outcome.kind === "throttle") this.#throttles.observed(outcome, now);
    if (outcome.kind === "rateLimit") this.#rateLimited(outcome.droppedEvents, now);
    if (this.#options.kinds?.has(outcome.kind) === false) return;
    if (outcome.kind === "exec" && this.#replays.add(outcome.execId) && outcome.isReplay) {
      this.#repeatedReplays += 1;
      this.#onReplay();
      return;
    }
    this.#sequence = outcome.sequence;
    this.#outlet.offer(outcome);
  }

  #rateLimited(count: number, now: number): void {
    this.#counters.dropped(count);
    this.#blind.record({ fromMs: now, untilMs: now, reason: `Tetragon left out ${count} events (rate limit)` });
  }

  #dropped(event: RuntimeEvent): void {
    this.#droppedByUs += 1;
    this.#onDropped(event.kind);
  }
}
