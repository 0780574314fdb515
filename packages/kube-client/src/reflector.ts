import { createError, hasCode } from "@kinglet/errors";
import { sleep, type Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import type { Counter, Metrics } from "@kinglet/metrics";
import { detailsOf } from "./error-details.ts";
import { kubeClientErrors } from "./errors.ts";
import type { KubeClient, SelectOptions, WatchOptions } from "./kube-client.ts";
import type { KubeObject, WatchEvent } from "./kube-object.ts";
import { loadStreamedLists, loadVersionProbe } from "./lazy.ts";
import { LISTS_TOTAL, WATCH_EVENTS_TOTAL, WATCH_RESTARTS_TOTAL } from "./metrics.ts";
import type { ResourceDefinition } from "./resource-definition.ts";
import { compareResourceVersions } from "./resource-version.ts";
import { RetryDelay } from "./retry-delay.ts";
import type { StreamedLists } from "./streamed-lists.ts";
import { classifyWatchFailure, type WatchFailure } from "./watch-failure.ts";

/** Takes what the reflector finds, in order. */
export interface ReflectorSink<T> {
  /** A listing begins, or begins anew. What it shows counts when it is finished. */
  startList(): void;
  /** @param isConsistent - the listing shows the latest state, so it is right also where it seems older than what is known. */
  listed(object: T, isConsistent: boolean): void;
  /** An object that the listing has shown was deleted while it went on. */
  unlisted(object: T): void;
  /** Everything that exists has been listed. */
  finishList(): void;
  /** The listing has failed; what it showed does not count. */
  abandonList(): void;
  apply(event: WatchEvent<T>): void;
  /** The version has advanced, and what belongs to it has been applied. */
  advanced(): void;
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
/** A version that is gone is followed by a list at once, but not twice within this long: a server that loses versions all the time would be listed all the time. */
const RENEW_PAUSE_MS = 30_000;
/** Longer than the minute between two bookmarks: a version of which no watch has shown anything for so long is asked about. */
const DOUBT_MS = 90_000;

/** How one watch ended, and what comes next. */
type WatchEnd = "resume" | "relist" | "stop";

/**
 * Lists, then watches from there, for ever: brings a sink to the state of the server and keeps it there through every way a
 * stream can end. A streaming list is a watch that shows the state first and goes on.
 *
 * @see kubernetes/client-go `tools/cache/reflector.go`, whose rules for versions, paging and streaming these are.
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
  readonly #isStreaming: boolean;
  #streamed: StreamedLists<T> | undefined;
  /** What a streaming list goes on as, until it is watched. */
  #rest: AsyncIterableIterator<WatchEvent<T>> | undefined;
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
  /** Server faults since the last event. */
  #serverFaults = 0;
  /** Something came after the last complete list. */
  #hasHeard = false;
  /** When the server last showed that it has `#version`, or was last asked whether. */
  #provenAtMs = 0;
  /** When a lost version was last followed by a list without a wait. */
  #renewedAtMs = Number.NEGATIVE_INFINITY;
  /** The last fault that was logged, so that one that stays is said once. */
  #lastFault = "";

  constructor(
    client: Pick<KubeClient, "listEach" | "watch">,
    resource: ResourceDefinition,
    options: {
      readonly select: SelectOptions;
      /** Complete states are taken by streaming lists where the server can. */
      readonly isStreaming: boolean;
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
    this.#isStreaming = options.isStreaming;
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
      const isStreaming = this.#isStreaming && this.#streamed?.isRefused !== true;
      const isListed = await (isStreaming ? this.#streamList(signal) : this.#list(signal));
      if (isListed === "resume") await this.#watchUntilRelist(signal);
      // A stop while the list took effect: nobody has watched what it goes on as.
      await this.#rest?.return?.();
      this.#rest = undefined;
    }
  }

  /** One complete list; "relist" when it failed (and has been waited for). */
  async #list(signal: AbortSignal): Promise<WatchEnd> {
    const version = this.#isVersionUnavailable ? "" : (this.#version ?? "0");
    // Paging together with a concrete version would bypass the server's cache.
    const isCached = version !== "" && version !== "0";
    this.#startList(version);
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
      if (signal.aborted) return "stop";
      if (version === "0" && result.isPaged) this.#isPagedServer = true;
      this.#finishList(result.resourceVersion);
      return "resume";
    } catch (error) {
      this.#sink.abandonList();
      if (signal.aborted) return "stop";
      if (isVersionFault(error) && !this.#isVersionUnavailable) this.#renew(error);
      else await this.#wait(error, "list", signal, classifyWatchFailure(error));
      return "relist";
    }
  }

  /** One streaming list; "resume" leaves in `#rest` the watch that it goes on as. */
  async #streamList(signal: AbortSignal): Promise<WatchEnd> {
    this.#streamed ??= new (await loadStreamedLists()).StreamedLists<T>(this.#clock, this.#logger, this.#labels());
    const version = this.#isVersionUnavailable ? "" : (this.#version ?? "");
    this.#startList(version);
    const end = await this.#streamed.list({
      open: (limits) => this.#open({ resourceVersion: version, ...limits }),
      collect: (event) => this.#collect(event, version === ""),
      signal,
    });
    if (end.verdict === "watch") {
      this.#finishList(end.version);
      this.#rest = end.rest;
      return "resume";
    }
    this.#sink.abandonList();
    if (signal.aborted) return "stop";
    const { error, cause, verdict } = end;
    this.#countRestart(cause ?? classifyWatchFailure(error).cause);
    if (verdict === "list") this.#logger.info("listing instead of streaming", this.#fields(error));
    else if (verdict === "renew" && !this.#isVersionUnavailable) this.#renew(error);
    else await this.#wait(error, "streaming list", signal, classifyWatchFailure(error));
    return "relist";
  }

  /** Watches, and watches again from where it stopped, until a new list is needed or the signal fires. */
  async #watchUntilRelist(signal: AbortSignal): Promise<void> {
    for (let attempt = 0; !signal.aborted; attempt++) {
      // A version that is gone right after its list would otherwise turn into lists without a pause.
      if ((await this.#watch(signal, attempt === 0 && !this.#hasHeard)) !== "resume") return;
      if (this.#clock.monotonicMs() - this.#provenAtMs >= DOUBT_MS && (await this.#isRestored(signal))) return;
    }
  }

  /** True when the server has never been at the held version: it was restored, and a watch from there shows nothing and does not fail. */
  async #isRestored(signal: AbortSignal): Promise<boolean> {
    this.#provenAtMs = this.#clock.monotonicMs();
    const { probeVersion } = await loadVersionProbe();
    const options = { ...this.#select, resourceVersion: this.version, signal };
    const fault = await probeVersion(this.#client, this.#resource, options);
    if (fault === undefined) this.#sink.heard();
    const isAhead = isVersionFault(fault);
    if (isAhead) this.#renew(fault);
    return isAhead;
  }

  async #watch(signal: AbortSignal, isFirst: boolean): Promise<WatchEnd> {
    const startedMs = this.#clock.monotonicMs();
    let events = 0;
    try {
      this.#sink.report("watching", `from version ${this.version}`);
      const stream = this.#rest ?? this.#open({ resourceVersion: this.version, signal });
      this.#rest = undefined;
      this.#isOrdered = this.version !== "" && this.version !== "0";
      for await (const event of stream) {
        if (signal.aborted) return "stop";
        events++;
        this.#take(event);
      }
      if (signal.aborted) return "stop";
      const isShort = events === 0 && this.#clock.monotonicMs() - startedMs < SHORT_WATCH_MS;
      this.#countRestart(isShort ? "short" : "eof");
      if (isShort) await this.#wait("the server ends the watch at once without an event", "watch", signal);
      return "resume";
    } catch (error) {
      return signal.aborted ? "stop" : this.#watchFailed(error, signal, isFirst && events === 0);
    }
  }

  async #watchFailed(error: unknown, signal: AbortSignal, isListWorthless: boolean): Promise<WatchEnd> {
    const failure = classifyWatchFailure(error);
    this.#countRestart(failure.cause);
    if (failure.isServerFault) this.#serverFaults++;
    const nowMs = this.#clock.monotonicMs();
    const isRepeated = nowMs - this.#renewedAtMs < RENEW_PAUSE_MS;
    if (failure.cause !== "gone" || isListWorthless || isRepeated) await this.#wait(error, "watch", signal, failure);
    else {
      this.#renewedAtMs = nowMs;
      this.#logger.info("listing again: the watch's version is gone", this.#fields(error));
    }
    return failure.needsList || this.#serverFaults >= MAX_SERVER_FAULTS ? "relist" : "resume";
  }

  #open(options: WatchOptions): AsyncIterable<WatchEvent<T>> {
    return this.#client.watch<T>(this.#resource, {
      ...this.#select,
      ...options,
      // Spread, so that many watchers that started together do not come back together.
      timeoutSeconds: Math.floor(MIN_WATCH_SECONDS * (1 + this.#random())),
    });
  }

  #startList(version: string): void {
    const what = version === "" ? "taking the latest state" : `taking a state not older than ${version}`;
    this.#sink.report("listing", what);
    this.#sink.startList();
  }

  #finishList(version: string): void {
    this.#version = version;
    this.#isVersionUnavailable = false;
    this.#isOrdered = true;
    this.#serverFaults = 0;
    this.#hasHeard = false;
    this.#provenAtMs = this.#clock.monotonicMs();
    this.#lastFault = "";
    this.#lists.add(1, this.#labels());
    this.#sink.heard();
    this.#sink.finishList();
  }

  #renew(error: unknown): void {
    this.#isVersionUnavailable = true;
    this.#logger.info("listing again without a version", this.#fields(error));
  }

  #collect(event: WatchEvent<T>, isConsistent: boolean): void {
    this.#events.add(1, { resource: this.#resource.plural, type: event.type });
    this.#sink.heard();
    if (event.type === "DELETED") this.#sink.unlisted(event.object);
    else this.#sink.listed(event.object, isConsistent);
  }

  #take(event: WatchEvent<T>): void {
    this.#serverFaults = 0;
    this.#hasHeard = true;
    this.#lastFault = "";
    this.#events.add(1, { resource: this.#resource.plural, type: event.type });
    this.#sink.heard();
    const order = this.#isOrdered ? compareResourceVersions(event.resourceVersion, this.version) : undefined;
    // A replay of what was seen before: an old ADDED must not bring back what a later event has deleted.
    const isOld = order !== undefined && order < 0;
    if (!isOld) this.#provenAtMs = this.#clock.monotonicMs();
    // A bookmark says where the server is, so it is no replay: the server was restored.
    else if (event.type === "BOOKMARK") {
      this.#isVersionUnavailable = true;
      throw createError(kubeClientErrors, "KINGLET_ERR_KUBE_CLIENT_RESOURCE_VERSION_TOO_LARGE", {
        method: "GET",
        path: this.#resource.plural,
        message: `it is at ${event.resourceVersion}`,
      });
    }
    if (event.type !== "BOOKMARK" && !isOld) this.#sink.apply(event);
    if (event.type !== "ADDED") this.#isOrdered = true;
    if (this.#isOrdered) this.#advance(event.resourceVersion);
  }

  /** Never backwards: a replayed event must not make the next watch begin earlier. */
  #advance(version: string): void {
    if (version === "") return;
    const order = compareResourceVersions(version, this.version);
    if (order !== undefined && order <= 0) return;
    this.#version = version;
    this.#sink.advanced();
  }

  async #wait(error: unknown, verb: string, signal: AbortSignal, failure?: WatchFailure): Promise<void> {
    const { retryAfterSeconds: seconds, problem } = detailsOf(error);
    const delayMs = this.#delay.nextMs({
      ...(typeof seconds === "number" ? { atLeastMs: seconds * 1000 } : {}),
      ...(failure?.capMs === undefined ? {} : { capMs: failure.capMs }),
    });
    const text = error instanceof Error ? error.message : String(error);
    this.#sink.report("waiting", `${verb} failed: ${text}; next attempt in ${delayMs} ms`);
    const fields = { ...this.#fields(error), delayMs };
    // The message names the path, whose time limit is another one each time.
    const fault = typeof problem === "string" ? problem : text;
    if (fault === this.#lastFault) this.#logger.debug(`${verb} failed again`, fields);
    else this.#logger.warn(`${verb} failed`, fields);
    this.#lastFault = fault;
    try {
      await sleep(delayMs, { signal, clock: this.#clock });
    } catch {
      // Rejects only when the signal fires, which the callers' loops see.
    }
  }

  #fields(error: unknown): Record<string, unknown> {
    const { flowSchemaUid, priorityLevelUid } = detailsOf(error);
    const code = (error as { readonly code?: unknown } | null | undefined)?.code;
    return {
      ...this.#labels(),
      ...(code === undefined ? {} : { code }),
      // Which of the server's queues was full: that is what an administrator has to widen.
      ...(flowSchemaUid === undefined ? {} : { flowSchemaUid, priorityLevelUid }),
      error: error instanceof Error ? error.message : String(error),
    };
  }

  #labels(): { readonly resource: string } {
    return { resource: this.#resource.plural };
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
