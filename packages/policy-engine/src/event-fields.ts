/**
 * Fields of the CEL variable `event` and their CEL types. A field that the source at hand does not fill is refused when an
 * expression is validated, so that a rule never compares with a value nobody observed.
 *
 * @see the event fields of the rule environment of node-agent (`pkg/utils/cel.go`); process ids, commands and sizes are `uint` there, ports `int`.
 * @public
 */
export const eventFieldTypes = {
  args: "list<string>",
  attrSize: "uint",
  capName: "string",
  cmd: "uint",
  comm: "string",
  containerId: "string",
  containerName: "string",
  cwd: "string",
  direction: "string",
  dstAddr: "string",
  dstIp: "string",
  dstPort: "int",
  exepath: "string",
  flags: "list<string>",
  flagsRaw: "int",
  hasTty: "bool",
  module: "string",
  name: "string",
  namespace: "string",
  newPath: "string",
  oldPath: "string",
  opcode: "int",
  path: "string",
  pcomm: "string",
  pid: "uint",
  pktType: "string",
  podName: "string",
  ppid: "uint",
  proto: "string",
  pupperlayer: "bool",
  srcPort: "int",
  syscallName: "string",
  tty: "int",
  ttyMajor: "uint",
  ttyMinor: "uint",
  uid: "uint",
  upperlayer: "bool",
} as const;

/** A field of the variable `event`. @public */
export type EventField = keyof typeof eventFieldTypes;

/** What a CEL type looks like on the TypeScript side of the port; `int` and `uint` are whole numbers up to 2^53-1. @public */
export interface EventFieldValues {
  readonly string: string;
  readonly bool: boolean;
  readonly int: number;
  readonly uint: number;
  readonly "list<string>": readonly string[];
}

/**
 * One event as rules see it. An absent field makes `has(event.field)` false; reading it anyway is an evaluation error.
 *
 * The engine reads a field only when the expression does, so an implementation may compute fields in getters. It keeps no
 * reference after `evaluate` returned: one object may be reused for every event.
 *
 * @public
 */
export type RuleEvent = {
  readonly [Field in EventField]?: EventFieldValues[(typeof eventFieldTypes)[Field]] | undefined;
};
