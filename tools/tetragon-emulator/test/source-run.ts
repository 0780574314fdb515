import type { RuntimeEvent } from "@kinglet/enrichment";
import { systemClock } from "@kinglet/lifecycle";
import { noopMetrics } from "@kinglet/metrics";
import {
  openTetragonGrpcSource,
  type TetragonGrpcSource,
  type TetragonGrpcSourceOptions,
} from "@kinglet/runtime-events/tetragon-grpc";
import { createCapturedLogger, waitFor, type CapturedLogger } from "@kinglet/testing";

/** A source that runs against an emulated agent and remembers what it delivered. */
export class GrpcSourceRun implements AsyncDisposable {
  readonly source: TetragonGrpcSource;
  readonly logger: CapturedLogger;
  readonly events: RuntimeEvent[] = [];
  readonly #stop: AbortController = new AbortController();
  readonly #running: Promise<void>;

  constructor(
    source: TetragonGrpcSource,
    logger: CapturedLogger,
    deliver: (event: RuntimeEvent) => void | Promise<void> = () => {},
  ) {
    this.source = source;
    this.logger = logger;
    this.#running = source.run({
      signal: this.#stop.signal,
      deliver: (event) => {
        this.events.push(event);
        return deliver(event);
      },
    });
    this.#running.catch(() => {});
  }

  get execIds(): string[] {
    return this.events.map((event) => event.execId);
  }

  async connected(): Promise<void> {
    await this.until("a connection", () => this.source.health().connected);
  }

  async until(what: string, isSo: () => boolean): Promise<void> {
    await waitFor(isSo, { describe: () => `${what}: ${JSON.stringify(this.source.health())}` });
  }

  /** How the run ended. */
  get finished(): Promise<void> {
    return this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running.catch(() => {});
    await this.source[Symbol.asyncDispose]();
  }
}

/** Opens a source and runs it. */
export async function runGrpcSource(
  options: Partial<TetragonGrpcSourceOptions> & { readonly address: string },
  deliver?: (event: RuntimeEvent) => void | Promise<void>,
): Promise<GrpcSourceRun> {
  const logger = createCapturedLogger();
  // A random number of 1 gives the shortest wait before a retry.
  const source = await openTetragonGrpcSource({
    clock: systemClock,
    logger,
    metrics: noopMetrics,
    random: () => 0.999,
    ...options,
  });
  return new GrpcSourceRun(source, logger, deliver);
}
