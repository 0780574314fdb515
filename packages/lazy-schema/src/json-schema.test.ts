import { describe, expect, it } from "vitest";

import { checkDefinition } from "./check-definition.ts";
import { toCrdSchema } from "./crd-schema.ts";
import {
  array,
  boolean,
  integer,
  map,
  number,
  object,
  oneOf,
  optional,
  secret,
  string,
  union,
  unknown,
} from "./fields.ts";
import { toJsonSchema } from "./json-schema.ts";

const schema = object(
  {
    name: string({ min: 1, max: 63, pattern: /^[a-z]+$/, doc: "Who." }),
    intervalMs: integer({ min: 0, max: 1_000, default: 5, unit: "ms", doc: "How often." }),
    bytes: optional(integer()),
    ratio: optional(number({ max: 1 })),
    mode: oneOf(["on", "off"], { default: "on" }),
    level: optional(oneOf([1, 2])),
    mixed: optional(oneOf([1, "x"])),
    labels: optional(map(string(), { max: 5, pattern: /^x/ })),
    items: array(boolean(), { min: 1 }),
    token: optional(secret()),
    anything: optional(unknown()),
    open: optional(object({}, { unknownKeys: "keep" })),
    action: union("type", {
      alert: object({ sink: string(), limit: optional(integer()), count: integer({ default: 1 }) }),
      kill: object({ limit: optional(string()), sink: optional(string()) }, { unknownKeys: "keep", doc: "Ends it." }),
    }),
  },
  { unknownKeys: "strip" },
);

const golden = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

describe("toJsonSchema", () => {
  it("renders every kind", async () => {
    await expect(golden(toJsonSchema(schema))).toMatchFileSnapshot("../golden/every-kind/json-schema.json");
  });

  it("says when other keys are refused", () => {
    expect(toJsonSchema(object({}))).toMatchObject({ additionalProperties: false });
  });
});

describe("toCrdSchema", () => {
  it("renders every kind as structural schema", async () => {
    await expect(golden(toCrdSchema(schema))).toMatchFileSnapshot("../golden/every-kind/crd-schema.json");
  });

  it("has one type everywhere and no keyword that a structural schema forbids", () => {
    const visit = (node: unknown, isLogical: boolean): void => {
      if (typeof node !== "object" || node === null) return;
      const {
        properties,
        additionalProperties,
        items,
        oneOf: alternatives,
        type,
        ...rest
      } = node as Record<string, unknown>;
      const isOpen = rest["x-kubernetes-preserve-unknown-fields"] === true;
      if (isLogical)
        expect([type, rest["description"], rest["default"], additionalProperties]).toEqual(Array(4).fill(undefined));
      else expect(typeof type === "string" || isOpen).toBe(true);
      expect(properties !== undefined && additionalProperties !== undefined).toBe(false);
      expect(additionalProperties).not.toBe(false);
      for (const key of ["$schema", "const", "propertyNames", "writeOnly", "$ref"])
        expect(rest).not.toHaveProperty(key);
      for (const inner of Object.values(properties ?? {})) visit(inner, isLogical);
      for (const inner of (alternatives ?? []) as unknown[]) visit(inner, true);
      visit(items, isLogical);
      visit(additionalProperties, isLogical);
    };
    visit(toCrdSchema(schema), false);
  });
});

describe("checkDefinition", () => {
  it("finds nothing in a sound schema", () => {
    expect(checkDefinition(schema)).toEqual([]);
  });

  it("finds mistakes that would surface late [start-up L7]", () => {
    const broken = object({
      port: integer({ min: 1, max: 10, default: 11 }),
      range: array(string({ min: 3, max: 2 })),
      text: string({ pattern: /a/g }),
      none: oneOf([]),
      both: optional(string({ default: "a" })),
      nested: object({ a: string() }, { default: {} }),
      action: union("type", { a: object({ type: string() }) }),
    });
    expect(checkDefinition(broken).map(({ path, message }) => `${path}: ${message}`)).toEqual([
      "port: the default is refused: must be an integer from 1 to 10, got 11",
      "range[]: min 3 is above max 2",
      "text: the pattern must have no flags",
      "none: an enumeration needs values",
      "both: a field with a default is never absent; leave out optional",
      "nested: the default is refused: a is required",
      "action<a>: a variant must not declare type itself",
    ]);
  });
});
