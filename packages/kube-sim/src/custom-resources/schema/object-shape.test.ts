import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applySchemaDefaults } from "./apply-schema-defaults.ts";
import { findValueProblems } from "./find-value-problems.ts";
import { isJsonRecord, type JsonRecord } from "../../resources/kube-object.ts";
import type { JsonSchema } from "./json-schema.ts";
import { pruneNulls, pruneValue } from "./prune-object.ts";

const names = ["a", "b", "c", "__proto__", "constructor"];
const name = fc.constantFrom(...names);

const schema: fc.Arbitrary<JsonSchema> = fc.letrec<{ node: JsonSchema }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    fc.constantFrom<JsonSchema>(
      { type: "string" },
      { type: "integer" },
      { type: "boolean", nullable: true },
      { type: "string", default: "d" },
      { type: "integer", default: 3 },
      { type: "object", "x-kubernetes-preserve-unknown-fields": true },
    ),
    fc.array(fc.tuple(name, tie("node")), { maxLength: 3 }).map((entries): JsonSchema => ({
      type: "object",
      properties: Object.fromEntries(entries),
      required: entries.slice(0, 1).map(([key]) => key),
    })),
    tie("node").map((items): JsonSchema => ({ type: "array", items, maxItems: 2 })),
    tie("node").map((values): JsonSchema => ({ type: "object", additionalProperties: values })),
  ),
})).node;

const value = fc.jsonValue({ maxDepth: 4 }).map((given) => rename(given));

/** Gives members names that the schemas have, so that the two meet. */
function rename(given: unknown): unknown {
  if (Array.isArray(given)) return given.map(rename);
  if (!isJsonRecord(given)) return typeof given === "number" ? Math.trunc(given) : given;
  const entries = Object.values(given).map((member, index): [string, unknown] => [
    names[index % 3] ?? "a",
    rename(member),
  ]);
  return Object.fromEntries<unknown>(entries);
}

describe("pruneValue", () => {
  it("changes nothing a second time and leaves nothing undescribed", () => {
    fc.assert(
      fc.property(schema, value, (node, given) => {
        const once = structuredClone(given);
        pruneValue(once, node);
        const twice = structuredClone(once);
        expect(pruneValue(twice, node)).toEqual([]);
        expect(twice).toEqual(once);
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});

describe("applySchemaDefaults", () => {
  it("changes nothing a second time, before pruning or after", () => {
    fc.assert(
      fc.property(schema, value, (node, given) => {
        const once = structuredClone(given);
        pruneNulls(once, node);
        applySchemaDefaults(once, node);
        pruneValue(once, node);
        const twice = structuredClone(once);
        pruneNulls(twice, node);
        applySchemaDefaults(twice, node);
        expect(twice).toEqual(once);
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});

describe("findValueProblems", () => {
  it("finds something exactly when a plain reading of the schema does", () => {
    fc.assert(
      fc.property(schema, value, (node, given) => {
        const problems = findValueProblems(given, node, { path: "", patternOf: () => undefined });
        expect(problems.length === 0).toBe(fits(given, node));
      }),
      { seed: 1, numRuns: 1000 },
    );
  });
});

/** The obvious reading of the part of the language that the schemas above use. */
function fits(given: unknown, node: JsonSchema): boolean {
  if (given === null) return node.nullable === true;
  switch (node.type) {
    case "array":
      return (
        Array.isArray(given) &&
        given.length <= (node.maxItems ?? Infinity) &&
        given.every((item) => fits(item, node.items ?? {}))
      );
    case "integer":
      return Number.isInteger(given);
    case "object":
      return isJsonRecord(given) && membersFit(given, node);
    default:
      return typeof given === node.type;
  }
}

function membersFit(given: JsonRecord, node: JsonSchema): boolean {
  if ((node.required ?? []).some((key) => !Object.hasOwn(given, key))) return false;
  return Object.entries(given).every(([key, member]) => {
    const own = Object.hasOwn(node.properties ?? {}, key) ? node.properties?.[key] : undefined;
    const described = own ?? (typeof node.additionalProperties === "object" ? node.additionalProperties : undefined);
    return described === undefined || fits(member, described);
  });
}
