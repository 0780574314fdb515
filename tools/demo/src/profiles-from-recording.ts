import type { RecordedContainer } from "./read-recording.ts";
import type { RecordedExecution } from "./recorded-executions.ts";
import type { LeftOut, ShopWorkload } from "./shop.ts";

/** What a workload may execute, and what of the recording goes beyond it. @internal */
export interface PlayedWorkload {
  readonly workload: ShopWorkload;
  /** The container's ids, one after another: each further one is a restart. */
  readonly containers: readonly PlayedContainer[];
  /** Programs of its profile, sorted, each once. */
  readonly permitted: readonly string[];
  /** Executions outside the profile: exactly these raise R0001. */
  readonly outside: readonly RecordedExecution[];
  /** How often each program that was left out is executed. */
  readonly leftOut: readonly (LeftOut & { readonly executions: number })[];
}

/** One life of a container. */
interface PlayedContainer {
  readonly id: string;
  /** Line of its first execution; 0 for the first life. */
  readonly startsAtLine: number;
}

/**
 * Makes the profile of each workload from what the recording executes in its containers, minus what the workload leaves out on
 * purpose.
 *
 * @param containers - of the recording, in the order of their creation; ids without a recorded execution are not played.
 *
 * @internal
 */
export function profilesFromRecording(
  workloads: readonly ShopWorkload[],
  containers: readonly RecordedContainer[],
  executions: readonly RecordedExecution[],
): PlayedWorkload[] {
  return workloads.map((workload) => {
    const own = executions.filter((execution) => execution.container.name === workload.recordedAs);
    const left = new Set(workload.leftOut.map(({ binary }) => binary));
    const outside = own.filter(({ binary }) => left.has(binary));
    const lives = containers
      .filter(({ name }) => name === workload.recordedAs)
      .map(({ id }) => ({ id, first: own.find((execution) => execution.container.id === id)?.line }))
      .filter((life) => life.first !== undefined);
    return {
      workload,
      containers: lives.map(({ id, first = 0 }, index) => ({ id, startsAtLine: index === 0 ? 0 : first })),
      permitted: [...new Set(own.map(({ binary }) => binary))].filter((binary) => !left.has(binary)).sort(),
      outside,
      leftOut: workload.leftOut.map((entry) => ({
        ...entry,
        executions: outside.filter(({ binary }) => binary === entry.binary).length,
      })),
    };
  });
}
