import { createError } from "@kinglet/errors";
import { kingletErrors } from "../../errors.ts";
import type { SnapshotCollector } from "./snapshot-collector.ts";
import type { SectionMode, SnapshotSink } from "./snapshot-tokenizer.ts";

/** Functions of one script that are followed; one is enough unless its edges were left out. */
const functionsPerScript = 4;

/**
 * Finds the names of scripts by a walk over the edges: function → `shared` → shared function info → `script` → script, whose node bears
 * the file name. Locations give only a script id, which differs from process to process.
 *
 * Reads the section `edges` alone, after a {@link SnapshotCollector} has read the whole file. Memory: 4 bytes per node.
 */
export class ScriptNames implements SnapshotSink {
  readonly #path: string;
  readonly #snapshot: SnapshotCollector;
  /** From function to shared function info, and from there to script; 0 is the root and means none. */
  readonly #next: Uint32Array;
  /** Script id by function. */
  readonly #functions = new Map<number, number>();
  readonly #codeType: number;
  #isDone = false;
  #node = -1;
  #edgesLeft = 0;
  #field = 0;
  #type = 0;
  #name = 0;
  #target = 0;

  constructor(path: string, snapshot: SnapshotCollector) {
    this.#path = path;
    this.#snapshot = snapshot;
    this.#next = new Uint32Array(snapshot.layout.nodeCount);
    this.#codeType = snapshot.layout.nodeTypes.indexOf("code");
    const perScript = new Map<number, number>();
    for (const { scriptId, closure } of snapshot.places()) {
      const known = perScript.get(scriptId) ?? 0;
      if (closure < 0 || known === functionsPerScript) continue;
      perScript.set(scriptId, known + 1);
      this.#functions.set(closure, scriptId);
    }
  }

  /** Whether reading the edges can find anything. */
  get isUseful(): boolean {
    const { shared, script } = this.#snapshot.edgeNames;
    return this.#snapshot.edgesOffset >= 0 && this.#functions.size > 0 && shared >= 0 && script >= 0;
  }

  /** True when the section was read to its end. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** Names by script id; scripts without a name are missing. */
  names(): Map<number, string> {
    const names = new Map<number, string>();
    for (const [node, scriptId] of this.#functions) {
      const info = this.#next[node] as number;
      const script = info === 0 ? 0 : (this.#next[info] as number);
      const name = script === 0 ? "" : this.#snapshot.nameOf(script);
      if (name !== "") names.set(scriptId, name);
    }
    return names;
  }

  beginSection(): SectionMode {
    return this.#isDone ? "skip" : "numbers";
  }

  takeText(): void {}

  takeString(): void {}

  /** Called for every number of `edges`: no allocation. */
  takeNumbers(values: Float64Array, count: number): void {
    const { edgeFields, edgeTypeAt, edgeNameAt, edgeTargetAt } = this.#snapshot.layout;
    for (let i = 0; i < count; i++) {
      const value = values[i] as number;
      if (this.#field === edgeTypeAt) this.#type = value;
      else if (this.#field === edgeNameAt) this.#name = value;
      else if (this.#field === edgeTargetAt) this.#target = value;
      if (++this.#field === edgeFields) {
        this.#field = 0;
        this.#addEdge();
      }
    }
  }

  endSection(): void {
    this.#isDone = true;
  }

  #addEdge(): void {
    const { layout, types, edgeCounts, edgeNames } = this.#snapshot;
    while (this.#edgesLeft === 0) {
      if (++this.#node >= layout.nodeCount) this.#refuse("it has more edges than its nodes say");
      this.#edgesLeft = edgeCounts[this.#node] as number;
    }
    this.#edgesLeft--;
    if (this.#type !== layout.internalEdge) return;
    const isShared = this.#name === edgeNames.shared && this.#functions.has(this.#node);
    const isScript = this.#name === edgeNames.script && types[this.#node] === this.#codeType;
    if (!isShared && !isScript) return;
    const target = this.#target / layout.nodeFields;
    if (!Number.isInteger(target) || target >= layout.nodeCount) this.#refuse(`an edge leads to node ${this.#target}`);
    if (types[target] === this.#codeType) this.#next[this.#node] = target;
  }

  #refuse(reason: string): never {
    throw createError(kingletErrors, "KINGLET_ERR_KINGLET_HEAP_NOT_A_SNAPSHOT", { path: this.#path, reason });
  }
}
