// Hot path: `#received` runs once per chunk and once per line.
import type { Buffer } from "node:buffer";
import { createConnection } from "node:net";
import type { RuntimeEvent } from "@kinglet/enrichment";
import { createError } from "@kinglet/errors";
import { BoundedQueue, createBackoff, sleep, type ClockTimer } from "@kinglet/lifecycle";
import { runtimeEventsErrors } from "../errors.ts";
import { statPath } from "../file-system.ts";
import { FolderWatch } from "../folder-watch.ts";
import { LineBuffer } from "../line-buffer.ts";
import { OpenEvents } from "../open-events.ts";
import type { RunSourceOptions, RuntimeEventSource } from "../runtime-event-source.ts";
import { SourceCounters } from "../source-counters.ts";
import type { SourceHealth } from "../source-health.ts";
import { AuditDecoder } from "./audit-decoder.ts";
import type { ResolvedAuditOptions } from "./audit-source-options.ts";
import { collectAuditHealth } from "./collect-audit-health.ts";
import { LossBook } from "./loss-book.ts";

/** Checked settings of an {@link AuditSocketSource}. @internal */
export interface ResolvedSocketOptions extends ResolvedAuditOptions {
  readonly path: string;
  readonly maxQueued: number;
}

/** Bytes of records of the events that wait: one execution may have arguments of 256 KiB. */
const maxQueuedBytes = 8_388_608;
const slowPollMs = 300_000;

/**
 * See `openAuditSocketSource`.
 *
 * @internal
 */
export class AuditSocketSource implements RuntimeEventSource {
  readonly name = "linux-audit";
  readonly #options: ResolvedSocketOptions;
  readonly #decoder: AuditDecoder;
  readonly #lines: LineBuffer;
  readonly #counters: SourceCounters;
  readonly #losses: LossBook;
  readonly #queue: BoundedQueue<RuntimeEvent>;
  readonly #open: OpenEvents = new OpenEvents();
  readonly #stopCollecting: () => void;
  readonly #stop: AbortController = new AbortController();
  #running: Promise<void> | undefined;
  #reason = "not started";
  #sequence = 0;
  #watchingSinceMs: number | undefined;
  #queuedBytes = 0;
  /** Events left out because of their bytes. */
  #tooLarge = 0;
  #joinTimer: ClockTimer | undefined;

