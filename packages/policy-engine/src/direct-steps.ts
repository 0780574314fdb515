import type { EventField, RuleEvent } from "./event-fields.ts";

/** What the steps of one evaluation work on; one object per engine, because evaluation is synchronous. @internal */
export interface DirectRun {
  event: RuleEvent;
  eventType: string;
  /** Variables of `exists` and `all`, by depth. */
  readonly slots: string[];
}

/** @internal */
export type BoolStep = (run: DirectRun) => boolean;
/** @internal */
export type TextStep = (run: DirectRun) => string;
/** @internal */
export type NumberStep = (run: DirectRun) => number;
/** @internal */
export type ListStep = (run: DirectRun) => readonly string[];

/** A part of an expression as a closure, with the CEL type that it yields. @internal */
export type DirectStep =
  | { readonly type: "bool"; readonly run: BoolStep }
  | { readonly type: "string"; readonly run: TextStep }
  | { readonly type: "int" | "uint"; readonly run: NumberStep }
  | { readonly type: "list<string>"; readonly run: ListStep };

/**
 * One reader per field: each is a place of its own for V8, which then reads the property of the one class that implements the event
 * without a look-up by name (Node 26: 8 ns against 15 ns for `event[field]`).
 */
const fieldReaders: { readonly [Field in EventField]: (event: RuleEvent) => RuleEvent[Field] } = {
  args: (event) => event.args,
  attrSize: (event) => event.attrSize,
  capName: (event) => event.capName,
  cmd: (event) => event.cmd,
  comm: (event) => event.comm,
  containerId: (event) => event.containerId,
  containerName: (event) => event.containerName,
  cwd: (event) => event.cwd,
  direction: (event) => event.direction,
  dstAddr: (event) => event.dstAddr,
  dstIp: (event) => event.dstIp,
  dstPort: (event) => event.dstPort,
  exepath: (event) => event.exepath,
  flags: (event) => event.flags,
  flagsRaw: (event) => event.flagsRaw,
  hasTty: (event) => event.hasTty,
  module: (event) => event.module,
  name: (event) => event.name,
  namespace: (event) => event.namespace,
  newPath: (event) => event.newPath,
  oldPath: (event) => event.oldPath,
  opcode: (event) => event.opcode,
  path: (event) => event.path,
  pcomm: (event) => event.pcomm,
  pid: (event) => event.pid,
  pktType: (event) => event.pktType,
  podName: (event) => event.podName,
  ppid: (event) => event.ppid,
  proto: (event) => event.proto,
  pupperlayer: (event) => event.pupperlayer,
  srcPort: (event) => event.srcPort,
  syscallName: (event) => event.syscallName,
  tty: (event) => event.tty,
  ttyMajor: (event) => event.ttyMajor,
  ttyMinor: (event) => event.ttyMinor,
  uid: (event) => event.uid,
  upperlayer: (event) => event.upperlayer,
};

/** A field as the library sees it: a uint below zero is no value. @internal */
export function fieldStep(field: EventField, type: DirectStep["type"]): DirectStep {
  const read = fieldReaders[field] as (event: RuleEvent) => unknown;
  switch (type) {
    case "bool":
      return { type, run: ({ event }) => valueOf(field, read(event)) as boolean };
    case "string":
      return { type, run: ({ event }) => valueOf(field, read(event)) as string };
    case "list<string>":
      return { type, run: ({ event }) => valueOf(field, read(event)) as readonly string[] };
    default:
      return { type, run: ({ event }) => numberOf(field, type, read(event)) };
  }
}

/** True when the event has a value in the field. @internal */
export function hasFieldStep(field: EventField, type: DirectStep["type"]): BoolStep {
  const read = fieldReaders[field] as (event: RuleEvent) => unknown;
  if (type !== "int" && type !== "uint") return ({ event }) => read(event) !== undefined;
  return ({ event }) => isNumber(type, read(event));
}

function valueOf(field: EventField, value: unknown): unknown {
  if (value === undefined) throw missing(field);
  return value;
}

function numberOf(field: EventField, type: "int" | "uint", value: unknown): number {
  if (!isNumber(type, value)) throw missing(field);
  return value;
}

function isNumber(type: "int" | "uint", value: unknown): value is number {
  return Number.isSafeInteger(value) && (type === "int" || (value as number) >= 0);
}

/** The engine makes a coded error of it. */
function missing(field: EventField): Error {
  return new Error(`No such key: ${field}`);
}
