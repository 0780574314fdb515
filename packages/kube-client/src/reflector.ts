import { hasCode, KingletError } from "@kinglet/errors";
import { sleep, type Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import type { Counter, Metrics } from "@kinglet/metrics";
import type { KubeClient, SelectOptions } from "./kube-client.ts";
import type { KubeObject, WatchEvent } from "./kube-object.ts";
import { LISTS_TOTAL, WATCH_EVENTS_TOTAL, WATCH_RESTARTS_TOTAL } from "./metrics.ts";
import type { ResourceDefinition } from "./resource-definition.ts";
import { compareResourceVersions } from "./resource-version.ts";
import { RetryDelay } from "./retry-delay.ts";
import { classifyWatchFailure } from "./watch-failure.ts";

/** Takes what the reflector finds, in order. */
export interface ReflectorSink<T> {
  /** A listing begins, or begins anew. */
  startList(): void;
  /** @param isConsistent - the listing shows the latest state, so it is right also where it seems older than what is known. */
  listed(object: T, isConsistent: boolean): void;
  /** Everything that exists has been listed. */
  finishList(): void;
  apply(event: WatchEvent<T>): void;
  /** Waits until deliveries have caught up; `undefined` when there is nothing to wait for. */
  room(signal: AbortSignal): Promise<void> | undefined;
  /** The server was heard. */
  heard(): void;
  report(state: "listing" | "watching" | "waiting", reason: string): void;
}

const PAGE = 500;
const MIN_WATCH_SECONDS = 300;
/** A stream that ends without an event within this long is a failure, not an end. */
const SHORT_WATCH_MS = 1000;
/** After this many server faults in a row the watch is no longer trusted and a list is taken. */
const MAX_SERVER_FAULTS = 3;

/**
 * Lists, then watches from there, for ever: brings a sink to the state of the server and keeps it there through every way a
 * stream can end.
 *
 * @see kubernetes/client-go `tools/cache/reflector.go`, whose rules for versions and paging these are.
 */
export class Reflector<T extends KubeObject> {
  readonly #client: Pick<KubeClient, "listEach" | "watch">;
  readonly #resource: ResourceDefinition;
  readonly #select: SelectOptions;
  readonly #sink: ReflectorSink<T>;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #logger: Logger;
  readonly #delay: RetryDelay;
  readonly #restarts: Counter<"resource" | "cause">;
  readonly #events: Counter<"resource" | "type">;
  readonly #lists: Counter<"resource">;
  /** Where a watch goes on; `undefined` before the first list. */
  #version: string | undefined;
  /** The server no longer (or not yet) has `#version`: the next list must ask for the latest state. */
  #isVersionUnavailable = false;
  /** The server pages even what it could answer from its cache (the cache is off): keep paging. */
  #isPagedServer = false;
  /** Events that start without a version come in no order. */
  #isOrdered = true;

  constructor(
    client: Pick<KubeClient, "listEach" | "watch">,
    resource: ResourceDefinition,
    options: {
      readonly select: SelectOptions;
      readonly sink: ReflectorSink<T>;
      readonly clock: Clock;
      readonly random: () => number;
      readonly logger: Logger;
      readonly metrics: Metrics;
    },
  ) {
    this.#client = client;
    this.#resource = resource;
    this.#select = options.select;
    this.#sink = options.sink;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#logger = options.logger;
    this.#delay = new RetryDelay(options.clock, options.random);
    this.#restarts = options.metrics.counter(WATCH_RESTARTS_TOTAL);
    this.#events = options.metrics.counter(WATCH_EVENTS_TOTAL);
    this.#lists = options.metrics.counter(LISTS_TOTAL);
  }

  /** The version of the last thing heard; empty before the first list. */
  get version(): string {
    return this.#version ?? "";
  }

  /** Runs until the signal fires, then returns. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (await this.#list(signal)) await this.#watchUntilRelist(signal);
    }
  }

  /** One complete list; false when it failed (and has been waited for) or the signal fired. */
  async #list(signal: AbortSignal): Promise<boolean> {
    const version = this.#isVersionUnavailable ? "" : (this.#version ?? "0");
    // Paging together with a concrete version would bypass the server's cache.
    const isCached = version !== "" && version !== "0";
    this.#sink.report(
      "listing",
      version === "" ? "taking the latest state" : `taking a state not older than ${version}`,
    );
    this.#sink.startList();
    try {
      const result = await this.#client.listEach<T>(this.#resource, {
        ...this.#select,
        limit: isCached && !this.#isPagedServer ? 0 : PAGE,
        resourceVersion: version,
        retries: 0,
        signal,
        onItem: (object) => this.#sink.listed(object, version === ""),
        onRestart: () => this.#sink.startList(),
      });
      // The last bytes may have arrived together with the signal: nothing is delivered after a stop.
      if (signal.aborted) return false;
      if (version === "0" && result.isPaged) this.#isPagedServer = true;
      this.#version = result.resourceVersion;
      this.#isVersionUnavailable = false;
      this.#lists.add(1, { resource: this.#resource.plural });
      this.#sink.heard();
      this.#sink.finishList();
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      if (isVersionFault(error) && !this.#isVersionUnavailable) {
        this.#isVersionUnavailable = true;
        this.#logger.info("listing again without a version", this.#fields(error));
        return false;
      }
      await this.#wait(error, "list", signal, {});
      return false;
    }
  }

  /** Watches, and watches again from where it stopped, until a new list is needed or the signal fires. */
  async #watchUntilRelist(signal: AbortSignal): Promise<void> {
    let serverFaults = 0;
    let hasHeard = false;
    for (let attempt = 0; !signal.aborted; attempt++) {
      const startedMs = this.#clock.monotonicMs();
      let events = 0;
      try {
        this.#sink.report("watching", `from version ${this.version}`);
        const stream = this.#client.watch<T>(this.#resource, {
          ...this.#select,
          resourceVersion: this.version,
          // Spread, so that many watchers that started together do not come back together.
          timeoutSeconds: Math.floor(MIN_WATCH_SECONDS * (1 + this.#random())),
          signal,
        });
        this.#isOrdered = this.version !== "" && this.version !== "0";
        for await (const event of stream) {
          if (signal.aborted) return;
          events++;
          serverFaults = 0;
          hasHeard = true;
          this.#take(event);
          const room = this.#sink.room(signal);
          if (room !== undefined) await room;
        }
        if (signal.aborted) return;
        const isShort = events === 0 && this.#clock.monotonicMs() - startedMs < SHORT_WATCH_MS;
        this.#countRestart(isShort ? "short" : "eof");
        if (isShort) await this.#wait("the server ends the watch at once without an event", "watch", signal, {});
      } catch (error) {
        if (signal.aborted) return;
        const failure = classifyWatchFailure(error);
        this.#countRestart(failure.cause);
        if (failure.isServerFault) serverFaults++;
        // A version that is gone right after its list would otherwise turn into lists without a pause.
        const isListWorthless = attempt === 0 && !hasHeard;
        if (failure.cause !== "gone" || isListWorthless) await this.#wait(error, "watch", signal, failure);
        else this.#logger.info("listing again: the watch's version is gone", this.#fields(error));
        if (failure.needsList || serverFaults >= MAX_SERVER_FAULTS) return;
      }
    }
  }

  #take(event: WatchEvent<T>): void {
    this.#events.add(1, { resource: this.#resource.plural, type: event.type });
    this.#sink.heard();
    // A replay of what was seen before: an old ADDED must not bring back what a later event has deleted.
    const order = this.#isOrdered ? compareResourceVersions(event.resourceVersion, this.version) : undefined;
    if (event.type !== "BOOKMARK" && !(order !== undefined && order < 0)) this.#sink.apply(event);
    if (event.type !== "ADDED") this.#isOrdered = true;
    if (this.#isOrdered) this.#advance(event.resourceVersion);
  }

  /** Never backwards: a replayed event must not make the next watch begin earlier. */
  #advance(version: string): void {
    if (version === "") return;
    const order = compareResourceVersions(version, this.version);
    if (order === undefined || order > 0) this.#version = version;
  }

  async #wait(
    error: unknown,
    verb: "list" | "watch",
    signal: AbortSignal,
    options: { readonly capMs?: number | undefined },
  ): Promise<void> {
    const seconds = error instanceof KingletError ? error.details["retryAfterSeconds"] : undefined;
    const delayMs = this.#delay.nextMs({
      ...(typeof seconds === "number" ? { atLeastMs: seconds * 1000 } : {}),
      ...(options.capMs === undefined ? {} : { capMs: options.capMs }),
    });
    const text = error instanceof Error ? error.message : String(error);
    this.#sink.report("waiting", `${verb} failed: ${text}; next attempt in ${delayMs} ms`);
    this.#logger.warn(`${verb} failed`, { ...this.#fields(error), delayMs });
    try {
      await sleep(delayMs, { signal, clock: this.#clock });
    } catch {
      // Rejects only when the signal fires, which the callers' loops see.
    }
  }

  #fields(error: unknown): Record<string, unknown> {
    return {
      resource: this.#resource.plural,
      ...(error instanceof KingletError ? { code: error.code } : {}),
      error: error instanceof Error ? error.message : String(error),
    };
  }

  #countRestart(cause: string): void {
    this.#restarts.add(1, { resource: this.#resource.plural, cause });
  }
}

function isVersionFault(error: unknown): boolean {
  return (
    hasCode(error, "KINGLET_ERR_KUBE_CLIENT_GONE") ||
    hasCode(error, "KINGLET_ERR_KUBE_CLIENT_RESOURCE_VERSION_TOO_LARGE")
  );
}
