import {
  compareResourceVersions,
  createInformer,
  objectKey,
  type Informer,
  type KubeClient,
  type KubeObject,
} from "@kinglet/kube-client";
import { sleep, type Clock } from "@kinglet/lifecycle";
import type { Metrics } from "@kinglet/metrics";
import type { SoakKind } from "./soak-kinds.ts";

/** What one handler was told: each object's last state, and every way in which the telling was wrong. */
class Listener {
  readonly held = new Map<string, string>();
  readonly #last = new Map<string, string>();
  readonly #violate: (text: string) => void;

  constructor(violate: (text: string) => void) {
    this.#violate = violate;
  }

  add(object: KubeObject): void {
    if (this.held.has(objectKey(object))) this.#violate(`added twice: ${textOf(object)}`);
    this.#see(object);
  }

  update(now: KubeObject, old: KubeObject): void {
    if (this.held.get(objectKey(old)) !== stateOf(old)) this.#violate(`update from what was not there: ${textOf(old)}`);
    this.#see(now);
  }

  delete(gone: KubeObject): void {
    if (!this.held.delete(objectKey(gone))) this.#violate(`deleted without having been there: ${textOf(gone)}`);
    this.#last.delete(gone.metadata.uid);
  }

  #see(object: KubeObject): void {
    const { uid, resourceVersion } = object.metadata;
    const before = this.#last.get(uid);
    const order = before === undefined ? 1 : compareResourceVersions(resourceVersion, before);
    if (order === undefined || order <= 0) this.#violate(`went back from ${before}: ${textOf(object)}`);
    this.#last.set(uid, resourceVersion);
    this.held.set(objectKey(object), stateOf(object));
  }
}

/** The informer of one kind with two handlers, one of them slow. */
export class WatchedKind implements AsyncDisposable {
  readonly kind: SoakKind;
  readonly informer: Informer<KubeObject>;
  readonly #quick: Listener;
  readonly #slow: Listener;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(
    client: KubeClient,
    kind: SoakKind,
    options: {
      readonly clock: Clock;
      readonly random: () => number;
      readonly metrics: Metrics;
      readonly violate: (text: string) => void;
    },
  ) {
    const { clock, random, metrics, violate } = options;
    this.kind = kind;
    this.informer = createInformer<KubeObject>(client, kind.resource, {
      ...kind.options,
      labelSelector: "soak=yes",
      clock,
      random,
      metrics,
    });
    const { plural } = kind.resource;
    const quick = new Listener((text) => violate(`${plural}: ${text}`));
    const slow = new Listener((text) => violate(`${plural}, slow handler: ${text}`));
    this.#quick = quick;
    this.#slow = slow;
    this.informer.addHandler({
      onAdd: (added) => quick.add(added),
      onUpdate: (now, old) => quick.update(now, old),
      onDelete: (gone) => quick.delete(gone),
    });
    // One delivery in a thousand takes a while: the queue fills, falls behind, and catches up.
    let calls = 0;
    const rest = (): Promise<void> | undefined => (++calls % 1000 === 0 ? sleep(30 + random() * 100) : undefined);
    this.informer.addHandler({
      onAdd: (added) => {
        slow.add(added);
        return rest();
      },
      onUpdate: (now, old) => {
        slow.update(now, old);
        return rest();
      },
      onDelete: (gone) => slow.delete(gone),
    });
    this.#running = this.informer.run({ signal: this.#stop.signal });
  }

  /** What differs from the server's state: in the store and in what handlers were told. Undefined when nothing does. */
  difference(served: ReadonlyMap<string, string>): string | undefined {
    const store = new Map([...this.informer.values()].map((object) => [objectKey(object), stateOf(object)]));
    return (
      differenceOf("store", store, served) ??
      differenceOf("handler", this.#quick.held, served) ??
      differenceOf("slow handler", this.#slow.held, served)
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

/** `uid@resourceVersion`. */
export function stateOf({ metadata }: KubeObject): string {
  return `${metadata.uid}@${metadata.resourceVersion}`;
}

function textOf(object: KubeObject): string {
  return `${objectKey(object)} ${stateOf(object)}`;
}

function differenceOf(
  what: string,
  ours: ReadonlyMap<string, string>,
  theirs: ReadonlyMap<string, string>,
): string | undefined {
  if (ours.size !== theirs.size) return `${what} has ${ours.size} objects, the server ${theirs.size}`;
  for (const [key, state] of theirs) {
    if (ours.get(key) !== state) return `${what} has ${key} as ${ours.get(key) ?? "missing"}, the server as ${state}`;
  }
  return undefined;
}
