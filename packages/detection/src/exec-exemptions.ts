import type { Clock } from "@kinglet/lifecycle";

import { isDeclaredCommand } from "./declared-command.ts";
import type { ContainerCommands, DetectionHost } from "./detection-host.ts";
import type { ActivityView } from "./rule-event.ts";

/** What {@link ExecExemptions} works with. @internal */
export interface ExecExemptionOptions {
  readonly host: Pick<DetectionHost, "commandsOf">;
  /** The event at hand. */
  readonly view: Pick<ActivityView, "container" | "exepath" | "execution">;
  readonly clock: Pick<Clock, "monotonicMs">;
  /** Containers remembered as stopping. @defaultValue 1000 */
  readonly maxStopping?: number;
  /** How long a container counts as stopping, milliseconds. @defaultValue 300,000 */
  readonly stoppingMs?: number;
}

/**
 * Executions that a container's specification asks for: its command, its postStart and its preStop hook, each with exactly the arguments that
 * are declared ({@link isDeclaredCommand}). A hook that runs `/bin/sh -c "nginx -s quit"` says nothing of what else a shell is told to do. (The
 * original compares the path alone; ADR 0023.) Probes are no exemption: they run from the first minute on, so the profile has them.
 *
 * A question about another program than the one that was executed, or with another event, is about the specification alone: whether it names the path.
 *
 * A container whose preStop hook ran while its pod is being deleted is stopping: what it still executes is exempt for five minutes. Without a
 * deletion the hook says nothing, because the container can run its own hook as often as it likes; the deletion may become known after the
 * hook ran, so it is asked for at each execution. (The original asks for no deletion.)
 *
 * @internal
 */
export class ExecExemptions {
  readonly #options: ExecExemptionOptions;
  readonly #maxStopping: number;
  readonly #stoppingMs: number;
  /** When they stop to count, by container id; the one noted longest ago first. */
  readonly #stopping: Map<string, number> = new Map();

  constructor(options: ExecExemptionOptions) {
    this.#options = options;
    this.#maxStopping = options.maxStopping === undefined || options.maxStopping <= 0 ? 1000 : options.maxStopping;
    this.#stoppingMs = options.stoppingMs === undefined || options.stoppingMs <= 0 ? 300_000 : options.stoppingMs;
  }

  /** Whether this execution by the container of the event at hand is exempt. */
  isExempt(containerId: string, path: string): boolean {
    const { host, view } = this.#options;
    const container = view.container;
    if (container === undefined || container.containerId !== containerId) return false;
    const commands = host.commandsOf(container.namespace, container.podName, container.containerName);
    if (commands === undefined) return false;
    const { execution } = view;
    if (execution === undefined || path !== view.exepath) return isNamed(commands, path);
    const isHook = isDeclaredCommand(commands.preStop, false, execution);
    if (isHook) this.noteStopping(containerId);
    return (
      isHook ||
      isDeclaredCommand(commands.command, true, execution) ||
      isDeclaredCommand(commands.postStart, false, execution) ||
      (commands.isPodEnding && this.isStopping(containerId))
    );
  }

  /** The container's preStop hook ran, which counts while the pod is ending. Noting it again renews the time; an empty id is not noted. */
  noteStopping(containerId: string): void {
    if (containerId === "") return;
    this.#stopping.delete(containerId);
    if (this.#stopping.size >= this.#maxStopping) {
      for (const eldest of this.#stopping.keys()) {
        this.#stopping.delete(eldest);
        break;
      }
    }
    this.#stopping.set(containerId, this.#options.clock.monotonicMs() + this.#stoppingMs);
  }

  /** Whether the hook ran within the time. Asking moves the container behind the others in the order in which they are forgotten. */
  isStopping(containerId: string): boolean {
    if (this.#stopping.size === 0) return false;
    const until = this.#stopping.get(containerId);
    if (until === undefined) return false;
    this.#stopping.delete(containerId);
    if (until <= this.#options.clock.monotonicMs()) return false;
    this.#stopping.set(containerId, until);
    return true;
  }

  forget(containerId: string): void {
    this.#stopping.delete(containerId);
  }

  get size(): number {
    return this.#stopping.size;
  }
}

function isNamed({ command, postStart, preStop }: ContainerCommands, path: string): boolean {
  return path !== "" && (command.includes(path) || postStart.includes(path) || preStop.includes(path));
}
