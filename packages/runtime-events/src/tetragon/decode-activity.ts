import { OpenEvent, type ActivityEvent, type EventOriginInit } from "@kinglet/enrichment";
import type { MemberKind } from "../event-kinds.ts";
import { textOf, type JsonObject } from "../json-object.ts";
import { HookCall } from "./hook-call.ts";
import { hooks } from "./hooks.ts";

const machinePrefix = /^__(?:x64|arm64|ia32|ia32_compat|s390x|riscv)_(?=sys_)/;
/** Names that the security hooks of an lsm policy have as functions, where the rule does not give them. */
const lsmNames: ReadonlyMap<string, string> = new Map([["userns_create", "security_create_user_ns"]]);

/**
 * What a process did, as told by a hook of a tracing policy.
 *
 * @param origin - whose process it was.
 * @param body - the member of the event union, e.g. the content of `process_kprobe`.
 * @returns undefined when the hook is not understood, or this call of it is no activity: it is counted as what it came as.
 * @internal
 */
export function decodeActivity(kind: MemberKind, body: JsonObject, origin: EventOriginInit): ActivityEvent | undefined {
  if (kind === "loader") {
    const path = textOf(body, "path");
    return path.startsWith("/") ? new OpenEvent({ ...origin, path, flags: loaderFlags }) : undefined;
  }
  const name = hookName(kind, body);
  const hook = hooks.get(name);
  return hook?.read(new HookCall(origin, name, body));
}

/** A shared object is read only. */
const loaderFlags: readonly string[] = ["O_RDONLY"];

/** The name that the table has for the hook of an event; empty when it is none. @internal */
export function hookName(kind: MemberKind, body: JsonObject): string {
  const name = textOf(body, "function_name");
  switch (kind) {
    case "kprobe":
      return name.replace(machinePrefix, "");
    case "lsm":
      return lsmNames.get(name) ?? `security_${name}`;
    case "tracepoint": {
      const [subsystem, event] = [textOf(body, "subsys"), textOf(body, "event")];
      return subsystem === "syscalls" && event.startsWith("sys_enter_")
        ? `sys_${event.slice(10)}`
        : `${subsystem}/${event}`;
    }
    case "uprobe":
      return `${textOf(body, "symbol")}()`;
    default:
      return "";
  }
}
