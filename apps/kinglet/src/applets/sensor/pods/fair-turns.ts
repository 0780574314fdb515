/** Who asks for something. @internal */
export interface Asker {
  readonly namespace: string;
  readonly containerId: string;
}

interface Asked {
  /** By container: each has it in its queue while it waits. */
  readonly askers: Map<string, Asker>;
  /** Set while it waits for its turn. */
  go: (() => void) | undefined;
}

/**
 * Who is next, where many wait for few turns: the namespaces take turns, within one its containers, and of a container what it asked first.
 *
 * Guarantees: while something of a container waits, every other container of its namespace has one turn at most, and every other namespace has one
 * more than its own at most: who asks for a thousand things waits for himself. What several ask for takes the first turn of any of them.
 *
 * @internal
 */
export class FairTurns {
  readonly #asked: Map<string, Asked> = new Map();
  /** Namespace, container, what waits: each in the order of turns, and nothing empty. */
  readonly #queues: Map<string, Map<string, Set<string>>> = new Map();

  /** Somebody asks for it. Stands until {@link FairTurns.forget}. */
  join(what: string, asker: Asker): void {
    let asked = this.#asked.get(what);
    if (asked === undefined) this.#asked.set(what, (asked = { askers: new Map(), go: undefined }));
    if (asked.askers.has(asker.containerId)) return;
    asked.askers.set(asker.containerId, asker);
    if (asked.go !== undefined) this.#enqueue(what, asker);
  }

  /** Nobody asks for it any more, and it does not wait. */
  forget(what: string): void {
    this.#asked.delete(what);
  }

  /** It waits for its turn: `go` is what {@link FairTurns.next} gives. Somebody must have asked for it. */
  wait(what: string, go: () => void): void {
    const asked = this.#asked.get(what);
    if (asked === undefined) return;
    asked.go = go;
    for (const asker of asked.askers.values()) this.#enqueue(what, asker);
  }

  /** It waits no longer. @returns false when it did not wait. */
  leave(what: string): boolean {
    const asked = this.#asked.get(what);
    if (asked?.go === undefined) return false;
    asked.go = undefined;
    for (const asker of asked.askers.values()) this.#dequeue(what, asker);
    return true;
  }

  /** Takes the one out whose turn it is. @returns undefined when nothing waits. */
  next(): (() => void) | undefined {
    const [ofNamespace] = this.#queues;
    if (ofNamespace === undefined) return undefined;
    const [namespace, containers] = ofNamespace;
    const [ofContainer] = containers;
    if (ofContainer === undefined) return undefined;
    const [containerId, waiting] = ofContainer;
    const [what] = waiting;
    // To the end: the others come first now.
    containers.delete(containerId);
    containers.set(containerId, waiting);
    this.#queues.delete(namespace);
    this.#queues.set(namespace, containers);
    const go = what === undefined ? undefined : this.#asked.get(what)?.go;
    if (what !== undefined) this.leave(what);
    return go;
  }

  /** How much is asked for. */
  get size(): number {
    return this.#asked.size;
  }

  /** True while something waits. */
  get isWaiting(): boolean {
    return this.#queues.size > 0;
  }

  #enqueue(what: string, { namespace, containerId }: Asker): void {
    let containers = this.#queues.get(namespace);
    if (containers === undefined) this.#queues.set(namespace, (containers = new Map()));
    const waiting = containers.get(containerId);
    if (waiting === undefined) containers.set(containerId, new Set([what]));
    else waiting.add(what);
  }

  #dequeue(what: string, { namespace, containerId }: Asker): void {
    const containers = this.#queues.get(namespace);
    const waiting = containers?.get(containerId);
    if (containers === undefined || waiting?.delete(what) !== true || waiting.size > 0) return;
    containers.delete(containerId);
    if (containers.size === 0) this.#queues.delete(namespace);
  }
}
