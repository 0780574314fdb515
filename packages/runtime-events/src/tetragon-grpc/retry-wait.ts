import { createBackoff, sleep, type Backoff, type Clock } from "@kinglet/lifecycle";
import { statPath } from "../file-system.ts";
import { FolderWatch } from "../folder-watch.ts";
import type { GrpcTarget } from "./grpc-target.ts";

/** A stream that lived this long was a success: the next trouble starts with short waits again. */
const stableMs = 10_000;

/** Settings of a {@link RetryWait}. @internal */
export interface RetryWaitOptions {
  readonly target: GrpcTarget;
  readonly clock: Clock;
  readonly random: () => number;
}

/**
 * How long to wait before the next attempt: 1 s, 2 s, 4 s ... each ± 50 %, at most 30 s; not at all when the agent's socket file was
 * replaced meanwhile, and no longer than until it is.
 *
 * @internal
 */
export class RetryWait {
  readonly #options: RetryWaitOptions;
  readonly #backoff: Backoff;
  #watch: FolderWatch | undefined;
  /** The socket of the last attempt; empty when there was none. */
  #identity = "";

  constructor(options: RetryWaitOptions) {
    this.#options = options;
    this.#backoff = createBackoff({ initialMs: 1500, maxMs: 30_000, jitter: 2 / 3, random: options.random });
  }

  /** To be called right before an attempt. */
  async attempt(): Promise<void> {
    this.#identity = await this.#currentIdentity();
  }

  /** The stream is over after so long. */
  ended(livedMs: number): void {
    if (livedMs >= stableMs) this.#backoff.reset();
  }

  /** Waits; an abort ends it normally. */
  async wait(signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const both = AbortSignal.any([signal, over.signal]);
    const pause = sleep(this.#backoff.nextDelayMs(), { signal: both, clock: this.#options.clock });
    try {
      await (this.#options.target.kind === "unix" ? Promise.race([pause, this.#untilReplaced(both)]) : pause);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      over.abort();
      // The one that lost the race.
      pause.catch(() => {});
    }
  }

  close(): void {
    this.#watch?.close();
    this.#watch = undefined;
  }

  async #untilReplaced(signal: AbortSignal): Promise<void> {
    const { target, clock } = this.#options;
    if (target.kind !== "unix") return;
    this.#watch ??= new FolderWatch({
      path: target.path,
      clock,
      // Where watching fails the back-off is all there is.
      pollIntervalMs: 30_000,
      slowPollMs: 300_000,
      onUnavailable: () => {},
    });
    while (!signal.aborted) {
      await this.#watch.arm();
      const version = this.#watch.version;
      const now = await this.#currentIdentity();
      if (now !== "" && now !== this.#identity) {
        this.#backoff.reset();
        return;
      }
      await this.#watch.wait(version, signal);
    }
  }

  async #currentIdentity(): Promise<string> {
    const { target } = this.#options;
    if (target.kind !== "unix") return "";
    try {
      const stats = await statPath(target.path);
      // An inode number alone is given again to the next file at once.
      return `${stats.dev}:${stats.ino}:${stats.ctimeNs}`;
    } catch {
      // Not there.
      return "";
    }
  }
}
