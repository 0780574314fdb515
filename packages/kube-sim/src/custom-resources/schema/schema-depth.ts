import { jsonDepth } from "../../requests/nesting.ts";

/** Nodes of a schema may be nested this deep. Real schemas stay below 40. */
export const MAX_SCHEMA_DEPTH = 200;

/** Nesting of a schema, counted in nodes: each is at most two levels of JSON below its parent. */
export function schemaDepth(schema: unknown): number {
  return Math.ceil(jsonDepth(schema, 2 * MAX_SCHEMA_DEPTH + 2) / 2);
}
