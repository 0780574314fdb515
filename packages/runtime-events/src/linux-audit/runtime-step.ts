import type { KnownProcess } from "./known-process.ts";

const runtimeBinary = /(?:^|\/)(?:runc|crun|youki)$/;
const runtimeCopy = /^\/memfd:runc_cloned:/;

/**
 * Tells the container runtime's own steps from what the container does.
 *
 * runc starts itself again as `runc init`, perhaps once more from a copy in memory, and becomes the container's first program in the same process.
 * By the time that the record is read the process is in the container's cgroup. A container may hold a program of that name, and may be
 * told to run it by an `exec` from outside; so the name does not suffice. What counts is where it stands in its process's life:
 *
 * 1. the arguments are exactly `init`, and the kernel's own name of the file is the runtime's, or its copy's;
 * 2. the parent is known from an execution that was seen, was the runtime itself, and is in no container;
 * 3. it is the first execution of this process, or, for the copy, follows directly on that. What an `exec` from outside runs comes later.
 *
 * Anything unclear is not a step: it may raise an alert, it never hides one.
 *
 * @param before - the process as it was before this execution; undefined when it was not known.
 * @param kernelPath - `exe` of the record.
 * @internal
 */
export function isRuntimeStep(
  argv: readonly string[],
  kernelPath: string,
  before: Pick<KnownProcess, "execId" | "isRuntimeStage" | "binary"> | undefined,
  parent: KnownProcess | undefined,
): boolean {
  if (argv.length !== 2 || argv[1] !== "init" || parent === undefined || !isRuntimeOutside(parent)) return false;
  const isFirst = before === undefined || before.execId === "";
  if (runtimeBinary.test(kernelPath)) return isFirst;
  return runtimeCopy.test(kernelPath) && (isFirst || (before.isRuntimeStage && runtimeStart.test(before.binary)));
}

/** Whether a process was seen to be executed as the runtime, outside of containers. @internal */
export function isRuntimeOutside(process: Pick<KnownProcess, "execId" | "containerId" | "binary">): boolean {
  return process.execId !== "" && process.containerId === "" && runtimeBinary.test(process.binary);
}

/**
 * Whether a call is the runtime's while it sets a container up, although the process is in the container's cgroup already: namespaces that
 * it makes are no escape.
 *
 * That the process stands where the runtime's steps stand comes from the tree; the kernel's own name of the file says that no execution was
 * missed since.
 *
 * @param kernelPath - `exe` of the record.
 * @internal
 */
export function isRuntimeCall(process: Pick<KnownProcess, "isRuntimeStage">, kernelPath: string): boolean {
  return process.isRuntimeStage && (runtimeBinary.test(kernelPath) || runtimeCopy.test(kernelPath));
}

/** How the first of the steps is executed. */
const runtimeStart = /^\/proc\/self\/exe$|(?:^|\/)(?:runc|crun|youki)$/;
