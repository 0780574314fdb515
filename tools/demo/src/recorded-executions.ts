import type { RecordedContainer } from "./read-recording.ts";

/** An execution that a container did while Tetragon watched. @internal */
export interface RecordedExecution {
  /** Index of its line. */
  readonly line: number;
  readonly container: RecordedContainer;
  readonly binary: string;
  readonly args: string;
  readonly execId: string;
}

/** All executions of a recording, and those that its containers answer for. @internal */
export interface RecordedExecutions {
  /** Lines that are executions, whoever did them. */
  readonly total: number;
  readonly ofContainers: readonly RecordedExecution[];
}

interface ExportLine {
  readonly process_exec?: {
    readonly process: {
      readonly exec_id: string;
      readonly binary: string;
      readonly arguments?: string;
      readonly flags?: string;
      readonly docker?: string;
      readonly in_init_tree?: boolean;
    };
  };
}

/** Tetragon reports this many of the 64 digits. */
const idDigits = 31;

/**
 * Finds the executions of the containers, on its own account: the demo compares what the sensor says with this.
 *
 * Left aside are what ran before Tetragon did (`procFS`: reported for completeness, not observed) and the container runtime's last
 * step before the container exists (`/dev/fd/N init`: it carries the container's id already).
 *
 * @internal
 */
export function recordedExecutions(
  lines: readonly string[],
  containers: readonly RecordedContainer[],
): RecordedExecutions {
  const byPrefix = new Map(containers.map((container) => [container.id.slice(0, idDigits), container]));
  const ofContainers: RecordedExecution[] = [];
  let total = 0;
  for (const [line, text] of lines.entries()) {
    if (!text.startsWith('{"process_exec":')) continue;
    const { process } = (JSON.parse(text) as ExportLine).process_exec ?? {};
    if (process === undefined) continue;
    total += 1;
    const container = byPrefix.get(process.docker ?? "");
    if (container === undefined) continue;
    const { binary, arguments: args = "", flags = "", exec_id: execId } = process;
    if (flags.split(" ").includes("procFS")) continue;
    if (args === "init" && process.in_init_tree !== true && runtimeStage.test(binary)) continue;
    ofContainers.push({ line, container, binary, args, execId });
  }
  return { total, ofContainers };
}

const runtimeStage = /^(?:\/dev\/fd\/\d+|\/proc\/self\/exe)$/;
