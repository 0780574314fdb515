import { loadFieldTable, type FieldRow, type FieldTable, type SpecialMessage } from "@kinglet/kube-schema/field-table";
import { noopLogger, type Logger } from "@kinglet/logger";
import { Interner } from "../interner.ts";
import { createShape, projectValue, type Projection } from "../projection.ts";
import { createDecodePlan, unknownPaths, type FieldPlan, type MessagePlan, type PlannedKind } from "./decode-plan.ts";
import { MAGIC, readUnknown } from "./envelope.ts";
import type { ProtobufDecoder } from "./protobuf-decoder.ts";
import { setKey } from "./set-key.ts";
import { wireType } from "./wire-type.ts";
import type { WireReader } from "./wire-reader.ts";

type Target = Record<string, unknown>;

/** A plan made ready: fields by number, and those whose absence JSON shows. */
interface Node {
  readonly byNumber: readonly (Op | undefined)[];
  readonly ops: readonly Op[];
  readonly Shape: new () => Target;
  readonly isWhole: boolean;
  readonly constants: MessagePlan["constants"];
}

interface Op extends FieldPlan {
  readonly node: Node | undefined;
  /** Tag of one value. */
  readonly tag: number;
  /** Of the value being read, where it is shared; such plans never hold themselves, so one at a time is read. */
  mix: number;
}

/**
 * The decoder of a kind, driven by the field table: for whoever did not have one written at build time.
 *
 * @param projection - absent: whole objects without `managedFields`, as far as the table knows their fields.
 * @returns `undefined` for what has to be asked for as JSON: a kind that is not built in, and a projection with a path that the table has no row for (it is
 * logged: a field of a server newer than the table, or a mistake).
 * @internal
 */
export function createTableDecoder(
  kind: PlannedKind,
  projection: Projection | undefined,
  logger: Logger = noopLogger,
): ProtobufDecoder | undefined {
  const table = loadFieldTable();
  const unknown = projection === undefined ? [] : unknownPaths(table, kind, projection);
  if (unknown.length > 0) {
    logger.info("a kind is read as JSON: its protobuf is not known to have these fields", {
      ...{ apiVersion: kind.apiVersion, kind: kind.kind, paths: unknown },
    });
    return undefined;
  }
  const plan = createDecodePlan(table, kind, projection);
  if (plan === undefined) return undefined;
  const run = new TableDecoder(table);
  const node = run.prepare(plan);
  return (reader, end) => run.message(node, reader, end);
}

class TableDecoder {
  readonly #table: FieldTable;
  readonly #nodes = new Map<MessagePlan, Node>();
  readonly #interner = new Interner(1, 0);

  constructor(table: FieldTable) {
    this.#table = table;
  }

  prepare(plan: MessagePlan): Node {
    const known = this.#nodes.get(plan);
    if (known !== undefined) return known;
    const byNumber: (Op | undefined)[] = [];
    const ops: Op[] = [];
    const node: Node = { byNumber, ops, Shape: createShape(), isWhole: plan.isWhole, constants: plan.constants };
    this.#nodes.set(plan, node);
    for (const field of plan.fields) {
      const inner = field.plan === undefined ? undefined : this.prepare(field.plan);
      const op = { ...field, node: inner, tag: (field.row.number << 3) | wireType(field.row), mix: 0 };
      ops.push(op);
      byNumber[field.row.number] = op;
    }
    return node;
  }

  message(node: Node, reader: WireReader, end: number): Target {
    const target = new node.Shape();
    for (const [key, value] of node.constants) target[key] = value;
    this.#into(target, node, reader, end);
    return target;
  }

