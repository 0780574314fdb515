import { textOf, type JsonObject } from "./json-object.ts";
import { hasWord, isRuntimeStage } from "./runtime-stage.ts";

/** Of as many executions at once a node's runtime is setting containers up; the ones seen longest ago are forgotten. */
const maxStages = 256;

/**
 * Tells the container runtime's own steps ({@link isRuntimeStage}), and the processes that these fork.
 *
 * runc's last step before the container's program is a fork of a fork of the one that it executed, already in the container's namespaces; it
 * executes nothing itself, so what is known of it - file, arguments, container - is its parent's. A fork is taken for a step if the execution
 * that it descends from was one, by the kernel's key of that execution: nothing that a container can choose.
 *
 * @internal
 */
export class RuntimeStages {
  readonly #stages: Set<string> = new Set();

  /** @param reportsParentContainers - see {@link isRuntimeStage}. */
  has(process: JsonObject, parent: JsonObject | undefined, reportsParentContainers: boolean): boolean {
    if (process["arguments"] !== "init") return false;
    if (!isRuntimeStage(process, parent, reportsParentContainers) && !this.#isFork(process, parent)) return false;
    this.#note(textOf(process, "exec_id"));
    return true;
  }

  #isFork(process: JsonObject, parent: JsonObject | undefined): boolean {
    if (!isForked(process)) return false;
    if (this.#stages.has(textOf(process, "parent_exec_id"))) return true;
    // A fork that did nothing that was reported is between the two.
    return parent !== undefined && isForked(parent) && this.#stages.has(textOf(parent, "parent_exec_id"));
  }

  #note(execId: string): void {
    if (execId === "" || this.#stages.has(execId)) return;
    this.#stages.add(execId);
    if (this.#stages.size <= maxStages) return;
    for (const oldest of this.#stages) {
      this.#stages.delete(oldest);
      break;
    }
  }
}

function isForked(process: JsonObject): boolean {
  const flags = textOf(process, "flags");
  return hasWord(flags, "clone") && !hasWord(flags, "execve");
}
