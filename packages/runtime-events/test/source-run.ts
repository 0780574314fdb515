import type { RuntimeEvent } from "@kinglet/enrichment";
import { ManualClock } from "@kinglet/lifecycle";
import { noopLogger, type Logger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";
import { openTetragonFileSource } from "../src/open-tetragon-file-source.ts";
import type { TetragonFileSource, TetragonFileSourceOptions } from "../src/tetragon-file-source.ts";

/** A source that runs and remembers what it delivered. */
export class SourceRun {
  readonly source: TetragonFileSource;
  readonly clock: ManualClock;
  readonly events: RuntimeEvent[] = [];
  readonly finished: Promise<void>;
  readonly #controller: AbortController = new AbortController();

  constructor(source: TetragonFileSource, clock: ManualClock, deliver: (event: RuntimeEvent) => void | Promise<void>) {
    this.source = source;
    this.clock = clock;
    this.finished = source.run({
      signal: this.#controller.signal,
      deliver: (event) => {
        this.events.push(event);
        return deliver(event);
      },
    });
    this.finished.catch(() => {});
  }

  get ids(): string[] {
    return this.events.map((event) => event.execId);
  }

  /** Waits until something is so; fails the test when it never becomes so. */
  async until(what: string, isSo: () => boolean): Promise<void> {
    for (let turn = 0; !isSo(); turn++) {
      if (turn > 5000) throw new Error(`never: ${what}; ${JSON.stringify(this.source.health())}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
      // A machine that has no watch left to give is polled, by this clock; well below the slow poll, which would hide a watch that misses something.
      if (turn >= 500 && turn % 100 === 0) await this.clock.advance(1000);
    }
  }

  untilDelivered(count: number): Promise<void> {
    return this.until(`${count} events`, () => this.events.length >= count);
  }

  /** Ends it as `kill -9` does: nothing is written on the way out. */
  async kill(): Promise<void> {
    this.#controller.abort();
    await this.finished;
  }

  async stop(): Promise<void> {
    this.#controller.abort();
    await this.finished;
    await this.source[Symbol.asyncDispose]();
  }
}

/** Opens a source and runs it. */
export async function startSource(
  options: Partial<TetragonFileSourceOptions> & { readonly path: string },
  deliver: (event: RuntimeEvent, source: TetragonFileSource) => void | Promise<void> = () => {},
): Promise<SourceRun> {
  const clock = new ManualClock();
  const source = await openTetragonFileSource({
    startAt: "checkpoint-or-beginning",
    clock,
    logger: noopLogger,
    metrics: noopMetrics,
    ...options,
  });
  return new SourceRun(source, clock, (event) => deliver(event, source));
}

/** A logger that keeps what it is told. */
export function recordingLogger(lines: string[]): Logger {
  const add = (message: string): void => void lines.push(message);
  return { ...noopLogger, error: add, warn: add, info: add };
}