  #into(target: Target, node: Node, reader: WireReader, end: number): void {
    while (reader.position < end) {
      const tag = reader.tag();
      const op = node.byNumber[tag >>> 3];
      if (op === undefined) reader.skip(tag);
      else if (!op.isShared) this.#field(target, op, reader, { tag, isWhole: node.isWhole });
      else {
        reader.mix = op.mix;
        this.#field(target, op, reader, { tag, isWhole: node.isWhole });
        op.mix = reader.mix;
      }
    }
    this.#finish(target, node, reader);
  }

  #field(target: Target, op: Op, reader: WireReader, at: { readonly tag: number; readonly isWhole: boolean }): void {
    const { row } = op;
    const { tag, isWhole } = at;
    const { name } = row;
    if (row.isRepeated) {
      const list = (target[name] ??= []) as unknown[];
      if (tag !== op.tag) this.#packed(list, op, reader, tag);
      else list.push(this.#value(op, reader));
      return;
    }
    reader.expect(tag, op.tag);
    if (row.isInline && op.node !== undefined) {
      const end = reader.enter();
      this.#into(target, op.node, reader, end);
      reader.end(end);
    } else if (row.isMap) {
      this.#entry((target[name] ??= {}) as Target, op, reader);
    } else {
      const value = this.#value(op, reader);
      if (value === null ? isWhole && (row.isPointer || !row.omitsEmpty) : isKept(row, value)) target[name] = value;
    }
  }

  #value(op: Op, reader: WireReader): unknown {
    switch (op.row.type) {
      case "string":
        return op.isInterned ? reader.name() : reader.text();
      case "bytes":
        return reader.base64();
      case "int32":
        return reader.int32();
      case "int64":
        return reader.int64();
      case "uint32":
        return reader.uint32();
      case "uint64":
        return reader.uint64();
      case "bool":
        return reader.bool();
      case "double":
        return reader.double();
      case "float":
        return reader.float();
      default:
        return op.special === undefined ? this.#nested(op.node, reader) : this.#special(op.special, op, reader);
    }
  }

  #nested(node: Node | undefined, reader: WireReader): unknown {
    const end = reader.enter();
    if (node === undefined) throw reader.fault("a message without rows");
    const value = this.message(node, reader, end);
    reader.end(end);
    return value;
  }

  #special(special: SpecialMessage, op: Op, reader: WireReader): unknown {
    switch (special) {
      case "time":
        return reader.time();
      case "microTime":
        return reader.microTime();
      case "duration":
        return reader.duration();
      case "quantity":
        return reader.quantity();
      case "intOrString":
        return reader.intOrString();
      case "stringList":
        return reader.stringList();
      case "fieldsV1":
        return reader.json();
      case "rawJson":
        return this.#raw(reader);
      default:
        return schemaOr(special, this.#nested(op.node, reader) as Target);
    }
  }

  /** RawExtension may hold an object in protobuf instead of JSON. */
  #raw(reader: WireReader): unknown {
    const end = reader.enter();
    let value: unknown = null;
    while (reader.position < end) {
      const tag = reader.tag();
      if (tag !== 10) {
        reader.skip(tag);
        continue;
      }
      const start = reader.position;
      const rawEnd = reader.valueEnd();
      if (reader.startsWith(MAGIC)) {
        value = this.#object(reader, rawEnd);
        continue;
      }
      reader.position = start;
      value = reader.jsonBytes();
    }
    reader.end(end);
    return value;
  }

  #object(reader: WireReader, end: number): unknown {
    const { apiVersion, kind, rawStart, rawEnd } = readUnknown(reader, end);
    const plan = createDecodePlan(this.#table, { apiVersion, kind }, undefined);
    if (plan === undefined) throw reader.fault(`an embedded object of an unknown kind, ${apiVersion} ${kind}`);
    reader.position = rawStart;
    const object = this.message(this.prepare(plan), reader, rawEnd);
    if (reader.position !== rawEnd) throw reader.fault("an embedded object does not end where its length says");
    reader.position = end;
    return object;
  }

  #packed(list: unknown[], op: Op, reader: WireReader, tag: number): void {
    reader.expect(tag, (op.row.number << 3) | 2);
    const end = reader.enter();
    while (reader.position < end) list.push(this.#value(op, reader));
    reader.end(end);
  }

  #entry(map: Target, op: Op, reader: WireReader): void {
    const end = reader.enter();
    const valueTag = 16 | wireType(op.row, true);
    let key = "";
    let value: unknown;
    while (reader.position < end) {
      const tag = reader.tag();
      if (tag === 10) key = reader.name();
      else if (tag >>> 3 !== 2) reader.skip(tag);
      else if (op.keys !== undefined && !op.keys.includes(key)) reader.skip(tag);
      else {
        reader.expect(tag, valueTag);
        value = this.#value(op, reader);
      }
    }
    reader.end(end);
    if (op.keys !== undefined && !op.keys.includes(key)) return;
    setKey(map, key, value === undefined ? this.#zeroValue(op, reader) : value);
  }

  /** Completes an object with what JSON writes for fields that did not come, and shares lists and maps that repeat. */
  #finish(target: Target, node: Node, reader: WireReader): void {
    for (const op of node.ops) {
      const { row } = op;
      if (row.isInline) continue;
      const { name } = row;
      let value = target[name];
      if (value === undefined) {
        if (row.omitsEmpty) continue;
        value =
          row.isPointer || row.isRepeated || row.isMap || row.type === "bytes" ? null : this.#zeroValue(op, reader);
        if (value === null && !node.isWhole) continue;
      } else {
        // A grown list keeps spare room; a sliced one does not.
        if (Array.isArray(value)) value = value.slice();
        if (op.isShared) {
          value = reader.share(value as object, op.mix);
          op.mix = 0;
        }
      }
      if (op.rest !== undefined) value = projectValue(value, op.rest, this.#interner);
      if (value !== undefined) target[name] = value;
      else delete target[name];
    }
  }

  #zeroValue(op: Op, reader: WireReader): unknown {
    switch (op.row.type) {
      case "string":
      case "bytes":
        return "";
      case "bool":
        return false;
      case "message":
        return this.#zeroMessage(op, reader);
      default:
        return 0;
    }
  }

  #zeroMessage(op: Op, reader: WireReader): unknown {
    switch (op.special) {
      case "quantity":
        return "0";
      case "duration":
        return "0s";
      case "intOrString":
        return 0;
      case "schemaOrBool":
        return false;
      case undefined: {
        const target = op.node === undefined ? {} : new op.node.Shape();
        if (op.node !== undefined) this.#finish(target, op.node, reader);
        return target;
      }
      default:
        return null;
    }
  }
}

function isKept(row: FieldRow, value: unknown): boolean {
  return row.isPointer || !row.omitsEmpty || (value !== "" && value !== 0 && value !== false);
}

function schemaOr(special: SpecialMessage, value: Target): unknown {
  const schema = value["schema"] ?? null;
  if (special === "schemaOrBool") return schema ?? value["allows"];
  const list = value[special === "schemaOrArray" ? "jSONSchemas" : "property"];
  return Array.isArray(list) && list.length > 0 ? list : schema;
}
