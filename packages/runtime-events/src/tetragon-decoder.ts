// Hot path: `decode` runs once per line of the export file. Budget: one string and one JSON.parse per line that is
// consumed; no allocation for a line of a kind that nobody consumes.
import { Buffer } from "node:buffer";
import {
  ExecEvent,
  ExitEvent,
  OtherEvent,
  trySplitArguments,
  type EventOriginInit,
  type OtherEventKind,
  type RuntimeEvent,
  type RuntimeEventKind,
} from "@kinglet/enrichment";
import { activityMembers, asksForActivities, envelopeMembers, kindByMember, type MemberKind } from "./event-kinds.ts";
import { isObject, numberOf, objectOf, textOf, type JsonObject } from "./json-object.ts";
import { redactArguments } from "./redact-command.ts";
import { RedactionMemory } from "./redaction-memory.ts";
import type { decodeActivity } from "./tetragon/decode-activity.ts";
import { isEventTime } from "./event-time.ts";
import { hasWord, isInContainer } from "./runtime-stage.ts";
import { RuntimeStages } from "./runtime-stages.ts";
import { tidyProgramPath } from "./tidy-path.ts";

/** What a line turned out to be. @internal */
export type DecodeOutcome =
  | RuntimeEvent
  /** What it takes to read this is not loaded yet: call `prepare`, then decode the same again. */
  | "unprepared"
  /** An event of a known kind that nobody consumes; `skippedKind` says which. */
  | "skipped"
  /** An event of a kind that this version does not know; `unknownMember` names it. */
  | "unknown"
  | "blank"
  | "malformed";

/** Settings of a {@link TetragonDecoder}. @internal */
export interface TetragonDecoderOptions {
  /** Node name for events without one. */
  readonly nodeName: string;
  /** Kinds to decode; undefined = all. */
  readonly kinds: ReadonlySet<RuntimeEventKind> | undefined;
  /** Called for each event whose own time is none; it gets the time of its arrival. */
  readonly onWrongTime?: () => void;
  /** Loads what reads the reports of policies, once the first of them comes; without it they are passed on as they came. */
  readonly loadActivities?: (() => Promise<{ readonly decodeActivity: typeof decodeActivity }>) | undefined;
}

/** A user id that was never set. */
const unsetId = 4_294_967_295;
const noProcess: JsonObject = {};
const truncationFlag = /\b(?:trunc|error)(?:Args|Filename)\b/;
const execStart = '{"process_exec":{';
/** Its end, which begins with a letter that lines have less of: searching for this takes two thirds of the time. */
const execStartEnd = 'xec":{';

/**
 * Turns lines of Tetragon's export (protojson with proto field names) into events.
 *
 * Unknown keys are ignored, members of the wrong type count as absent. Every string of an event is a string of its own:
 * JSON.parse copies values out of the text, so an event never keeps its line alive.
 *
 * @internal
 */
export class TetragonDecoder {
  /** The kind of the last line that was "skipped". */
  skippedKind: RuntimeEventKind = "exec";
  /** The member of the last line that was "unknown". */
  unknownMember = "";
  readonly #nodeName: string;
  readonly #kinds: ReadonlySet<RuntimeEventKind> | undefined;
  /** First bytes of a line of a kind that nobody consumes. */
  readonly #skippable: readonly { readonly kind: RuntimeEventKind; readonly head: Buffer }[];
  readonly #loadActivities: TetragonDecoderOptions["loadActivities"];
  readonly #onWrongTime: (() => void) | undefined;
  #decodeActivity: typeof decodeActivity | undefined;
  readonly #redaction: RedactionMemory = new RedactionMemory();
  readonly #stages: RuntimeStages = new RuntimeStages();
  #reportsParentContainers = false;

