import { sleep, type Clock } from "@kinglet/lifecycle";
import { ApiRefusal } from "../refusals/api-refusal.ts";
import { viewResource } from "../apply/field-manager.ts";
import { decodeContinue, encodeContinue } from "./continue-token.ts";
import type { Exchange } from "../requests/exchange.ts";
import { matchesFields } from "../selectors/field-selector.ts";
import type { KubeObject } from "../resources/kube-object.ts";
import { matchesLabels } from "../selectors/label-selector.ts";
import { parseListOptions, parseVersion, type ListOptions } from "./list-options.ts";
import type { ObjectStore } from "../storage/object-store.ts";
import { badRequest, expired, notFound, versionTooLarge } from "../refusals/refusals.ts";
import { chooseRepresentation, presentObject } from "../representation/representation.ts";
import { sendPage, type ListPage } from "../representation/send-page.ts";
import { WatchFrames } from "../representation/watch-frames.ts";
import type { RequestInfo } from "../requests/request-info.ts";
import { objectKey, type SimResource, tableName, subresourceOf } from "../resources/sim-resource.ts";
import { WatchStream } from "../watching/watch-stream.ts";

/** The real server waits this long for a version that does not exist yet, milliseconds. */
const FUTURE_VERSION_WAIT_MS = 3000;

const CONTINUE_EXPIRED =
  "The provided continue parameter is too old to display a consistent list result. You can start a new list without the " +
  "continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing " +
  "with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the " +
  "time the first chunk was returned and now may show up in the list.";
const LIST_EXPIRED = "The resourceVersion for the provided list is too old.";

/** The longest that a timer can be, 24 days; asked for more, a watch lasts that long. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Answers get, list and watch. */
export class ObjectReader {
  readonly #store: ObjectStore;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #bookmarkIntervalMs: number;
  readonly #frames = new WatchFrames();
  readonly #watches = new Set<{ readonly resource: SimResource; readonly stream: WatchStream }>();

