import { memberOf } from "./agent-event.ts";
import type { Json } from "./event-codec.ts";

/** The processes that are running, as far as the events told: what an agent replays when it starts. */
export class KnownProcesses {
  /** Bodies of executions by exec id, in order of execution. */
  readonly #running: Map<string, Json> = new Map();

  /** Takes an event into account. */
  saw(json: Json): void {
    const [member, body] = memberOf(json);
    const process = body["process"] as Json | undefined;
    const id = process?.["exec_id"];
    if (typeof id !== "string") return;
    if (member === "process_exit") this.#running.delete(id);
    if (member !== "process_exec") return;
    // A process that executes again keeps its pid; what it was before is over.
    const parent = String(process?.["parent_exec_id"]);
    const former = (this.#running.get(parent)?.["process"] as Json | undefined)?.["pid"];
    if (former !== undefined && former === process?.["pid"]) this.#running.delete(parent);
    this.#running.set(id, body);
    if (this.#running.size > 65_536) {
      for (const oldest of this.#running.keys()) {
        this.#running.delete(oldest);
        break;
      }
    }
  }

  /** Executions of all that run, with the flag `procFS`; their time is when they began. */
  replay(nodeName: string): Json[] {
    return [...this.#running.values()].map((body) => {
      const process = body["process"] as Json;
      return {
        process_exec: { ...body, process: { ...process, flags: `procFS ${textOf(process["flags"])}`.trim() } },
        node_name: nodeName,
        time: process["start_time"],
      };
    });
  }
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
