import { Buffer } from "node:buffer";
import { posix } from "node:path";
import { tidyProgramPath } from "../tidy-path.ts";
import type { AuditCall } from "./audit-call.ts";
import { decodeAuditValue } from "./audit-value.ts";

/** What a program was executed with, before secrets are taken out. @internal */
export interface ExecutedWith {
  readonly argv: readonly string[];
  /** False when there may have been more of it. */
  readonly isWhole: boolean;
}

/**
 * Stands behind the kernel's path where it may be that of an interpreter only. A name that is in no list and never gets into one: it is a wildcard of
 * profiles, so that nobody learns it, or is offered an entry for it.
 */
const unknownProgram = "\u22EF";
/** The kernel follows five interpreters of interpreters, and each may put two arguments in front of the script's name. */
const maxScriptIndex = 12;
/** The kernel's name for what was executed by a descriptor. */
const descriptorName = /^\/dev\/fd\/\d+/;
/** Of a process's name, bytes. */
const maxCommBytes = 15;

/**
 * The absolute path of the program that is executed, as it was called: without links followed, and for a script its own, not its interpreter's.
 *
 * The kernel's own path (`exe`) is that of the file that runs, and so of a script's interpreter. It counts where the path that was called cannot be
 * told (it goes up behind a link that nobody reports, or counts from a descriptor, or from a folder without a name), its base name is the same, and the
 * file surely is no script: the kernel puts the name of a script among its arguments. Otherwise it is the name as it was given; of an execution
 * whose name never arrived, the kernel's path with a mark behind it that no profile allows, unless it surely is no script. What a descriptor
 * leads to is not asked for: by now its process may have made it lead elsewhere.
 *
 * Cost: for an absolute path, or one from a known folder, that does not go up: a search.
 *
 * @param kernelPath - `exe` of the record.
 * @internal
 */
export function executedProgram(call: AuditCall, executed: ExecutedWith, kernelPath: string): string {
  const { paths, cwd } = call.event;
  const file = paths.find((path) => path.item === 0);
  const name = file?.name ?? "";
  const isByDescriptor = call.name === "execveat" && !name.startsWith("/") && !call.isAtWorkingDirectory(0);
  if (name === "") {
    const isDescriptor = isByDescriptor && file !== undefined;
    return isDescriptor ? byDescriptor(call, executed, kernelPath) : nameless(call, executed, kernelPath);
  }
  const base = name.startsWith("/") ? "" : isByDescriptor || !cwd.startsWith("/") ? undefined : `${cwd}/`;
  const path = base === undefined ? name : tidyProgramPath(`${base}${name}`);
  if (base !== undefined && !path.includes("/../")) return path;
  if (posix.basename(path) !== posix.basename(kernelPath)) return path;
  const kernelName = isByDescriptor ? `/dev/fd/${call.int(0)}/${name}` : name;
  return isScript(executed, (argument) => argument === kernelName) === false ? kernelPath : path;
}

/** What `fexecve` does. */
function byDescriptor(call: AuditCall, executed: ExecutedWith, kernelPath: string): string {
  const kernelName = `/dev/fd/${call.int(0)}`;
  const isOne = isScript(executed, (argument) => argument === kernelName);
  if (isOne === true) return kernelName;
  return isOne === false && kernelPath !== "" ? kernelPath : marked(kernelPath);
}

/**
 * The record with the name is missing. A process is called by the base name of what it was told to execute, also where that is a script; by that of the
 * interpreter where a descriptor was executed, which then is among the arguments (kernel 6.14 and later).
 */
function nameless(call: AuditCall, executed: ExecutedWith, kernelPath: string): string {
  const comm = decodeAuditValue(call.field("comm"));
  const isClear = comm !== "" && !comm.includes("\uFFFD") && kernelPath !== "";
  const isOne = isScript(
    executed,
    (argument) => !isClear || commOf(argument) === comm || descriptorName.test(argument),
  );
  return isOne === false && kernelPath !== "" ? kernelPath : marked(kernelPath);
}

function marked(kernelPath: string): string {
  return kernelPath === "" ? unknownProgram : `${kernelPath} ${unknownProgram}`;
}

/** @returns undefined when nobody can tell. */
function isScript({ argv, isWhole }: ExecutedWith, isName: (argument: string) => boolean): boolean | undefined {
  for (let at = 1; at < argv.length && at <= maxScriptIndex; at++) {
    if (isName(argv[at]!)) return true; // at < length
  }
  // The last one may be cut.
  return isWhole || argv.length > maxScriptIndex + 1 ? false : undefined;
}

function commOf(path: string): string {
  const name = Buffer.from(path.slice(path.lastIndexOf("/") + 1));
  return name.toString("utf8", 0, Math.min(name.length, maxCommBytes));
}
