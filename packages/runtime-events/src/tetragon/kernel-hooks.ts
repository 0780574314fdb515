import {
  CapabilityEvent,
  KernelCallEvent,
  LinkEvent,
  SyscallEvent,
  type KernelCallDetails,
  type KernelCallEventKind,
  type LinkEventKind,
} from "@kinglet/enrichment";
import { numberOf, textOf } from "../json-object.ts";
import { linkTarget } from "../tidy-path.ts";
import { bpfCommands } from "./bpf-commands.ts";
import type { HookCall } from "./hook-call.ts";
import { syscallName, type SyscallMachine } from "./syscall-names.ts";

/** Only asked to know, with no intention to use it: `CAP_OPT_NOAUDIT`. */
const noAudit = 2;
const bpfMapCreate = 0;
const bpfProgramLoad = 5;
/** `READING_MODULE` of the kernel's reasons to read a file. */
const readingModule = 2;
/** All `CLONE_NEW...` bits: of clone and unshare, time namespaces included. */
const newNamespaces = 0x7e02_0080;
const newUserNamespace = 0x1000_0000;

/** `capability`: a check that was passed. */
export function readCapability(call: HookCall): CapabilityEvent | undefined {
  const argument = call.object("capability_arg");
  if (argument === undefined || call.hasFailed || ((call.integer("opts", -1) ?? 0) & noAudit) !== 0) return undefined;
  const capability = textOf(argument, "name").replace(/^CAP_/, "");
  return capability === "" ? undefined : new CapabilityEvent({ ...call.origin, capability });
}

/** Number of a system call, with its machine where the policy asks for `syscall64`. */
export function readSyscall(call: HookCall): SyscallEvent | undefined {
  const named = call.object("syscall_id");
  const machine = named === undefined ? process.arch : textOf(named, "abi");
  const number = named === undefined ? call.integer("id", 0) : numberOf(named, "id", 0);
  if (number === undefined || (machine !== "x64" && machine !== "arm64")) return undefined;
  const name = syscallName(machine satisfies SyscallMachine, number);
  return name === undefined ? undefined : new SyscallEvent({ ...call.origin, name });
}

/** Target, link; folders given by number are left out, so that a relative path counts from where the program was started. */
export function readSymlink(call: HookCall): LinkEvent | undefined {
  return linkOf(call, "symlink");
}

/** File, link; as of {@link readSymlink}. */
export function readHardlink(call: HookCall): LinkEvent | undefined {
  return linkOf(call, "hardlink");
}

/** Command, attributes, size of the system call. */
export function readBpf(call: HookCall): KernelCallEvent | undefined {
  const word = call.word("bpf_cmd_arg");
  const command = word === "" ? call.integer("cmd", 0) : bpfCommands.indexOf(word);
  if (command === undefined || command < 0) return undefined;
  return kernelCall(call, "bpf", {
    syscallName: "bpf",
    command,
    attrSize: call.integer("size", word === "" ? 1 : 0) ?? -1,
  });
}

/** Attributes of a program that is loaded. */
export function readBpfProgram(call: HookCall): KernelCallEvent | undefined {
  const program = call.object("bpf_attr_arg") ?? call.object("bpf_prog_arg");
  if (program === undefined) return undefined;
  return kernelCall(call, "bpf", {
    syscallName: "bpf",
    command: bpfProgramLoad,
    target: textOf(program, "ProgName"),
  });
}

/** Map that is made. */
export function readBpfMap(call: HookCall): KernelCallEvent | undefined {
  const map = call.object("bpf_map_arg");
  if (map === undefined) return undefined;
  return kernelCall(call, "bpf", { syscallName: "bpf", command: bpfMapCreate, target: textOf(map, "MapName") });
}

/** Module that is about to begin, however it came. */
export function readModuleStart(call: HookCall): KernelCallEvent | undefined {
  return moduleOf(call, "init_module", textOf(call.object("module_arg") ?? {}, "name"));
}

/** Module that goes. */
export function readModuleEnd(call: HookCall): KernelCallEvent | undefined {
  return moduleOf(call, "delete_module", textOf(call.object("module_arg") ?? {}, "name") || call.text(0));
}

/** Name that the kernel asks for on its own account. */
export function readModuleRequest(call: HookCall): KernelCallEvent | undefined {
  return moduleOf(call, "request_module", call.text(0));
}

/** `file`, reason of a file that the kernel reads: only modules. */
export function readModuleFile(call: HookCall): KernelCallEvent | undefined {
  if ((call.integer("id", 0) ?? readingModule) !== readingModule) return undefined;
  return moduleOf(call, "finit_module", textOf(call.object("file_arg") ?? {}, "path"));
}

/** Request, process. A policy that asks for one number only may mean any of them. */
export function readPtrace(call: HookCall): KernelCallEvent | undefined {
  const request = call.integer("request", call.integer("pid", 1) === undefined ? -1 : 0);
  return kernelCall(call, "ptrace", { syscallName: "ptrace", command: request ?? -1 });
}

/** Namespaces to leave. */
export function readUnshare(call: HookCall): KernelCallEvent | undefined {
  return kernelCall(call, "unshare", { syscallName: "unshare", flagsRaw: call.integer("flags", 0) ?? -1 });
}

/** File, kind of the namespace to enter. */
export function readSetns(call: HookCall): KernelCallEvent | undefined {
  return kernelCall(call, "unshare", { syscallName: "setns", flagsRaw: call.integer("nstype", 1) ?? -1 });
}

/** Flags of a process that is made: only where it gets namespaces of its own. */
export function readClone(call: HookCall): KernelCallEvent | undefined {
  const flags = call.integer("flags", 0);
  if (flags === undefined || (flags & newNamespaces) === 0) return undefined;
  return kernelCall(call, "unshare", { syscallName: "clone", flagsRaw: flags });
}

/** A user namespace is made, whatever the call. */
export function readUserNamespace(call: HookCall): KernelCallEvent | undefined {
  return kernelCall(call, "unshare", { syscallName: call.name, flagsRaw: newUserNamespace });
}

/** Ring that is made or used; the operation where the hook tells it. */
export function readIoUring(call: HookCall): KernelCallEvent | undefined {
  return kernelCall(call, "iouring", {
    syscallName: call.name.replace(/^sys_/, ""),
    opcode: call.integer("opcode", -1) ?? -1,
  });
}

function kernelCall(
  call: HookCall,
  kind: KernelCallEventKind,
  details: Partial<KernelCallDetails>,
): KernelCallEvent | undefined {
  return call.hasFailed ? undefined : new KernelCallEvent({ ...call.origin, kind, ...details });
}

function moduleOf(call: HookCall, syscall: string, module: string): KernelCallEvent | undefined {
  return module === "" ? undefined : kernelCall(call, "kmod", { syscallName: syscall, module });
}

function linkOf(call: HookCall, kind: LinkEventKind): LinkEvent | undefined {
  const [given, made] = [call.text(0), call.text(1)];
  if (given === "" || made === "" || call.hasFailed) return undefined;
  const newPath = call.absolute(made);
  const oldPath = kind === "symlink" ? linkTarget(given, newPath) : call.absolute(given);
  return new LinkEvent({ ...call.origin, kind, oldPath, newPath });
}
