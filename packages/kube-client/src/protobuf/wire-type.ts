import type { FieldRow } from "@kinglet/kube-schema/field-table";

/** How a value of the field lies on the wire. @param isMapValue - of a map, its values instead of its entries. @internal */
export function wireType(row: FieldRow, isMapValue = false): number {
  if (row.isMap && !isMapValue) return 2;
  switch (row.type) {
    case "string":
    case "bytes":
    case "message":
      return 2;
    case "double":
      return 1;
    case "float":
      return 5;
    default:
      return 0;
  }
}
