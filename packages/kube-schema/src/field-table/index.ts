export type { FieldRow, FieldType, SpecialMessage } from "./field-row.ts";
export type { FieldTable } from "./field-table.ts";
export { loadFieldTable } from "./load-field-table.ts";
