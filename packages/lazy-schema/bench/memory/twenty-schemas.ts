import {
  array,
  boolean,
  integer,
  map,
  object,
  oneOf,
  optional,
  parse,
  string,
  union,
  type Schema,
} from "../../src/index.ts";

/** Twenty schemas of ten fields, each used once: what a program pays that validates a little. */
const schemas: Schema[] = Array.from({ length: 20 }, () =>
  object({
    name: string({ min: 1, max: 63, pattern: /^[a-z]+$/ }),
    port: integer({ min: 1, max: 65_535 }),
    mode: oneOf(["a", "b"], { default: "a" }),
    tags: array(string(), { max: 5 }),
    labels: map(string()),
    on: optional(boolean()),
    action: union("type", { alert: object({ sink: string() }), kill: object({ graceMs: integer() }) }),
  }),
);

for (const schema of schemas) {
  parse(schema, { name: "abc", port: 5, tags: ["x"], labels: { a: "b" }, action: { type: "alert", sink: "s" } });
}

(globalThis as { keep?: unknown }).keep = schemas;
