import type { KubeObject } from "../resources/kube-object.ts";
import { ResourceTable, type HistoryBounds } from "./resource-table.ts";

/**
 * All tables behind one revision counter, as etcd has it: every write of any kind counts it up by one.
 */
export class ObjectStore {
  readonly #tables = new Map<string, ResourceTable>();
  readonly #bounds: HistoryBounds;
  readonly #waiting = new Set<() => void>();
  #revision: bigint;

  constructor(options: { readonly firstRevision: bigint; readonly history: HistoryBounds }) {
    this.#revision = options.firstRevision;
    this.#bounds = options.history;
  }

  get revision(): bigint {
    return this.#revision;
  }

  table(name: string): ResourceTable {
    let table = this.#tables.get(name);
    if (table === undefined) {
      table = new ResourceTable(this.#bounds);
      this.#tables.set(name, table);
    }
    return table;
  }

  tables(): IterableIterator<[string, ResourceTable]> {
    return this.#tables.entries();
  }

  /** Stores the object under the next revision and returns what was stored. */
  put(tableName: string, key: string, object: KubeObject): KubeObject {
    const table = this.table(tableName);
    const previous = table.get(key);
    const revision = ++this.#revision;
    const stored = withVersion(object, revision);
    const type = previous === undefined ? "ADDED" : "MODIFIED";
    table.commit({ revision, type, key, object: stored, previous, at: this.#bounds.monotonicMs() });
    this.#wake();
    return stored;
  }

  /** Removes the object; `last` is its content at the end when that differs from what is stored. */
  remove(tableName: string, key: string, last?: KubeObject): KubeObject | undefined {
    const table = this.table(tableName);
    const previous = table.get(key);
    if (previous === undefined) return undefined;
    const revision = ++this.#revision;
    const object = withVersion(last ?? previous, revision);
    table.commit({ revision, type: "DELETED", key, object, previous, at: this.#bounds.monotonicMs() });
    this.#wake();
    return object;
  }

  /** Forgets all history: older versions answer 410 from now on. */
  compact(): void {
    for (const table of this.#tables.values()) table.compact(this.#revision);
  }

  /** Calls back after every write of any kind; returns what ends it. */
  onWrite(listener: () => void): () => void {
    this.#waiting.add(listener);
    return () => this.#waiting.delete(listener);
  }

  #wake(): void {
    for (const listener of this.#waiting) listener();
  }
}

function withVersion(object: KubeObject, revision: bigint): KubeObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
}
