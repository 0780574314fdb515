import type { FaultAction } from "./fault-action.ts";
import type { KubeObject } from "../resources/kube-object.ts";
import { refusal } from "../refusals/refusals.ts";
import type { ResourceTable } from "../storage/resource-table.ts";

/** What a fault does to the events of one watch. Faults that only concern bytes do nothing here. */
export class WatchFault {
  readonly #action: FaultAction;
  #events = 0;

  constructor(action: FaultAction) {
    this.#action = action;
  }

  /** No event may follow: the fault has had so many as it lets pass. */
  get isOver(): boolean {
    const action = this.#action;
    if (action.kind !== "cut" && action.kind !== "blackhole" && action.kind !== "watch-error") return false;
    return action.afterEvents !== undefined && this.#events >= action.afterEvents;
  }

  /** The `Status` of the last event; undefined when there is none. */
  get lastStatus(): object | undefined {
    const action = this.#action;
    if (action.kind !== "watch-error") return undefined;
    return refusal(action.code, action.reason ?? "", action.message ?? `fault injected: ${action.code}`).body;
  }

  /** Position in the history to start from instead; never before what is remembered. */
  startIndex(index: number, table: ResourceTable): number {
    if (this.#action.kind !== "replay-events") return index;
    let start = index;
    while (start > index - this.#action.events && table.eventAt(start - 1) !== undefined) start--;
    return start;
  }

  /** The object as the fault shows it. */
  disfigure(object: KubeObject): KubeObject {
    switch (this.#action.kind) {
      case "strip-metadata": {
        const { metadata: _metadata, ...rest } = object;
        return rest as KubeObject;
      }
      case "table-objects":
        return {
          kind: "Table",
          apiVersion: "meta.k8s.io/v1",
          metadata: { resourceVersion: object.metadata.resourceVersion },
          columnDefinitions: null,
          rows: null,
        } as unknown as KubeObject;
      default:
        return object;
    }
  }

  /** The version of a bookmark; undefined leaves it out. */
  bookmarkRevision(revision: bigint): bigint | undefined {
    if (this.#action.kind === "no-bookmarks") return undefined;
    if (this.#action.kind !== "lower-bookmarks") return revision;
    const lower = revision - BigInt(this.#action.by);
    return lower > 0n ? lower : 1n;
  }

  /** What goes out for one event. */
  frames(frame: Buffer): readonly Buffer[] {
    this.#events++;
    const action = this.#action;
    if (action.kind === "duplicate-events") return [frame, frame];
    if (action.kind === "long-line" && this.#events === 1) return [longLine(action.bytes), frame];
    return [frame];
  }
}

/** An event whose object is one long annotation. */
function longLine(bytes: number): Buffer {
  const head =
    '{"type":"ADDED","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"long","annotations":{"fill":"';
  const tail = '"}}}}\n';
  return Buffer.concat([
    Buffer.from(head),
    Buffer.alloc(Math.max(0, bytes - head.length - tail.length), "x"),
    Buffer.from(tail),
  ]);
}
