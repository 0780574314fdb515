import type { ActivityEvent } from "@kinglet/enrichment";

import { maxAlertText, showList, showText } from "./alert-text.ts";
import type { AlertArguments } from "./alert.ts";

/**
 * What of an event its alert names, under the keys that receivers of the original know. Redacted,
 * long command lines and lists cut.
 *
 * @internal
 */
export function alertArguments(event: ActivityEvent): AlertArguments {
  switch (event.kind) {
    case "exec":
      return { exec: event.binary, args: showText(event.args, maxAlertText.commandLine) };
    case "open":
      return { path: event.path, flags: showList(event.flags) };
    case "network":
      return { direction: event.direction, ip: event.address, port: event.port, proto: event.protocol };
    case "dns":
      return { domain: event.name, addresses: showList(event.addresses), protocol: event.protocol, port: event.port };
    case "capabilities":
      return { capability: event.capability, syscall: event.syscall };
    case "syscall":
      return { syscall: event.name };
    case "symlink":
    case "hardlink":
      return { oldPath: event.oldPath, newPath: event.newPath };
    case "bpf":
      return { cmd: event.command, attrSize: event.attrSize };
    case "kmod":
      return { syscall: event.syscallName, module: event.module };
    case "ptrace":
      return { exePath: event.target, request: event.command };
    case "unshare":
      return { syscall: event.syscallName, flags: event.flagsRaw };
    case "iouring":
      return { opcode: event.opcode };
    default:
      return {};
  }
}
