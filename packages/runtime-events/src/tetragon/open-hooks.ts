import { OpenEvent } from "@kinglet/enrichment";
import { textOf } from "../json-object.ts";
import { tidyPath } from "../tidy-path.ts";
import type { HookCall } from "./hook-call.ts";

/** Names of open flags, by bit; the two access bits are not among them. */
const flagNames: readonly (readonly [number, string])[] = [
  [0o100, "O_CREAT"],
  [0o200, "O_EXCL"],
  [0o400, "O_NOCTTY"],
  [0o1000, "O_TRUNC"],
  [0o2000, "O_APPEND"],
  [0o4000, "O_NONBLOCK"],
  [0o10000, "O_DSYNC"],
  [0o20000, "O_ASYNC"],
  [0o40000, "O_DIRECT"],
  [0o200000, "O_DIRECTORY"],
  [0o400000, "O_NOFOLLOW"],
  [0o1000000, "O_NOATIME"],
  [0o2000000, "O_CLOEXEC"],
  [0o10000000, "O_PATH"],
];
const accessNames = ["O_RDONLY", "O_WRONLY", "O_RDWR"] as const;

/** O_LARGEFILE says nothing on a 64-bit machine; the kernel adds it itself. */
const largeFile = 0o100000;

const mayExecute = 1;
const mayWrite = 2;
const mayRead = 4;
const mayAppend = 8;
const protWrite = 2;
const mapShared = 1;

/** `file` and, where the policy asks for it, its flags. */
export function readOpenedFile(call: HookCall): OpenEvent | undefined {
  const flags = call.integer("flags", -1);
  return openOf(call, flags === undefined ? undefined : flagsOf(flags), flags);
}

/** `file`, permission mask: the file is open already, and something is done through it. */
export function readFilePermission(call: HookCall): OpenEvent | undefined {
  const mask = call.integer("mask", 0);
  if (mask === undefined) return openOf(call, undefined, undefined);
  // To pass through a directory, or to execute a file, is no opening.
  if ((mask & ~mayExecute) === 0) return undefined;
  const isWritten = (mask & (mayWrite | mayAppend)) !== 0;
  const flags: string[] = [isWritten ? ((mask & mayRead) === 0 ? "O_WRONLY" : "O_RDWR") : "O_RDONLY"];
  if ((mask & mayAppend) !== 0) flags.push("O_APPEND");
  return openOf(call, flags, undefined);
}

/** `file`, protection, map flags: only a shared writable mapping needs a file that is open for writing. */
export function readMappedFile(call: HookCall): OpenEvent | undefined {
  const protection = call.integer("prot", 0) ?? 0;
  const isShared = ((call.integer("flags", 1) ?? 0) & mapShared) !== 0;
  return openOf(call, [isShared && (protection & protWrite) !== 0 ? "O_RDWR" : "O_RDONLY"], undefined);
}

/** `path` of a file that is cut. */
export function readTruncatedPath(call: HookCall): OpenEvent | undefined {
  return openOf(call, ["O_WRONLY", "O_TRUNC"], undefined);
}

/** Directory, path, flags of a system call. A relative path is relative to what nobody reports. */
export function readOpenAt(call: HookCall): OpenEvent | undefined {
  return openPath(call, call.integer("flags", 1));
}

/** Path, flags of a system call. */
export function readOpen(call: HookCall): OpenEvent | undefined {
  return openPath(call, call.integer("flags", 0));
}

/** Path of a system call that creates. */
export function readCreat(call: HookCall): OpenEvent | undefined {
  return openPath(call, 0o1101);
}

/** Names of open flags with the access mode first. */
function flagsOf(flags: number): readonly string[] {
  const names: string[] = [accessNames[flags & 3] ?? "O_ACCMODE"];
  for (const [bit, name] of flagNames) {
    if ((flags & ~largeFile & bit) !== 0) names.push(name);
  }
  return names;
}

function openPath(call: HookCall, flagsRaw: number | undefined): OpenEvent | undefined {
  const path = tidyPath(call.text(0));
  if (!path.startsWith("/") || call.hasFailed) return undefined;
  return flagsRaw === undefined
    ? new OpenEvent({ ...call.origin, path })
    : new OpenEvent({ ...call.origin, path, flags: flagsOf(flagsRaw), flagsRaw });
}

function openOf(
  call: HookCall,
  flags: readonly string[] | undefined,
  flagsRaw: number | undefined,
): OpenEvent | undefined {
  const file = call.object("file_arg") ?? call.object("path_arg");
  if (file === undefined || call.hasFailed) return undefined;
  const path = textOf(file, "path");
  // Pipes, sockets and what was never in a folder have names without a slash; a path that was cut is no path.
  if (!path.startsWith("/") || textOf(file, "flags").includes("unresolved")) return undefined;
  const isFolder = textOf(file, "permission").startsWith("d");
  const all = flags === undefined || !isFolder || flags.includes("O_DIRECTORY") ? flags : [...flags, "O_DIRECTORY"];
  return new OpenEvent({
    ...call.origin,
    path,
    ...(all === undefined ? {} : { flags: all }),
    ...(flagsRaw === undefined ? {} : { flagsRaw }),
  });
}