  constructor(options: ResolvedSocketOptions) {
    this.#options = options;
    const { clock, logger, metrics, readStatus } = options;
    this.#lines = new LineBuffer(options.maxLineBytes);
    this.#stopCollecting = collectAuditHealth(metrics, () => this.health());
    this.#counters = new SourceCounters(metrics);
    this.#losses = new LossBook({ clock, logger, counters: this.#counters, readStatus });
    this.#decoder = new AuditDecoder({
      ...options,
      reader: options.processes,
      counters: this.#counters,
      onSerial: (serial, timeMs) => this.#losses.seen(serial, timeMs),
      onStart: () => 0,
    });
    this.#queue = new BoundedQueue({
      maxEntries: options.maxQueued,
      // An execution is worth more than whatever waited longest; anything else gives way itself.
      dropPolicy: (arriving) => (arriving.kind === "exec" ? "oldest" : "newest"),
      onDrop: (event) => {
        this.#queuedBytes -= event.rawBytes;
        this.#decoder.dropped();
      },
    });
  }

  async run(options: RunSourceOptions): Promise<void> {
    if (this.#running !== undefined || this.#stop.signal.aborted) {
      throw createError(runtimeEventsErrors, "KINGLET_ERR_RUNTIME_EVENTS_RUNNING", { path: this.#options.path });
    }
    this.#running = this.#run(AbortSignal.any([options.signal, this.#stop.signal]), options.deliver);
    try {
      await this.#running;
    } finally {
      this.#running = undefined;
      this.#reason = "stopped";
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

  health(): SourceHealth {
    this.#losses.settle();
    const reason = this.#reason === "" ? this.#losses.reason : this.#reason;
    return {
      name: this.name,
      connected: reason === "",
      reason,
      watchingSinceMs: this.#watchingSinceMs,
      ...this.#counters.health,
      isEstimate: this.#losses.isEstimate,
      droppedByUs: this.#queue.dropped + this.#tooLarge,
      openEvents: this.#open.count,
      waitingEvents: this.#queue.size,
      blindIntervals: this.#losses.intervals,
      position: undefined,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running?.catch(() => {
      // Whoever called `run` hears of it.
    });
    this.#stopCollecting();
  }

  async #run(outer: AbortSignal, deliver: RunSourceOptions["deliver"]): Promise<void> {
    const ended = new AbortController();
    const signal = AbortSignal.any([outer, ended.signal]);
    this.#decoder.tree.seed(this.#options.clock.now());
    const asking = this.#losses.watch(signal);
    const reading = this.#readUntil(signal);
    try {
      await this.#deliverUntil(signal, outer, deliver);
    } finally {
      ended.abort();
      this.#losses.stop();
      await reading;
      await asking;
    }
  }

  /** Throws what `deliver` throws. */
  async #deliverUntil(signal: AbortSignal, outer: AbortSignal, deliver: RunSourceOptions["deliver"]): Promise<void> {
    while (!signal.aborted) {
      let event: RuntimeEvent;
      try {
        event = await this.#queue.take({ signal });
      } catch (error) {
        if (outer.aborted) return;
        throw error;
      }
      this.#queuedBytes -= event.rawBytes;
      this.#open.delivered(event.sequence);
      await deliver(event);
    }
  }

  /** Connects again and again. */
  async #readUntil(signal: AbortSignal): Promise<void> {
    const { path, clock } = this.#options;
    const backoff = createBackoff({ initialMs: 1000, maxMs: 30_000 });
    const watch = new FolderWatch({ path, clock, pollIntervalMs: slowPollMs, slowPollMs, onUnavailable: () => {} });
    try {
      while (!signal.aborted) {
        const before = await inodeOf(path);
        const end = await this.#connection(signal, () => backoff.reset());
        this.#joinTimer?.cancel();
        this.#joinTimer = undefined;
        if (signal.aborted) return;
        this.#lost(end);
        await this.#untilWorthTrying(watch, before, backoff.nextDelayMs(), signal);
      }
    } finally {
      watch.close();
    }
  }

  /**
   * auditd makes the socket anew when it starts: then waiting longer would be a loss.
   *
   * @param tried - the socket that was there when it was tried last.
   */
  async #untilWorthTrying(watch: FolderWatch, tried: string, delayMs: number, signal: AbortSignal): Promise<void> {
    const { path, clock } = this.#options;
    const over = new AbortController();
    const waiting = AbortSignal.any([signal, over.signal]);
    const delay = sleep(delayMs, { clock, signal: waiting }).then(
      () => over.abort(),
      () => {
        // The socket came first.
      },
    );
    while (!waiting.aborted) {
      const { version } = watch;
      await watch.arm();
      // Folders of sockets are busy: others come and go there, too.
      const now = await inodeOf(path);
      if (now !== "" && now !== tried) break;
      await watch.wait(version, waiting);
    }
    over.abort();
    await delay;
  }

  /** One connection. @returns why it ended. */
  #connection(signal: AbortSignal, onOpen: () => void): Promise<string> {
    return new Promise((resolve) => {
      const socket = createConnection({ path: this.#options.path });
      let reason = "auditd closed the connection";
      const onAbort = (): void => {
        socket.destroy();
      };
      signal.addEventListener("abort", onAbort, { once: true });
      if (signal.aborted) onAbort();
      socket.on("connect", () => {
        onOpen();
        this.#lines.reset(0);
        this.#reason = "";
        this.#watchingSinceMs ??= this.#options.clock.now();
        this.#losses.sighted(this.#options.clock.now());
        this.#options.logger.info("reading audit records", { path: this.#options.path });
      });
      socket.on("data", (chunk: Buffer) => this.#received(chunk, signal));
      socket.on("error", (error) => {
        reason = (error as NodeJS.ErrnoException).code ?? error.message;
      });
      socket.on("close", () => {
        signal.removeEventListener("abort", onAbort);
        if (this.#lines.hasPartialLine) this.#decoder.skipped("partial");
        this.#lines.reset(0);
        this.#decoder.flush();
        this.#build();
        resolve(reason);
      });
    });
  }

  #lost(reason: string): void {
    const isNew = this.#reason === "" || this.#reason === "not started";
    const before = this.#reason;
    this.#reason = `not connected to auditd: ${reason}`;
    const { path, logger } = this.#options;
    if (this.#reason !== before) logger.warn("waiting for auditd's socket", { path, reason });
    if (!isNew) return;
    this.#watchingSinceMs ??= this.#options.clock.now();
    this.#losses.blind({ fromMs: this.#options.clock.now(), untilMs: undefined, reason: "not connected to auditd" });
  }

  #received(chunk: Buffer, signal: AbortSignal): void {
    const lines = this.#lines;
    const tooLong = lines.tooLong;
    for (let from = 0; from < chunk.length;) {
      const at = lines.makeRoom();
      const count = chunk.copy(lines.bytes, at, from);
      lines.added(count);
      from += count;
      while (lines.next()) this.#decoder.take(lines.bytes.toString("latin1", lines.lineStart, lines.lineEnd), 0);
    }
    if (lines.tooLong > tooLong) this.#decoder.skipped("tooLong", lines.tooLong - tooLong);
    this.#build();
    this.#expireLater(signal);
  }

  /** Makes events at once, because their processes end while they wait. */
  #build(): void {
    const { whole } = this.#decoder;
    for (const joined of whole) {
      const event = this.#decoder.build(joined, this.#sequence + 1);
      if (event === undefined) continue;
      this.#sequence = event.sequence;
      // Where the bytes are used up it is as where the events are: an execution makes what waited longest go.
      const isFull = (): boolean => this.#queue.size > 0 && this.#queuedBytes + event.rawBytes > maxQueuedBytes;
      if (isFull() && event.kind !== "exec") {
        this.#leaveOut();
        continue;
      }
      while (isFull()) {
        this.#queuedBytes -= this.#queue.tryTake()?.rawBytes ?? 0;
        this.#leaveOut();
      }
      this.#queuedBytes += event.rawBytes;
      this.#queue.offer(event);
    }
    whole.length = 0;
  }

  #leaveOut(): void {
    this.#tooLarge += 1;
    this.#decoder.dropped();
  }

  /** Records that no further ones follow make an event after a while; only while there are any. */
  #expireLater(signal: AbortSignal): void {
    if (this.#decoder.joining === 0 || signal.aborted) {
      this.#joinTimer?.cancel();
      this.#joinTimer = undefined;
    } else this.#joinTimer ??= this.#startJoinTimer(signal);
  }

  #startJoinTimer(signal: AbortSignal): ClockTimer {
    const { clock, joinIdleMs } = this.#options;
    return clock.startTimer(() => {
      this.#joinTimer = undefined;
      this.#decoder.expire(joinIdleMs);
      this.#build();
      this.#expireLater(signal);
    }, joinIdleMs);
  }
}

/** Empty when there is nothing. */
async function inodeOf(path: string): Promise<string> {
  try {
    const { ino, ctimeNs } = await statPath(path);
    return `${ino} ${ctimeNs}`;
  } catch {
    return "";
  }
}
