import { lazy, type Lazy } from "@kinglet/lazy-schema";
import { fieldTable } from "./field-table.ts";
import { parseFieldTable, type FieldEntry, type TableEntry } from "./parse-field-table.ts";

/** What is done with a field's bytes. */
type FieldKind =
  | "string"
  | "bytes"
  | "bool"
  | "int32"
  | "int64"
  | "uint32"
  | "uint64"
  | "enum"
  | "message"
  /** A message of one scalar `value`, which stands for the scalar: protobuf's UInt32Value, Int32Value, BoolValue. */
  | "wrapper"
  | "timestamp";

/** How one field is decoded. @internal */
export interface FieldPlan {
  readonly name: string;
  readonly kind: FieldKind;
  /** 0 varint, 2 length-delimited. */
  readonly wireType: 0 | 2;
  readonly isRepeated: boolean;
  readonly isInOneof: boolean;
  /** Of a message. */
  readonly message: MessagePlan | undefined;
  /** Of an enum: name by number. */
  readonly values: ReadonlyMap<number, string> | undefined;
  /** May hold what somebody typed on a command line. */
  readonly isSecret: boolean;
  /** Of a wrapper. */
  readonly wrapped: "bool" | "int32" | "uint32" | undefined;
}

/** How one message is decoded: the fields that are read, by number. @internal */
export interface MessagePlan {
  readonly name: string;
  /** Fields 1 ... 63, by number. */
  readonly low: (FieldPlan | undefined)[];
  /** All others; undefined when there are none. */
  readonly high: Map<number, FieldPlan> | undefined;
}

let plans: Lazy<ReadonlyMap<string, MessagePlan>> | undefined;

/**
 * The plan of a message of the table. All are made at the first call.
 *
 * @param name - of a message of `field-table.ts`; another one is a mistake in the caller.
 * @internal
 */
export function messagePlan(name: string): MessagePlan {
  plans ??= lazy(() => compilePlans(parseFieldTable(fieldTable)), "Tetragon messages");
  return plans().get(name)!;
}

function compilePlans(table: ReadonlyMap<string, TableEntry>): ReadonlyMap<string, MessagePlan> {
  const plans = new Map<string, MessagePlan & { high: Map<number, FieldPlan> | undefined }>();
  for (const entry of table.values()) {
    if (entry.kind === "message") plans.set(entry.name, { name: entry.name, low: [], high: undefined });
  }
  for (const entry of table.values()) {
    const plan = plans.get(entry.name);
    if (plan === undefined) continue;
    for (const field of entry.fields) {
      if (!field.isRead) continue;
      const compiled = compileField(field, table, plans);
      if (compiled === undefined) continue;
      if (field.number < 64) {
        while (plan.low.length <= field.number) plan.low.push(undefined);
        plan.low[field.number] = compiled;
      } else (plan.high ??= new Map()).set(field.number, compiled);
    }
  }
  return plans;
}

function compileField(
  field: FieldEntry,
  table: ReadonlyMap<string, TableEntry>,
  plans: ReadonlyMap<string, MessagePlan>,
): FieldPlan | undefined {
  const entry = table.get(field.type);
  const wrapped = wrappedType(field.type);
  const kind = entry === undefined ? (wrapped === undefined ? ownKind(field.type) : "wrapper") : entry.kind;
  if (kind === undefined) return undefined;
  const isLengthDelimited =
    kind === "string" || kind === "bytes" || kind === "message" || kind === "wrapper" || kind === "timestamp";
  return {
    name: field.name,
    kind,
    wireType: isLengthDelimited ? 2 : 0,
    isRepeated: field.isRepeated,
    isInOneof: field.isInOneof,
    message: plans.get(field.type),
    values: entry?.kind === "enum" ? entry.values : undefined,
    isSecret: field.name === "arguments" || field.name === "string_arg",
    wrapped,
  };
}

function ownKind(type: string): FieldKind | undefined {
  switch (type) {
    case "string":
    case "bytes":
    case "bool":
    case "int32":
    case "int64":
    case "uint32":
    case "uint64":
      return type;
    case "Timestamp":
      return "timestamp";
    default:
      // map, Duration, FieldMask: only in what is not read
      return undefined;
  }
}

function wrappedType(type: string): FieldPlan["wrapped"] {
  switch (type) {
    case "UInt32Value":
      return "uint32";
    case "Int32Value":
      return "int32";
    case "BoolValue":
      return "bool";
    default:
      return undefined;
  }
}
