import { LinkEvent, OpenEvent, type RuntimeEvent } from "@kinglet/enrichment";
import type { AuditCall } from "./audit-call.ts";
import { auditField } from "./audit-record.ts";
import type { ActivityContext } from "./activity-context.ts";
import type { LeftOut } from "./left-out.ts";
import { linkTarget } from "../tidy-path.ts";
import { openFlagNames } from "./open-flags.ts";

/** What `creat` stands for: O_WRONLY, O_CREAT and O_TRUNC. */
const creatFlags = 0x2_41;

/** Any call that opens a file. @internal */
export function buildOpen(context: ActivityContext, call: AuditCall): RuntimeEvent | LeftOut {
  if (!call.isSuccessful) return "failed";
  if (!context.wants("open")) return "skipped";
  const file = call.event.paths.findLast((path) => path.nameType !== "PARENT");
  const isPlain = call.name === "open" || call.name === "creat";
  const path = context.resolve(call, file?.name ?? "", isPlain ? undefined : 0);
  if (path === undefined) return "unresolved";
  const flagsRaw = flagsOf(call);
  const origin = context.origin(call, context.locate(call, false));
  return new OpenEvent({ ...origin, path, flags: openFlagNames(flagsRaw, call.arch), flagsRaw });
}

/** Any call that makes a link. @internal */
export function buildLink(context: ActivityContext, call: AuditCall): RuntimeEvent | LeftOut {
  if (!call.isSuccessful) return "failed";
  const isSymlink = call.name.startsWith("symlink");
  const kind = isSymlink ? "symlink" : "hardlink";
  if (!context.wants(kind)) return "skipped";
  const { paths } = call.event;
  const made = paths.find((path) => path.nameType === "CREATE");
  const target = paths.find((path) => path.nameType === (isSymlink ? "UNKNOWN" : "NORMAL"));
  if (made === undefined || target === undefined) return "unresolved";
  // symlinkat(target, DIRECTORY, path), linkat(DIRECTORY, path, DIRECTORY, path)
  const isAt = call.name.endsWith("at");
  const newPath = context.resolve(call, made.name, isAt ? (isSymlink ? 1 : 2) : undefined);
  const oldPath = isSymlink ? target.name : context.resolve(call, target.name, isAt ? 0 : undefined);
  if (newPath === undefined || oldPath === undefined) return "unresolved";
  return new LinkEvent({
    ...context.origin(call, context.locate(call, false)),
    kind,
    oldPath: linkTarget(oldPath, newPath),
    newPath,
  });
}

function flagsOf(call: AuditCall): number {
  switch (call.name) {
    case "creat":
      return creatFlags;
    case "open":
      return call.unsignedInt(1);
    case "openat2": {
      // In octal, as the kernel writes only these.
      const flags = auditField(call.event.open, "oflag");
      return /^[0-7]{1,12}$/.test(flags) ? Number.parseInt(flags, 8) : -1;
    }
    default:
      return call.unsignedInt(2);
  }
}
