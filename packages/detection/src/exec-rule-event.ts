import type { ContainerIdentity, ExecEvent } from "@kinglet/enrichment";
import type { EventField, RuleEvent } from "@kinglet/policy-engine";

/**
 * The fields of `event` that an execution fills. Not among them: `args`, because the source reports one string and splitting it
 * would guess; `upperlayer` and `pupperlayer`, because no source here sees the overlay.
 *
 * @internal
 */
export const execEventFields: readonly EventField[] = [
  "comm",
  "containerId",
  "containerName",
  "cwd",
  "exepath",
  "namespace",
  "pcomm",
  "pid",
  "podName",
  "ppid",
  "uid",
];

/**
 * An execution as rules see it. One object per detector, pointed at each event in turn: nothing is allocated per event, and a
 * value is computed only when an expression reads it.
 *
 * @internal
 */
export class ExecRuleEvent implements RuleEvent {
  #event: ExecEvent | undefined;
  #container: ContainerIdentity | undefined;

  point(event: ExecEvent, container: ContainerIdentity): void {
    this.#event = event;
    this.#container = container;
  }

  /** The kernel keeps 15 bytes of the file name as the name of the process. */
  get comm(): string | undefined {
    return this.#event && commOf(this.#event.binary);
  }
  get pcomm(): string | undefined {
    return this.#event && commOf(this.#event.parentBinary);
  }
  get containerId(): string | undefined {
    return this.#container?.containerId;
  }
  get containerName(): string | undefined {
    return this.#container?.containerName;
  }
  get namespace(): string | undefined {
    return this.#container?.namespace;
  }
  get podName(): string | undefined {
    return this.#container?.podName;
  }
  get cwd(): string | undefined {
    return this.#event?.cwd;
  }
  get exepath(): string | undefined {
    return this.#event?.binary;
  }
  get pid(): number | undefined {
    return this.#event?.pid;
  }
  get ppid(): number | undefined {
    return this.#event?.parentPid;
  }
  get uid(): number | undefined {
    return this.#event?.uid;
  }
}

/** @internal */
export function commOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1).slice(0, 15);
}
