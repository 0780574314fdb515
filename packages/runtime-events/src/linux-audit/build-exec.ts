import { Buffer } from "node:buffer";
import { ExecEvent, type RuntimeEvent } from "@kinglet/enrichment";
import type { AuditCall } from "./audit-call.ts";
import { decodeAuditValue } from "./audit-value.ts";
import type { ActivityContext } from "./activity-context.ts";
import { executedProgram } from "./executed-program.ts";
import { redactArguments } from "../redact-command.ts";
import type { LeftOut } from "./left-out.ts";
import { isRuntimeStep } from "./runtime-step.ts";

/** Parents' arguments are kept for so many characters. */
const maxKeptArgs = 1024;

/** An `execve` or `execveat`; changes what is known of the process also when nobody wants executions. @internal */
export function buildExec(context: ActivityContext, call: AuditCall): RuntimeEvent | LeftOut {
  if (!call.isSuccessful) return "failed";
  const { event } = call;
  const before = context.executionOf(call.pid);
  const process = context.locate(call, true);
  const parent = context.parentOf(call);
  const given = event.arguments?.values() ?? [];
  const argv = redactArguments(given);
  // Without its record the arguments are not known: PROCTITLE is cut at 128 bytes and may still be the former program's.
  const isTruncated = event.arguments === undefined || event.arguments.isTruncated;
  const kernelPath = decodeAuditValue(call.field("exe"));
  const file = event.paths.find((path) => path.item === 0);
  const args = joinArguments(argv);
  const givenName = file?.name ?? "";
  process.binary = executedProgram(call, { argv: given, isWhole: !isTruncated }, kernelPath);
  process.args = ownText(args, maxKeptArgs);
  process.execId = ownText(`${event.stamp}:${call.pid}`, maxKeptArgs);
  process.isRuntimeStage = isRuntimeStep(argv, givenName, kernelPath, before, parent);
  if (!context.wants("exec")) return "skipped";
  return new ExecEvent({
    ...context.origin(call, process),
    containerIdPrefix: process.containerId,
    parentExecId: parent?.execId ?? "",
    args,
    argv: isTruncated ? undefined : argv,
    cwd: event.cwd,
    flags: isTruncated ? `${call.name} truncArgs` : call.name,
    isRuntimeStage: process.isRuntimeStage,
    parentArgs: parent?.args ?? "",
    isTruncated,
  });
}

/** A part of a string keeps the whole of it alive, and a process is known for long: 128 KiB of arguments each, or a line of the log. */
function ownText(text: string, maxLength: number): string {
  return Buffer.from(text.slice(0, maxLength)).toString();
}

/** As Tetragon joins them: with spaces, in quotes where an argument has one. For reading only; `argv` is exact. */
function joinArguments(argv: readonly string[]): string {
  let text = "";
  for (let at = 1; at < argv.length; at++) {
    const argument = argv[at]!; // at < length
    if (at > 1) text += " ";
    text += argument === "" || argument.includes(" ") ? `"${argument}"` : argument;
  }
  return text;
}
