import type { KnownProcess } from "./known-process.ts";

const runtimeBinary = /(?:^|\/)(?:runc|crun|youki)$/;
const runtimeCopy = /^\/memfd:runc_cloned:/;
/** What runc calls itself when it executes itself. Not `/dev/fd/`, which a container can make a link to its own files. */
const ownName = /^\/proc\/self\/(?:exe|fd\/\d+)$/;

/**
 * Tells the container runtime's own steps from what the container does.
 *
 * runc starts itself again as `runc init`, perhaps once more from a copy in memory; a clone of that becomes the container's first program.
 * By the time that the record is read the process is in the container's cgroup. A container may hold a program of that name, and may be
 * told to run it by an `exec` from outside, as the first that the clone executes; so neither its name nor where it stands in its process's life
 * suffices. What counts:
 *
 * 1. the arguments are exactly `init`, and the kernel's own name of the file is the runtime's, or its copy's;
 * 2. the parent is known from an execution that was seen, was the runtime itself, and is in no container;
 * 3. it is the first execution of this process, by a name that the runtime has for itself and for no file of a container; or, for the copy, follows
 *    directly on that. What an `exec` from outside runs by such a name has it as its first argument, too; the runtime has its own there.
 *
 * Anything unclear is not a step: it may raise an alert, it never hides one.
 *
 * @param before - the process as it was before this execution; undefined when it was not known.
 * @param givenName - of the file, as the call named it; `""`: not known.
 * @param kernelPath - `exe` of the record.
 * @internal
 */
export function isRuntimeStep(
  argv: readonly string[],
  givenName: string,
  kernelPath: string,
  before: Pick<KnownProcess, "execId" | "isRuntimeStage" | "binary"> | undefined,
  parent: KnownProcess | undefined,
): boolean {
  if (argv.length !== 2 || argv[1] !== "init" || ownName.test(argv[0]!)) return false; // Two of them.
  if (parent === undefined || !isRuntimeOutside(parent)) return false;
  const isCopy = runtimeCopy.test(kernelPath);
  if (!isCopy && !runtimeBinary.test(kernelPath)) return false;
  if (before === undefined || before.execId === "") return ownName.test(givenName);
  return isCopy && before.isRuntimeStage && ownName.test(before.binary);
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