  constructor(options: TetragonDecoderOptions) {
    this.#nodeName = options.nodeName;
    this.#onWrongTime = options.onWrongTime;
    this.#kinds = options.kinds;
    this.#loadActivities = asksForActivities(options.kinds) ? options.loadActivities : undefined;
    const skippable: { readonly kind: RuntimeEventKind; readonly head: Buffer }[] = [];
    for (const [member, kind] of kindByMember) {
      if (this.#consumes(kind)) continue;
      skippable.push({ kind, head: Buffer.from(`{"${member}":{`) });
    }
    this.#skippable = skippable;
  }

  /** After it no outcome is "unprepared". Called again, it costs nothing. */
  async prepare(): Promise<void> {
    if (this.#loadActivities === undefined || this.#decodeActivity !== undefined) return;
    this.#decodeActivity = (await this.#loadActivities()).decodeActivity;
  }

  /**
   * Decodes the line `bytes[start, end)`, which has no line end.
   *
   * @param sequence - given to the event if it is one.
   */
  decode(bytes: Buffer, start: number, end: number, sequence: number, receivedAtMs: number): DecodeOutcome {
    if (isBlank(bytes, start, end)) return "blank";
    if (this.#canSkip(bytes, start, end)) return "skipped";
    let line: unknown;
    try {
      line = JSON.parse(bytes.toString("utf8", start, end));
    } catch {
      // The reason is of no use: the line is counted, and the file holds it for whoever wants to look.
      return "malformed";
    }
    return isObject(line) ? this.decodeObject(line, sequence, receivedAtMs, end - start) : "malformed";
  }

  /**
   * Where in an undecodable line a whole execution begins: after a crash the agent goes on writing behind the line it could
   * not finish. Exact, because inside a JSON string the quotes would be escaped.
   *
   * @returns -1 when there is none.
   */
  findSecondStart(bytes: Buffer, start: number, end: number): number {
    // A view, because a search has no end: it would run on into the lines behind.
    const rest = bytes.subarray(start + 1, end);
    if (rest.indexOf(execStartEnd, 0, "latin1") < 0) return -1;
    const at = rest.indexOf(execStart, 0, "latin1");
    return at < 0 ? -1 : start + 1 + at;
  }

  /** True when something that somebody asked for may come out of this member. What the source says about its losses is always read. */
  #consumes(kind: MemberKind): boolean {
    if (this.#kinds === undefined || isAboutLosses(kind) || this.#kinds.has(kind)) return true;
    return this.#loadActivities !== undefined && activityMembers.has(kind);
  }

  /**
   * True for a line of a kind that nobody consumes. The member that names the kind comes first in practice, but nothing
   * promises it: a line that begins in any other way is parsed.
   */
  #canSkip(bytes: Buffer, start: number, end: number): boolean {
    for (const { kind, head } of this.#skippable) {
      if (!startsWith(bytes, start, end, head)) continue;
      // A cut line with an execution glued to it has to be looked at.
      if (bytes[end - 1] !== 0x7d || this.findSecondStart(bytes, start, end) >= 0) return false;
      this.skippedKind = kind;
      return true;
    }
    return false;
  }

  /**
   * Decodes a message that is an object already, in the shape that its line would be parsed to.
   *
   * @param rawBytes - its size as received.
   */
  decodeObject(line: JsonObject, sequence: number, receivedAtMs: number, rawBytes: number): DecodeOutcome {
    let unknown = "";
    for (const member in line) {
      const kind = kindByMember.get(member);
      if (kind === undefined) {
        if (!envelopeMembers.has(member)) unknown = member;
        continue;
      }
      const body = line[member];
      if (!isObject(body)) return "malformed";
      if (!this.#consumes(kind)) {
        this.skippedKind = kind;
        return "skipped";
      }
      return this.#decodeBody(kind, body, line, sequence, receivedAtMs, rawBytes);
    }
    if (unknown === "") return "malformed";
    this.unknownMember = unknown;
    return "unknown";
  }

  #decodeBody(
    kind: MemberKind,
    body: JsonObject,
    line: JsonObject,
    sequence: number,
    receivedAtMs: number,
    rawBytes: number,
  ): DecodeOutcome {
    const process = objectOf(body, "process") ?? noProcess;
    if (process === noProcess && (kind === "exec" || kind === "exit")) return "malformed";
    const parent = objectOf(body, "parent");
    if (parent !== undefined && isInContainer(parent)) this.#reportsParentContainers = true;
    const origin = this.#originOf(process, parent, line, sequence, receivedAtMs, rawBytes);
    switch (kind) {
      case "exec":
        return this.#decodeExec(process, parent, origin);
      case "exit":
        return new ExitEvent({ ...origin, signal: textOf(body, "signal"), status: numberOf(body, "status", 0) });
      default:
        return this.#decodeHook(kind, body, process, parent, origin);
    }
  }

  #decodeExec(process: JsonObject, parent: JsonObject | undefined, origin: EventOriginInit): ExecEvent {
    const flags = textOf(process, "flags");
    const raw = textOf(process, "arguments");
    const args = this.#redaction.redact(raw);
    const isTruncated = truncationFlag.test(flags);
    const inInitTree = process["in_init_tree"];
    const binary = tidyProgramPath(origin.binary ?? "");
    return new ExecEvent({
      ...origin,
      binary,
      parentExecId: textOf(process, "parent_exec_id"),
      args,
      // The vector is told from what was there before secrets were taken out.
      argv: args === raw || isTruncated ? undefined : redactedVector(binary, raw),
      cwd: textOf(process, "cwd"),
      flags,
      isReplay: hasWord(flags, "procFS"),
      isRuntimeStage: this.#stages.has(process, parent, this.#reportsParentContainers),
      inInitTree: typeof inInitTree === "boolean" ? inInitTree : undefined,
      parentArgs: parent === undefined ? "" : this.#redaction.redact(textOf(parent, "arguments")),
      isTruncated,
    });
  }

