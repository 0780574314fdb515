import type { StructuralType } from "@kinglet/kube-schema/structure";
import type { JsonRecord } from "../resources/kube-object.ts";

/** What the API writes for a struct that nobody filled: the fields that it never leaves out. */
export function zeroStruct(type: StructuralType): JsonRecord {
  const result: JsonRecord = {};
  for (const [name, field] of type.fields ?? []) {
    if (field.isAlwaysWritten === true) result[name] = field.isPointer === true ? null : zeroValue(field.type);
  }
  return result;
}

/** The zero of a type as JSON; `null` for everything that Go keeps behind a pointer. */
export function zeroValue(type: StructuralType): unknown {
  switch (type.kind) {
    case "object":
      return zeroStruct(type);
    case "string":
      return "";
    case "int32":
    case "int64":
    case "number":
    case "intOrString":
      return 0;
    case "boolean":
      return false;
    case "quantity":
      return "0";
    default:
      return null;
  }
}