  constructor(options: {
    readonly store: ObjectStore;
    readonly clock: Clock;
    readonly random: () => number;
    readonly bookmarkIntervalMs: number;
  }) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#bookmarkIntervalMs = options.bookmarkIntervalMs;
  }

  async get(exchange: Exchange, info: RequestInfo, resource: SimResource): Promise<void> {
    const representation = chooseRepresentation(exchange, resource);
    const version = parseVersion(exchange.query.get("resourceVersion") ?? "");
    await this.#waitForVersion(version, exchange.signal);
    const object = this.#store.table(tableName(resource)).get(objectKey(resource, info.namespace, info.name));
    if (object === undefined) throw notFound(resource, info.name);
    const view = subresourceOf(resource, info.subresource)?.view;
    const shown = view === undefined ? object : view.read(object);
    exchange.sendJson(200, presentObject(shown, viewResource(resource, info.subresource), representation));
  }

  async list(exchange: Exchange, info: RequestInfo, resource: SimResource): Promise<void> {
    const representation = chooseRepresentation(exchange, resource, "list");
    const options = parseListOptions(exchange.query, resource, false);
    const page = await this.selectPage(resource, info.namespace, options, exchange.signal);
    await sendPage(exchange, resource, representation, page);
  }

  /** The objects a list or collection delete means. */
  async selectPage(
    resource: SimResource,
    namespace: string,
    options: ListOptions,
    signal: AbortSignal,
  ): Promise<ListPage> {
    const table = this.#store.table(tableName(resource));
    let revision = this.#store.revision;
    let afterKey = "";
    let all: readonly KubeObject[] | undefined;
    if (options.continueToken !== "") {
      if (options.version !== undefined && options.version !== 0n) {
        throw badRequest("specifying resource version is not allowed when using continue");
      }
      const position = decodeContinue(options.continueToken);
      afterKey = resource.namespaced && namespace !== "" ? `${namespace}/${position.afterKey}` : position.afterKey;
      revision = position.version ?? revision;
      all = table.snapshotAt(revision);
      if (all === undefined) {
        throw expired(CONTINUE_EXPIRED, encodeContinue({ version: undefined, afterKey: position.afterKey }));
      }
    } else {
      await this.#waitForVersion(options.version, signal);
      revision = this.#store.revision;
      const isExact = options.match === "Exact" || (options.match === "" && options.limit > 0);
      if (isExact && options.version !== undefined && options.version !== 0n) revision = options.version;
      all = table.snapshotAt(revision);
      if (all === undefined) throw expired(LIST_EXPIRED);
    }
    // A list "at any version" comes from the watch cache, which ignores the limit.
    const limit = options.version === 0n ? 0 : options.limit;
    return cutPage(resource, namespace, options, { all, afterKey, revision, limit });
  }

  async watch(exchange: Exchange, info: RequestInfo, resource: SimResource): Promise<void> {
    const representation = chooseRepresentation(exchange, resource, "events");
    const options = parseListOptions(exchange.query, resource, true);
    const table = this.#store.table(tableName(resource));
    const isFromStart = options.version === undefined || options.version === 0n;
    const isStreamingList = options.sendInitialEvents === true;
    let tooLarge: unknown;
    if (isStreamingList) {
      try {
        await this.#waitForVersion(options.version, exchange.signal);
      } catch (error) {
        // The head of a watch has gone out by then: the refusal comes as its only event.
        tooLarge = error;
      }
    }
    const stream = new WatchStream({
      exchange,
      table,
      resource,
      representation,
      frames: this.#frames,
      matches: matcherOf(resource, info, options),
      storeRevision: () => this.#store.revision,
      clock: this.#clock,
      bookmarkIntervalMs: options.allowBookmarks ? this.#bookmarkIntervalMs : undefined,
      timeoutMs: this.#timeoutMs(options.timeoutSeconds),
    });
    const entry = { resource, stream };
    this.#watches.add(entry);
    exchange.response.on("close", () => this.#watches.delete(entry));
    const now = this.#store.revision;
    const wantsInitial = options.sendInitialEvents ?? isFromStart;
    stream.open({
      after: wantsInitial || isFromStart ? now : (options.version ?? now),
      initial: wantsInitial ? filtered([...table.values()], matcherOf(resource, info, options)) : undefined,
      endOfInitial: isStreamingList && options.allowBookmarks ? now : undefined,
      refusal: tooLarge instanceof ApiRefusal ? tooLarge : undefined,
    });
  }

  /** Ends the watches on a resource that is not served any more. */
  closeWatches(group: string, plural: string): void {
    for (const { resource, stream } of [...this.#watches]) {
      if (resource.group === group && resource.plural === plural) stream.close();
    }
  }

  /** Without a wish of the client a watch lives 30 to 60 minutes. */
  #timeoutMs(seconds: number | undefined): number {
    if (seconds === undefined || seconds <= 0) return Math.round(1_800_000 * (1 + this.#random()));
    return Math.min(seconds * 1000, MAX_TIMER_MS);
  }

  async #waitForVersion(version: bigint | undefined, signal: AbortSignal): Promise<void> {
    if (version === undefined || version <= this.#store.revision) return;
    const arrived = new AbortController();
    const stop = this.#store.onWrite(() => {
      if (version <= this.#store.revision) arrived.abort();
    });
    try {
      const either = AbortSignal.any([arrived.signal, signal]);
      await sleep(FUTURE_VERSION_WAIT_MS, { signal: either, clock: this.#clock });
    } catch {
      // The version has arrived, or the client has gone and nobody reads the refusal below.
    } finally {
      stop();
    }
    if (version > this.#store.revision) throw versionTooLarge(version, this.#store.revision);
  }
}

function matcherOf(resource: SimResource, info: RequestInfo, options: ListOptions): (object: KubeObject) => boolean {
  return (object) =>
    (info.namespace === "" || object.metadata.namespace === info.namespace) &&
    (info.name === "" || object.metadata.name === info.name) &&
    matchesLabels(options.labels, object.metadata.labels) &&
    matchesFields(options.fields, resource, object);
}

function* filtered(objects: Iterable<KubeObject>, matches: (object: KubeObject) => boolean): Iterable<KubeObject> {
  for (const object of objects) if (matches(object)) yield object;
}

function cutPage(
  resource: SimResource,
  namespace: string,
  options: ListOptions,
  from: { all: readonly KubeObject[]; afterKey: string; revision: bigint; limit: number },
): ListPage {
  const items: KubeObject[] = [];
  let lastKey = "";
  let remaining = 0;
  for (const object of from.all) {
    const own = object.metadata;
    if (namespace !== "" && own.namespace !== namespace) continue;
    const key = objectKey(resource, own.namespace ?? "", own.name);
    if (from.afterKey !== "" && key <= from.afterKey) continue;
    if (!matchesLabels(options.labels, own.labels) || !matchesFields(options.fields, resource, object)) continue;
    if (from.limit > 0 && items.length === from.limit) {
      remaining++;
      continue;
    }
    items.push(object);
    lastKey = resource.namespaced && namespace !== "" ? own.name : key;
  }
  const isPartial = remaining > 0;
  const hasSelector = options.labels.length + options.fields.length > 0;
  return {
    revision: from.revision,
    items,
    continueToken: isPartial ? encodeContinue({ version: from.revision, afterKey: lastKey }) : "",
    remaining: isPartial && !hasSelector ? remaining : undefined,
  };
}