  #decodeHook(
    kind: OtherEventKind,
    body: JsonObject,
    process: JsonObject,
    parent: JsonObject | undefined,
    origin: EventOriginInit,
  ): DecodeOutcome {
    if (this.#decodeActivity === undefined && this.#loadActivities !== undefined && activityMembers.has(kind)) {
      return "unprepared";
    }
    const isStage = this.#stages.has(process, parent, this.#reportsParentContainers);
    const owner = isStage ? originOfHost(origin) : origin;
    const event = this.#decodeActivity?.(kind, body, owner) ?? decodeOther(kind, body, owner);
    if (isAboutLosses(event.kind) || this.#kinds?.has(event.kind) !== false) return event;
    this.skippedKind = event.kind;
    return "skipped";
  }

  #timeOf(line: JsonObject, receivedAtMs: number): string {
    const time = textOf(line, "time");
    // One that is missing is told as missing.
    if (time === "" || isEventTime(time)) return time;
    this.#onWrongTime?.();
    return new Date(receivedAtMs).toISOString();
  }

  #originOf(
    process: JsonObject,
    parent: JsonObject | undefined,
    line: JsonObject,
    sequence: number,
    receivedAtMs: number,
    rawBytes: number,
  ): EventOriginInit {
    const pod = objectOf(process, "pod");
    return {
      sequence,
      nodeName: textOf(line, "node_name") || this.#nodeName,
      time: this.#timeOf(line, receivedAtMs),
      receivedAtMs,
      execId: textOf(process, "exec_id"),
      pid: numberOf(process, "pid", -1),
      uid: uidOf(process),
      binary: textOf(process, "binary"),
      parentBinary: parent === undefined ? "" : textOf(parent, "binary"),
      parentPid: parent === undefined ? -1 : numberOf(parent, "pid", -1),
      containerIdPrefix: containerIdOf(process, pod),
      podUid: pod === undefined ? "" : textOf(pod, "uid"),
      podNamespace: pod === undefined ? "" : textOf(pod, "namespace"),
      podName: pod === undefined ? "" : textOf(pod, "name"),
      containerName: containerNameOf(pod),
      rawBytes,
    };
  }
}

function redactedVector(binary: string, args: string): readonly string[] | null {
  const rest = trySplitArguments(args);
  return rest === undefined || binary === "" ? null : redactArguments([binary, ...rest]);
}

function decodeOther(kind: OtherEventKind, body: JsonObject, origin: EventOriginInit): OtherEvent {
  return new OtherEvent({
    ...origin,
    kind,
    detail: detailOf(kind, body),
    policyName: textOf(body, "policy_name"),
    droppedEvents: kind === "rateLimit" ? countOf(body["number_of_dropped_process_events"]) : 0,
  });
}

function isAboutLosses(kind: RuntimeEventKind): boolean {
  return kind === "rateLimit" || kind === "throttle";
}

/** The runtime's own steps carry the container's id already, but what they do is the host's. */
function originOfHost(origin: EventOriginInit): EventOriginInit {
  return { ...origin, containerIdPrefix: "", podUid: "", podNamespace: "", podName: "", containerName: "" };
}

function detailOf(kind: OtherEventKind, body: JsonObject): string {
  switch (kind) {
    case "kprobe":
    case "lsm":
      return textOf(body, "function_name");
    case "tracepoint":
      return `${textOf(body, "subsys")}/${textOf(body, "event")}`;
    case "throttle":
      // The kernel's fixed-size name arrives with its padding.
      return `${textOf(body, "type")} ${textOf(body, "cgroup").replace(/\0+$/, "")}`;
    default:
      // loader, uprobe, usdt; absent in rateLimit
      return textOf(body, "path");
  }
}

function containerIdOf(process: JsonObject, pod: JsonObject | undefined): string {
  const docker = process["docker"];
  if (typeof docker === "string" && docker !== "") return docker;
  const container = pod === undefined ? undefined : objectOf(pod, "container");
  const id = container === undefined ? "" : textOf(container, "id");
  return id.slice(id.lastIndexOf("/") + 1);
}

function containerNameOf(pod: JsonObject | undefined): string {
  const container = pod === undefined ? undefined : objectOf(pod, "container");
  return container === undefined ? "" : textOf(container, "name");
}

function uidOf(process: JsonObject): number {
  const uid = numberOf(process, "uid", -1);
  return uid === unsetId ? -1 : uid;
}

/** 64-bit numbers are strings in protojson. */
function countOf(value: unknown): number {
  const count = typeof value === "string" || typeof value === "number" ? Number(value) : 0;
  return Number.isSafeInteger(count) && count > 0 ? count : 0;
}

function startsWith(bytes: Buffer, start: number, end: number, head: Buffer): boolean {
  if (start + head.length > end) return false;
  // From the back: the heads begin alike.
  for (let at = head.length - 1; at >= 0; at--) {
    if (bytes[start + at] !== head[at]) return false;
  }
  return true;
}

/** True for nothing but white space; one look at the first byte decides for every event. */
function isBlank(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    if (byte !== 0x20 && byte !== 0x0d && byte !== 0x09) return false;
  }
  return true;
}
