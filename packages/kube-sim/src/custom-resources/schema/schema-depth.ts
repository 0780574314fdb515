/** Nodes of a schema may be nested this deep. Real schemas stay below 40. */
export const MAX_SCHEMA_DEPTH = 200;
/** Objects may be nested this deep; deeper ones are refused before anything walks through them. */
export const MAX_OBJECT_DEPTH = 1000;

/** Nesting of maps and lists of a JSON value; stops counting a little above the limit. No recursion. */
export function jsonDepth(value: unknown, limit: number): number {
  let level: unknown[] = [value];
  let depth = 0;
  while (level.length > 0 && depth <= limit) {
    const next: unknown[] = [];
    for (const item of level) {
      if (typeof item !== "object" || item === null) continue;
      for (const member of Object.values(item)) if (typeof member === "object" && member !== null) next.push(member);
    }
    depth++;
    level = next;
  }
  return depth;
}

/** Nesting of a schema, counted in nodes: each is at most two levels of JSON below its parent. */
export function schemaDepth(schema: unknown): number {
  return Math.ceil(jsonDepth(schema, 2 * MAX_SCHEMA_DEPTH + 2) / 2);
}
