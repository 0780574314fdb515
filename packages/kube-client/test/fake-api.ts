import { sleep, type Clock } from "@kinglet/lifecycle";
import type {
  KubeClient,
  KubeObject,
  ListEachOptions,
  ListResult,
  ResourceDefinition,
  WatchEvent,
  WatchOptions,
} from "../src/index.ts";

export interface SeenCall {
  readonly verb: "list" | "watch";
  readonly options: Readonly<Record<string, unknown>>;
  readonly atMs: number;
}

/** What one list call does. */
export type ListScript =
  | { readonly items: readonly KubeObject[]; readonly resourceVersion: string; readonly isPaged?: boolean }
  | { readonly fails: Error; readonly after?: readonly KubeObject[] };

/** What one watch call does; `ends` closes it cleanly, otherwise it stays open until aborted. */
export interface WatchScript {
  readonly events?: readonly WatchEvent<KubeObject>[];
  readonly ends?: boolean;
  readonly fails?: Error;
  readonly afterMs?: number;
  /** After the events and so long a pause come these. */
  readonly thenAfterMs?: number;
  readonly more?: readonly WatchEvent<KubeObject>[];
}

/** Lists and watches from scripts; the last script of each kind is repeated. */
export class FakeApi implements Pick<KubeClient, "listEach" | "watch"> {
  readonly calls: SeenCall[] = [];
  readonly #lists: ListScript[];
  readonly #watches: WatchScript[];
  readonly #clock: Clock;
  openWatches = 0;

  constructor(
    clock: Clock,
    scripts: { readonly lists: readonly ListScript[]; readonly watches?: readonly WatchScript[] },
  ) {
    this.#clock = clock;
    this.#lists = [...scripts.lists];
    this.#watches = [...(scripts.watches ?? [{}])];
  }

  async listEach<T>(_resource: ResourceDefinition, options: ListEachOptions<T>): Promise<ListResult> {
    this.#record("list", options);
    const script = this.#lists.length > 1 ? this.#lists.shift()! : this.#lists[0]!;
    await Promise.resolve();
    if ("fails" in script) {
      for (const item of script.after ?? []) options.onItem(item as T);
      throw script.fails;
    }
    for (const item of script.items) options.onItem(item as T);
    return { resourceVersion: script.resourceVersion, count: script.items.length, isPaged: script.isPaged ?? false };
  }

  async *watch<T>(_resource: ResourceDefinition, options: WatchOptions = {}): AsyncGenerator<WatchEvent<T>> {
    this.#record("watch", options);
    const script = this.#watches.length > 1 ? this.#watches.shift()! : this.#watches[0]!;
    this.openWatches++;
    try {
      for (const event of script.events ?? []) yield event as WatchEvent<T>;
      await this.#pause(script.thenAfterMs, options.signal);
      for (const event of script.more ?? []) yield event as WatchEvent<T>;
      await this.#pause(script.afterMs, options.signal);
      if (script.fails !== undefined) throw script.fails;
      if (script.ends === true) return;
      await new Promise((_resolve, reject) => {
        if (options.signal?.aborted === true) reject(options.signal.reason as Error);
        options.signal?.addEventListener("abort", () => reject(options.signal?.reason as Error), { once: true });
      });
    } finally {
      this.openWatches--;
    }
  }

  /** `list rv`, `watch rv` and, for streaming lists, `stream rv` in order. */
  get trace(): string[] {
    return this.calls.map(({ verb, options }) => {
      const isStream = options["sendInitialEvents"] === true;
      return `${isStream ? "stream" : verb} ${String(options["resourceVersion"])}`;
    });
  }

  async #pause(ms: number | undefined, signal: AbortSignal | undefined): Promise<void> {
    if (ms === undefined) return;
    await sleep(ms, { clock: this.#clock, ...(signal === undefined ? {} : { signal }) });
  }

  #record(verb: "list" | "watch", options: object): void {
    this.calls.push({ verb, options: options as Record<string, unknown>, atMs: this.#clock.monotonicMs() });
  }
}

export function object(name: string, resourceVersion: string, uid: string = `uid-${name}`): KubeObject {
  return { metadata: { name, namespace: "shop", uid, resourceVersion } };
}

/** The bookmark that closes the first part of a streaming list. */
export function endOfList(resourceVersion: string): WatchEvent<KubeObject> {
  return { ...event("BOOKMARK", "", resourceVersion), endsInitialEvents: true };
}

export function event(
  type: WatchEvent<KubeObject>["type"],
  name: string,
  resourceVersion: string,
  uid?: string,
): WatchEvent<KubeObject> {
  return { type, object: object(name, resourceVersion, uid), resourceVersion };
}
