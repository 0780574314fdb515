import type { KubeObject } from "../resources/kube-object.ts";
import { ResourceTable } from "./resource-table.ts";

/**
 * All tables behind one revision counter, as etcd has it: every write of any kind counts it up by one.
 */
export class ObjectStore {
  readonly #tables = new Map<string, ResourceTable>();
  readonly #maxHistory: number;
  readonly #waiting = new Set<() => void>();
  #revision: bigint;

  constructor(options: { readonly firstRevision: bigint; readonly maxHistory: number }) {
    this.#revision = options.firstRevision;
    this.#maxHistory = options.maxHistory;
  }

  get revision(): bigint {
    return this.#revision;
  }

  table(name: string): ResourceTable {
    let table = this.#tables.get(name);
    if (table === undefined) {
      table = new ResourceTable(this.#maxHistory);
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
    table.commit({ revision, type: previous === undefined ? "ADDED" : "MODIFIED", key, object: stored, previous });
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
    table.commit({ revision, type: "DELETED", key, object, previous });
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
